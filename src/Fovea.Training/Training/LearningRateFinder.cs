using System.Globalization;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>One step of a <see cref="LearningRateFinder"/>.</summary>
/// <param name="Loss">Of this step's batch.</param>
/// <param name="Smoothed">Running mean of the losses, corrected for its start at zero.</param>
public sealed record RateTrial(double LearningRate, double Loss, double Smoothed);

/// <summary>
/// Raises the learning rate from step to step, by the same factor each, until the loss runs away (Smith 2015, arXiv 1506.01186): a good highest rate lies somewhat below the lowest point, where the loss
/// falls fastest. The network is spoiled by it.
/// </summary>
public static class LearningRateFinder
{
    private const double Smoothing = 0.95, RunAway = 4;

    /// <summary>Trains for up to so many steps.</summary>
    /// <param name="recipe">Optimiser, loss, augmentation and batches are its own, of its first stage where it has stages; its rates and schedule are not used.</param>
    /// <returns>The steps until the loss was four times its smallest smoothed value, or no longer a number.</returns>
    public static IReadOnlyList<RateTrial> Run(Recipe recipe, Network network, PreparedSet training, double from = 1e-6, double to = 1, int steps = 100, IProgress<TrainingEvent>? observer = null,
        CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(from);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(to, from);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2);
        var stage = recipe.Stages is [var first, ..] ? first : recipe;
        stage = stage with { Training = stage.Training with { Select = Selection.Last, Ema = null, SwaFrom = null } };
        Freezing.Apply(network, stage.Model, stage.Preprocessing.Size, stage.Name);
        using var trainer = new Trainer(stage, network, training, null, new RunDirectory("unused"), observer);
        var (trials, mean, lowest) = (new List<RateTrial>(), 0.0, double.PositiveInfinity);
        foreach (var (step, loss) in trainer.TryRates(steps, step => from * Math.Pow(to / from, step / (steps - 1.0)), cancel))
        {
            if (!double.IsFinite(loss)) break;
            mean = Smoothing * mean + (1 - Smoothing) * loss;
            var smoothed = mean / (1 - Math.Pow(Smoothing, step + 1));
            trials.Add(new RateTrial(from * Math.Pow(to / from, step / (steps - 1.0)), loss, smoothed));
            lowest = Math.Min(lowest, smoothed);
            observer?.Report(new StageProgress("Trying learning rates", step + 1, steps));
            if (smoothed > RunAway * lowest) break;
        }
        return trials;
    }

    /// <summary>The rate at which the smoothed loss falls fastest per decade; null where it never falls.</summary>
    public static double? Suggest(IReadOnlyList<RateTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(trials);
        var (best, steepest) = ((double?)null, 0.0);
        // The first tenth is the running mean finding its level.
        for (var i = Math.Max(1, trials.Count / 10); i < trials.Count - 1; i++)
        {
            var slope = (trials[i + 1].Smoothed - trials[i - 1].Smoothed) / Math.Log10(trials[i + 1].LearningRate / trials[i - 1].LearningRate);
            if (slope < steepest) (best, steepest) = (trials[i].LearningRate, slope);
        }
        return best;
    }

    /// <summary>The steps as CSV.</summary>
    public static string Table(IReadOnlyList<RateTrial> trials) =>
        CsvText.Of(trials.Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.LearningRate:R},{t.Loss:R},{t.Smoothed:R}")).Prepend("learningRate,loss,smoothed"));

    /// <summary>A page with the curve.</summary>
    public static string Page(string recipe, IReadOnlyList<RateTrial> trials)
    {
        ArgumentNullException.ThrowIfNull(trials);
        var page = new HtmlPage($"Learning rates of {recipe}");
        page.Note(Suggest(trials) is { } rate
            ? string.Create(CultureInfo.InvariantCulture, $"The smoothed loss falls fastest at a rate of {rate:0.0e0}. The curve says where a training may begin, not where it ends best.")
            : "The loss did not fall at any rate that was tried.");
        page.AddStyle(ReportStyle.Css).Script(ReportStyle.Script);
        var rates = PlotAxis.Fit("learning rate, power of ten", trials.Select(t => Math.Log10(t.LearningRate)));
        page.Markup("<div class=\"plots\">");
        page.Markup(new Plot("Smoothed loss", "The running mean of the loss at each learning rate.", rates, PlotAxis.Fit("loss", trials.Select(t => t.Smoothed))).Line("smoothed loss", 0, trials.Select(t => (Math.Log10(t.LearningRate), t.Smoothed))).Draw());
        page.Markup(new Plot("Loss of each step", "The loss at each learning rate.", rates, PlotAxis.Fit("loss", trials.Select(t => t.Loss))).Line("loss", 1, trials.Select(t => (Math.Log10(t.LearningRate), t.Loss))).Draw());
        page.Markup("</div>");
        return page.ToString();
    }
}
