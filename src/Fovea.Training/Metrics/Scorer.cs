namespace Fovea.Training.Metrics;

/// <summary>
/// Every headline score of one table of predictions under any reweighting of its samples: once with all weights 1 for the figures themselves, then
/// for each bootstrap resample, by the same code. Undefined is null.
/// </summary>
internal sealed class Scorer
{
    /// <summary>Grades from which the three clinical decisions say yes: any retinopathy, referable, vision-threatening.</summary>
    public static readonly (string Name, int Threshold)[] Decisions = [("anyRetinopathy", 1), ("referable", 2), ("visionThreatening", 3)];

    private readonly Predictions _predictions;
    private readonly Ranking[] _byClass = [];
    private readonly Ranking[] _byDecision = [];
    private readonly ProbabilityScores? _probabilities;
    private readonly bool _clinical;

    /// <param name="predictions">At least one sample.</param>
    /// <param name="clinical">The classes are diabetic-retinopathy grades 0–4.</param>
    public Scorer(Predictions predictions, bool clinical)
    {
        _predictions = predictions;
        _clinical = clinical;
        if (predictions.Probabilities is not { } p) return;
        _probabilities = new ProbabilityScores(predictions.Truth, p);
        _byClass = Enumerable.Range(0, predictions.ClassCount).Select(c => new Ranking(p.Select(row => row[c]).ToArray())).ToArray();
        if (clinical) _byDecision = Decisions.Select(d => new Ranking(p.Select(row => row.AsSpan(d.Threshold).ToArray().Sum()).ToArray())).ToArray();
    }

    public IEnumerable<(string Name, double? Value)> Score(int[] weights)
    {
        var matrix = Matrix(weights);
        yield return ("quadraticWeightedKappa", matrix.QuadraticWeightedKappa);
        yield return ("linearWeightedKappa", matrix.Kappa(KappaWeighting.Linear));
        yield return ("kappa", matrix.Kappa(KappaWeighting.None));
        yield return ("accuracy", matrix.Accuracy);
        yield return ("balancedAccuracy", matrix.BalancedAccuracy);
        yield return ("meanAbsoluteError", matrix.MeanAbsoluteError);
        yield return ("precisionMacro", matrix.PrecisionMacro);
        yield return ("recallMacro", matrix.RecallMacro);
        yield return ("f1Micro", matrix.F1Micro);
        yield return ("f1Macro", matrix.F1Macro);
        yield return ("f1Weighted", matrix.F1Weighted);
        if (_probabilities is not null)
        {
            var areas = _byClass.Select((_, c) => ClassAuroc(c, weights)).ToArray();
            yield return ("auc", areas.Average());
            yield return ("aucWeighted", WeightedMean(areas, matrix));
            yield return ("averagePrecision", _byClass.Select((_, c) => ClassAveragePrecision(c, weights)).Average());
            yield return ("logLoss", _probabilities.LogLoss(weights));
            yield return ("brier", _probabilities.Brier(weights));
            yield return ("expectedCalibrationError", _probabilities.ExpectedCalibrationError(weights));
        }
        if (!_clinical) yield break;
        for (var i = 0; i < Decisions.Length; i++)
        {
            var (name, threshold) = Decisions[i];
            var counts = matrix.AtLeast(threshold);
            yield return ($"{name}.sensitivity", counts.Sensitivity);
            yield return ($"{name}.specificity", counts.Specificity);
            yield return ($"{name}.positivePredictiveValue", counts.PositivePredictiveValue);
            yield return ($"{name}.negativePredictiveValue", counts.NegativePredictiveValue);
            if (_byDecision.Length > 0) yield return ($"{name}.auc", _byDecision[i].Auroc(s => _predictions.Truth[s] >= threshold, weights));
        }
    }

    public ConfusionMatrix Matrix(int[] weights) =>
        ConfusionMatrix.From(_predictions.Truth, _predictions.Predicted, _predictions.ClassCount, weights);

    public double? ClassAuroc(int c, int[] weights) => _byClass.Length == 0 ? null : _byClass[c].Auroc(i => _predictions.Truth[i] == c, weights);

    public double? ClassAveragePrecision(int c, int[] weights) =>
        _byClass.Length == 0 ? null : _byClass[c].AveragePrecision(i => _predictions.Truth[i] == c, weights);

    private static double? WeightedMean(double?[] values, ConfusionMatrix matrix)
    {
        double sum = 0, support = 0;
        for (var c = 0; c < values.Length; c++)
        {
            if (values[c] is not { } value) continue;
            sum += value * matrix.Support(c);
            support += matrix.Support(c);
        }
        return support > 0 ? sum / support : null;
    }
}
