using Fovea.Calibration;
using Fovea.Training.Metrics;
using Fovea.Training.Splits;

namespace Fovea.Training.Ensembles;

/// <summary>An ensemble's rule, and what it says of the images.</summary>
public sealed record EnsembleResult(EnsembleSpec Rule, Predictions Predictions);

/// <param name="Folds">Weights are fitted on all folds but the one that they are used on, a group (a patient) on one side. The rule that is given back is fitted on all.</param>
/// <param name="Ridge">λ of <see cref="EnsembleMethod.Ridge"/>.</param>
public sealed record EnsembleOptions(EnsembleMethod Method, EnsembleReading Reading = EnsembleReading.MostProbable, double Trim = 0.25, double Ridge = 1, int Folds = 5, ulong Seed = 0)
{
    /// <summary>Combines a table: fitted weights never saw the images that they are used on.</summary>
    /// <param name="fitOn">Other images of the same systems to fit on, whose weights are then used on all of the table; null: out of fold on the table itself.</param>
    public EnsembleResult Combine(EnsembleTable table, EnsembleTable? fitOn = null)
    {
        int[] all = [.. Enumerable.Range(0, table.Count)];
        var whole = fitOn is null ? Fit(Start, table, all) : Fit(Start, fitOn, [.. Enumerable.Range(0, fitOn.Count)]);
        var combined = new GradePrediction[table.Count];
        if (fitOn is not null || !EnsembleFit.IsFitted(Method)) Apply(whole, all);
        else
        {
            var parts = Parts(table);
            for (var fold = 0; fold < Folds; fold++)
                Apply(Fit(Start, table, [.. all.Where(i => parts[i] != fold)]), [.. all.Where(i => parts[i] == fold)]);
        }
        var first = table.First;
        return new EnsembleResult(whole, new Predictions(first.ClassCount, first.Images, first.Truth, [.. combined.Select(c => c.Grade)],
            [.. combined.Select(c => c.Probabilities.Select(p => Math.Clamp(p, 0, 1)).ToArray())], first.Groups));

        void Apply(EnsembleSpec fitted, int[] images)
        {
            var ensemble = new Ensemble(fitted, table.Members, table.First.ClassCount);
            foreach (var i in images) combined[i] = ensemble.Combine(table.Of(i));
        }
    }

    private EnsembleSpec Start => new() { Reading = Reading, Trim = Trim };

    /// <summary>The rule where nothing has to be fitted, or null.</summary>
    public EnsembleSpec? Unfitted => EnsembleFit.Unfitted(Method, Start);

    private EnsembleSpec Fit(EnsembleSpec rule, EnsembleTable table, int[] images) => EnsembleFit.Fit(Method, rule, table, images, Ridge);

    private int[] Parts(EnsembleTable table)
    {
        var names = table.First.Groups ?? [.. table.First.Images];
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        int[] groups = [.. names.Select(name => numbers.TryGetValue(name, out var n) ? n : numbers[name] = numbers.Count)];
        if (numbers.Count < Folds) throw new Data.DatasetException("predictions", $"{numbers.Count} groups of images for {Folds} folds", "Add images, or ask for fewer folds");
        return GroupSplitter.Parts(table.First.Truth, groups, [.. Enumerable.Repeat(1.0 / Folds, Folds)], Seed);
    }
}
