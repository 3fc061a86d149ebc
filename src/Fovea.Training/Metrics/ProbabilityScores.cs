namespace Fovea.Training.Metrics;

/// <summary>Images whose most probable class had a probability in (<c>Low</c>, <c>High</c>].</summary>
/// <param name="Count">How many.</param>
/// <param name="Confidence">Their mean probability of it; null when there is none.</param>
/// <param name="Accuracy">The share of them that is of it; null when there is none.</param>
public sealed record ReliabilityBin(double Low, double High, long Count, double? Confidence, double? Accuracy);

/// <summary>Scores of the probabilities themselves, as losses per sample, so that any reweighting is a weighted mean.</summary>
public sealed class ProbabilityScores
{
    /// <summary>Bins of equal width of <see cref="ExpectedCalibrationError"/> (Guo et al. 2017 use 15).</summary>
    public const int CalibrationBins = 15;

    private const double MachineEpsilon = 1.0 / (1L << 52);

    private readonly double[] _logLoss;
    private readonly double[] _brier;
    private readonly double[] _confidence;
    private readonly int[] _bin;
    private readonly bool[] _hit;

    /// <param name="truth">True classes.</param>
    /// <param name="probabilities">[sample][class].</param>
    public ProbabilityScores(ReadOnlySpan<int> truth, double[][] probabilities)
    {
        var n = truth.Length;
        if (probabilities.Length != n) throw new ArgumentException($"{n} true classes, {probabilities.Length} rows of probabilities");
        (_logLoss, _brier, _confidence, _bin, _hit) = (new double[n], new double[n], new double[n], new int[n], new bool[n]);
        for (var i = 0; i < n; i++)
        {
            var row = probabilities[i];
            double clippedSum = 0, brier = 0;
            var top = 0;
            for (var c = 0; c < row.Length; c++)
            {
                clippedSum += Clip(row[c]);
                var error = row[c] - (c == truth[i] ? 1 : 0);
                brier += error * error;
                if (row[c] > row[top]) top = c;
            }
            _logLoss[i] = -Math.Log(Clip(row[truth[i]]) / clippedSum);
            _brier[i] = brier;
            _confidence[i] = row[top];
            _bin[i] = Math.Clamp((int)Math.Ceiling(row[top] * CalibrationBins) - 1, 0, CalibrationBins - 1);
            _hit[i] = top == truth[i];
        }
    }

    /// <summary>Mean −ln p(true class); probabilities are clipped to [2⁻⁵², 1 − 2⁻⁵²] and rescaled to sum 1, as scikit-learn 1.2 does.</summary>
    public double? LogLoss(ReadOnlySpan<int> weights = default) => Mean(_logLoss, weights);

    /// <summary>Mean over samples of Σ over classes (p − truth)², 0…2 (Brier 1950, the form for several classes).</summary>
    public double? Brier(ReadOnlySpan<int> weights = default) => Mean(_brier, weights);

    /// <summary>
    /// Σ over bins of (share of samples)·|accuracy − mean confidence|, 0…1, by the confidence of the most probable class in
    /// <see cref="CalibrationBins"/> bins (lower, upper] (Guo et al. 2017). The most probable class is used even where the decision was another.
    /// </summary>
    public double? ExpectedCalibrationError(ReadOnlySpan<int> weights = default)
    {
        Span<double> gap = stackalloc double[CalibrationBins];
        gap.Clear();
        long total = 0;
        for (var i = 0; i < _bin.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            gap[_bin[i]] += w * (_hit[i] ? 1 - _confidence[i] : -_confidence[i]);
            total += w;
        }
        double sum = 0;
        foreach (var g in gap) sum += Math.Abs(g);
        return total > 0 ? sum / total : null;
    }

    /// <summary>The bins of <see cref="ExpectedCalibrationError"/>, the reliability diagram; empty bins have nulls.</summary>
    public IReadOnlyList<ReliabilityBin> Reliability()
    {
        var (count, hits, confidence) = (new long[CalibrationBins], new long[CalibrationBins], new double[CalibrationBins]);
        for (var i = 0; i < _bin.Length; i++)
        {
            count[_bin[i]]++;
            if (_hit[i]) hits[_bin[i]]++;
            confidence[_bin[i]] += _confidence[i];
        }
        return [.. Enumerable.Range(0, CalibrationBins).Select(b => new ReliabilityBin((double)b / CalibrationBins, (double)(b + 1) / CalibrationBins, count[b],
            count[b] > 0 ? confidence[b] / count[b] : null, count[b] > 0 ? (double)hits[b] / count[b] : null))];
    }

    private static double Clip(double p) => Math.Clamp(p, MachineEpsilon, 1 - MachineEpsilon);

    private static double? Mean(double[] values, ReadOnlySpan<int> weights)
    {
        double sum = 0;
        long total = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var w = weights.IsEmpty ? 1 : weights[i];
            sum += w * values[i];
            total += w;
        }
        return total > 0 ? sum / total : null;
    }
}
