using Fovea.Calibration;

namespace Fovea.Training.Metrics;

/// <summary>
/// Counts by true class (row) and predicted class (column), with the scores that need nothing else. A score that is not defined is null. Scores per
/// class follow scikit-learn with <c>zero_division=0</c>; means over classes are over the classes that occur, as scikit-learn's defaults are.
/// </summary>
public sealed class ConfusionMatrix
{
    private readonly long[] _counts;
    private readonly long[] _support;
    private readonly long[] _predicted;

    private ConfusionMatrix(int classCount, long[] counts)
    {
        ClassCount = classCount;
        _counts = counts;
        _support = new long[classCount];
        _predicted = new long[classCount];
        for (var t = 0; t < classCount; t++)
        {
            for (var p = 0; p < classCount; p++)
            {
                var n = counts[t * classCount + p];
                _support[t] += n;
                _predicted[p] += n;
                Total += n;
                if (t == p) Correct += n;
            }
        }
    }

    public int ClassCount { get; }
    public long Total { get; }
    public long Correct { get; }

    /// <summary>Images of true class <paramref name="truth"/> that were predicted as <paramref name="predicted"/>.</summary>
    public long this[int truth, int predicted] => _counts[truth * ClassCount + predicted];

    /// <param name="truth">True classes.</param>
    /// <param name="predicted">Predicted classes, as many.</param>
    /// <param name="classCount">Classes are 0…<paramref name="classCount"/> − 1.</param>
    /// <param name="weights">How often each sample counts; once when empty.</param>
    /// <exception cref="ArgumentException">Lengths differ, or a class is out of range.</exception>
    public static ConfusionMatrix From(ReadOnlySpan<int> truth, ReadOnlySpan<int> predicted, int classCount, ReadOnlySpan<int> weights = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classCount);
        if (truth.Length != predicted.Length || !weights.IsEmpty && weights.Length != truth.Length)
            throw new ArgumentException($"{truth.Length} true classes, {predicted.Length} predicted, {weights.Length} weights");
        var counts = new long[classCount * classCount];
        for (var i = 0; i < truth.Length; i++)
        {
            if ((uint)truth[i] >= (uint)classCount || (uint)predicted[i] >= (uint)classCount)
                throw new ArgumentException($"sample {i}: true {truth[i]}, predicted {predicted[i]}, outside 0…{classCount - 1}");
            counts[truth[i] * classCount + predicted[i]] += weights.IsEmpty ? 1 : weights[i];
        }
        return new ConfusionMatrix(classCount, counts);
    }

    /// <param name="rows">Rows = true class, columns = predicted class; square.</param>
    /// <exception cref="ArgumentException">Not square, empty, or a negative count.</exception>
    public static ConfusionMatrix FromRows(IReadOnlyList<IReadOnlyList<long>> rows)
    {
        if (rows.Count == 0 || rows.Any(row => row.Count != rows.Count || row.Any(count => count < 0)))
            throw new ArgumentException("a confusion matrix is square and holds no negative count", nameof(rows));
        return new ConfusionMatrix(rows.Count, rows.SelectMany(row => row).ToArray());
    }

    public long Support(int c) => _support[c];
    public long Predicted(int c) => _predicted[c];

    /// <summary>Rows = true class, columns = predicted class.</summary>
    public long[][] ToRows() => Enumerable.Range(0, ClassCount).Select(t => _counts.AsSpan(t * ClassCount, ClassCount).ToArray()).ToArray();

    /// <summary>
    /// Cohen's kappa, 1 − Σ w·observed / Σ w·expected, with w from <paramref name="weighting"/> on the class numbers themselves (Cohen 1968).
    /// Null where no disagreement is to be expected: truth and prediction are one and the same single class, or there is no sample.
    /// </summary>
    public double? Kappa(KappaWeighting weighting) => CohenKappa.Of(_counts, ClassCount, weighting);

    public double? QuadraticWeightedKappa => Kappa(KappaWeighting.Quadratic);

    /// <summary>Share of exact agreement.</summary>
    public double? Accuracy => Ratio(Correct, Total);

    /// <summary>Mean recall over the classes that have a true sample.</summary>
    public double? BalancedAccuracy => Mean(c => _support[c] > 0, Recall);

    /// <summary>Mean |true − predicted| in classes.</summary>
    public double? MeanAbsoluteError
    {
        get
        {
            long sum = 0;
            for (var i = 0; i < _counts.Length; i++) sum += _counts[i] * Math.Abs(i / ClassCount - i % ClassCount);
            return Ratio(sum, Total);
        }
    }

    /// <summary>Of those predicted as <paramref name="c"/>, the share that is; 0 when none was.</summary>
    public double Precision(int c) => Ratio(this[c, c], _predicted[c]) ?? 0;

    /// <summary>Of those that are <paramref name="c"/>, the share predicted so; 0 when there is none.</summary>
    public double Recall(int c) => Ratio(this[c, c], _support[c]) ?? 0;

    /// <summary>2·TP / (2·TP + FP + FN); 0 when the class does not occur.</summary>
    public double F1(int c) => Ratio(2 * this[c, c], _support[c] + _predicted[c]) ?? 0;

    /// <summary>Equal to the accuracy, and to micro precision and recall, because every sample has one class and one prediction.</summary>
    public double? F1Micro => Accuracy;
    public double? PrecisionMacro => Mean(Occurs, Precision);
    public double? RecallMacro => Mean(Occurs, Recall);

    /// <summary>Mean F1 over the classes that occur in the truth or in the predictions.</summary>
    public double? F1Macro => Mean(Occurs, F1);

    /// <summary>F1 weighted by support.</summary>
    public double? F1Weighted
    {
        get
        {
            if (Total == 0) return null;
            double sum = 0;
            for (var c = 0; c < ClassCount; c++) sum += F1(c) * _support[c];
            return sum / Total;
        }
    }

    /// <summary>The class occurs as truth or as prediction.</summary>
    public bool Occurs(int c) => _support[c] + _predicted[c] > 0;

    /// <summary>The decision "class ≥ <paramref name="threshold"/>", e.g. 2 for referable diabetic retinopathy.</summary>
    public BinaryCounts AtLeast(int threshold) => Decide(c => c >= threshold);

    /// <summary>The decision "one of these classes".</summary>
    public BinaryCounts Decide(Func<int, bool> positive)
    {
        long tp = 0, fp = 0, fn = 0, tn = 0;
        for (var t = 0; t < ClassCount; t++)
        {
            for (var p = 0; p < ClassCount; p++)
            {
                var n = this[t, p];
                if (positive(t)) { if (positive(p)) tp += n; else fn += n; }
                else if (positive(p)) fp += n;
                else tn += n;
            }
        }
        return new BinaryCounts(tp, fp, fn, tn);
    }

    private double? Mean(Func<int, bool> counts, Func<int, double> score)
    {
        double sum = 0;
        var n = 0;
        for (var c = 0; c < ClassCount; c++)
        {
            if (!counts(c)) continue;
            sum += score(c);
            n++;
        }
        return n > 0 ? sum / n : null;
    }

    private static double? Ratio(long part, long whole) => whole > 0 ? (double)part / whole : null;
}

/// <summary>Counts of a yes/no decision. A share of nothing is null.</summary>
public readonly record struct BinaryCounts(long TruePositives, long FalsePositives, long FalseNegatives, long TrueNegatives)
{
    public double? Sensitivity => Share(TruePositives, FalseNegatives);
    public double? Specificity => Share(TrueNegatives, FalsePositives);
    public double? PositivePredictiveValue => Share(TruePositives, FalsePositives);
    public double? NegativePredictiveValue => Share(TrueNegatives, FalseNegatives);

    private static double? Share(long part, long rest) => part + rest > 0 ? (double)part / (part + rest) : null;
}
