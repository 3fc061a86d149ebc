using Fovea.Acquisition;
using Fovea.Models;

namespace Fovea.Quality;

/// <summary>A second judge of quality beside <see cref="QualityAssessor"/>'s measures: a small network that has seen spoiled photographs. Safe for concurrent calls.</summary>
public sealed class QualityNetwork : IDisposable
{
    /// <summary>The class of a photograph that can be graded.</summary>
    public const string Good = "good";

    /// <summary>A photograph is refused only where the network gives "good" less than this: a false alarm costs a patient another photograph.</summary>
    public const double LeastGood = 0.1;

    private readonly GradingModel _model;
    private readonly QualityReason?[] _reasons; // by class; null for good

    private QualityNetwork(GradingModel model, QualityReason?[] reasons) => (_model, _reasons) = (model, reasons);

    /// <exception cref="ModelFileException">The file is unusable, or not one for quality.</exception>
    public static QualityNetwork Load(string path)
    {
        const string Remedy = "Give models/quality.fovea, or one that was trained on a set of `fovea data spoil`.";
        var model = GradingModel.Load(path, ModelTasks.Quality, "the quality of photographs", Remedy);
        var classes = model.Card.Classes;
        var reasons = classes.Select(c => Enum.TryParse<QualityReason>(c, ignoreCase: true, out var reason) && !char.IsDigit(c[0]) ? (QualityReason?)reason : null).ToArray();
        if (classes.Zip(reasons).All(c => c.First == Good ^ c.Second is not null) && classes.Count(c => c == Good) == 1) return new QualityNetwork(model, reasons);
        model.Dispose();
        throw new ModelFileException(path, $"its classes are not {Good} and reasons for a photograph to be refused", Remedy);
    }

    /// <summary>What the measures say, and what the network finds where they find nothing: the stricter of both.</summary>
    public QualityReport Assess(FundusImage photograph) => Stricter(QualityAssessor.Assess(photograph), () => Judge(photograph).Problem);

    /// <param name="measured">What the measures say.</param>
    /// <param name="seen">What the network says; asked only where the measures find nothing.</param>
    public static QualityReport Stricter(QualityReport measured, Func<QualityProblem?> seen)
    {
        ArgumentNullException.ThrowIfNull(measured);
        ArgumentNullException.ThrowIfNull(seen);
        return measured.Gradable && seen() is { } problem ? measured with { Problems = [problem], Near = [] } : measured;
    }

    /// <summary>The network alone.</summary>
    /// <returns>The probability that the photograph is good, 0 … 1, and what is wrong with it: null where the network lets it pass.</returns>
    public (double Good, QualityProblem? Problem) Judge(FundusImage photograph)
    {
        var p = _model.Grade(photograph).Prediction.Probabilities;
        var good = p[Array.IndexOf(_reasons, null)];
        if (good >= LeastGood) return (good, null);
        var worst = Enumerable.Range(0, _reasons.Length).Where(k => _reasons[k] is not null).MaxBy(k => p[k]);
        var reason = _reasons[worst]!.Value;
        return (good, new QualityProblem(reason, $"{Finding(reason)} (the network for quality is {p[worst] * 100:F0} % sure)", QualityAdvice.For(reason)));
    }

    private static string Finding(QualityReason reason) => reason switch
    {
        QualityReason.TooDark => "too dark",
        QualityReason.Overexposed => "overexposed",
        QualityReason.Blurred => "blurred",
        QualityReason.FieldCutOff => "a large part of the field is cut off",
        QualityReason.ColourCast => "the colours are not a retina's",
        QualityReason.TooSmall => "too small",
        _ => "not a fundus photograph",
    };

    public void Dispose() => _model.Dispose();
}
