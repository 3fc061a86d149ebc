using System.Globalization;
using Fovea.Calibration;

namespace Fovea.Training.Metrics;

/// <summary>
/// Every score of one table of predictions under any reweighting of its samples: once with all weights 1 for the figures themselves, then
/// for each bootstrap resample, by the same code. Undefined is NaN here, null outside.
/// </summary>
internal sealed class Scorer
{
    /// <summary>With more classes than this there are no intervals for each.</summary>
    public const int MostClassesWithIntervals = 30;

    private static readonly string[] OfMatrix =
    [
        "quadraticWeightedKappa", "linearWeightedKappa", "kappa", "accuracy", "balancedAccuracy", "meanAbsoluteError", "precisionMicro", "recallMicro", "precisionMacro", "recallMacro",
        "f1Micro", "f1Macro", "f1Weighted",
    ];

    private static readonly string[] OfProbabilities = ["auc", "aucWeighted", "averagePrecision", "logLoss", "brier", "expectedCalibrationError"];

    private readonly Predictions _predictions;
    private readonly Ranking[] _byClass = [];
    private readonly Ranking[] _byDecision = [];
    private readonly ProbabilityScores? _probabilities;
    private readonly List<string> _names = [];

    /// <param name="predictions">At least one sample.</param>
    /// <param name="decisions">What is asked beyond the class.</param>
    public Scorer(Predictions predictions, IReadOnlyList<Decision> decisions)
    {
        (_predictions, Decisions) = (predictions, decisions);
        _names.AddRange(OfMatrix);
        if (predictions.Probabilities is { } p)
        {
            _names.AddRange(OfProbabilities);
            _probabilities = new ProbabilityScores(predictions.Truth, p);
            _byClass = [.. Enumerable.Range(0, predictions.ClassCount).Select(c => new Ranking(Array.ConvertAll(p, row => row[c]), Array.ConvertAll(predictions.Truth, t => t == c)))];
            _byDecision = [.. decisions.Select(d => new Ranking(Array.ConvertAll(p, row => d.Positive.Sum(c => row[c])), Array.ConvertAll(predictions.Truth, d.IsPositive)))];
        }
        foreach (var d in decisions)
        {
            _names.AddRange(((string[])["sensitivity", "specificity", "positivePredictiveValue", "negativePredictiveValue"]).Select(n => $"{d.Key}.{n}"));
            if (_probabilities is not null) _names.AddRange(((string[])["auc", "averagePrecision", "specificityAt90", "specificityAt95"]).Select(n => $"{d.Key}.{n}"));
        }
        if (predictions.ClassCount > MostClassesWithIntervals) return;
        for (var c = 0; c < predictions.ClassCount; c++)
        {
            string[] names = _probabilities is null ? ["precision", "recall", "specificity", "f1"] : ["precision", "recall", "specificity", "f1", "auc", "averagePrecision"];
            _names.AddRange(names.Select(n => string.Create(CultureInfo.InvariantCulture, $"perClass.{c}.{n}")));
        }
    }

    public IReadOnlyList<Decision> Decisions { get; }

    /// <summary>Of the scores, in the order in which <see cref="Score"/> writes them.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <param name="weights">How often each sample counts; once when empty.</param>
    /// <param name="scores">As many as <see cref="Names"/>.</param>
    public void Score(ReadOnlySpan<int> weights, Span<double> scores)
    {
        var matrix = Matrix(weights);
        var at = 0;
        foreach (var value in (ReadOnlySpan<double?>)
        [
            matrix.QuadraticWeightedKappa, matrix.Kappa(KappaWeighting.Linear), matrix.Kappa(KappaWeighting.None), matrix.Accuracy, matrix.BalancedAccuracy, matrix.MeanAbsoluteError,
            matrix.Accuracy, matrix.Accuracy, matrix.PrecisionMacro, matrix.RecallMacro, matrix.F1Micro, matrix.F1Macro, matrix.F1Weighted,
        ]) scores[at++] = value ?? double.NaN;

        var byClass = new RankingScores[_byClass.Length];
        if (_probabilities is not null)
        {
            for (var c = 0; c < byClass.Length; c++) byClass[c] = _byClass[c].Score(weights);
            scores[at++] = byClass.Average(r => r.Auroc) ?? double.NaN;
            scores[at++] = WeightedAuroc(byClass, matrix);
            scores[at++] = byClass.Average(r => r.AveragePrecision) ?? double.NaN;
            scores[at++] = _probabilities.LogLoss(weights) ?? double.NaN;
            scores[at++] = _probabilities.Brier(weights) ?? double.NaN;
            scores[at++] = _probabilities.ExpectedCalibrationError(weights) ?? double.NaN;
        }
        for (var i = 0; i < Decisions.Count; i++)
        {
            var counts = matrix.Decide(Decisions[i].IsPositive);
            scores[at++] = counts.Sensitivity ?? double.NaN;
            scores[at++] = counts.Specificity ?? double.NaN;
            scores[at++] = counts.PositivePredictiveValue ?? double.NaN;
            scores[at++] = counts.NegativePredictiveValue ?? double.NaN;
            if (_probabilities is null) continue;
            var ranked = _byDecision[i].Score(weights);
            scores[at++] = ranked.Auroc ?? double.NaN;
            scores[at++] = ranked.AveragePrecision ?? double.NaN;
            foreach (var sensitivity in Decision.Sensitivities) scores[at++] = _byDecision[i].AtSensitivity(sensitivity, weights)?.Specificity ?? double.NaN;
        }
        for (var c = 0; at < scores.Length; c++)
        {
            // Unlike in the table of scores, a class without a true image has no recall here: a resample without it says nothing of it.
            var absent = matrix.Support(c) == 0;
            scores[at++] = matrix.Precision(c);
            scores[at++] = absent ? double.NaN : matrix.Recall(c);
            scores[at++] = matrix.Decide(k => k == c).Specificity ?? double.NaN;
            scores[at++] = matrix.F1(c);
            if (_probabilities is null) continue;
            scores[at++] = byClass[c].Auroc ?? double.NaN;
            scores[at++] = byClass[c].AveragePrecision ?? double.NaN;
        }
    }

    public ConfusionMatrix Matrix(ReadOnlySpan<int> weights = default) => ConfusionMatrix.From(_predictions.Truth, _predictions.Predicted, _predictions.ClassCount, weights);

    /// <summary>One class against the rest; nulls without probabilities.</summary>
    public RankingScores OfClass(int c) => _byClass.Length == 0 ? default : _byClass[c].Score();

    /// <summary>Where the specificity of a decision at a sensitivity lies; null without probabilities.</summary>
    public OperatingPoint? PointOf(int decision, double sensitivity) => _byDecision.Length == 0 ? null : _byDecision[decision].AtSensitivity(sensitivity);

    public IReadOnlyList<ReliabilityBin>? Reliability() => _probabilities?.Reliability();

    private static double WeightedAuroc(RankingScores[] byClass, ConfusionMatrix matrix)
    {
        double sum = 0, support = 0;
        for (var c = 0; c < byClass.Length; c++)
        {
            if (byClass[c].Auroc is not { } value) continue;
            sum += value * matrix.Support(c);
            support += matrix.Support(c);
        }
        return support > 0 ? sum / support : double.NaN;
    }
}
