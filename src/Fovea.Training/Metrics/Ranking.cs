namespace Fovea.Training.Metrics;

/// <summary>What a ranking says at once; null where it is not defined.</summary>
/// <param name="Auroc">Probability that a positive scores above a negative (Mann and Whitney), ties half. Null unless both occur.</param>
/// <param name="AveragePrecision">Σ (recall step) · precision over falling thresholds, without interpolation. Null without a positive.</param>
public readonly record struct RankingScores(double? Auroc, double? AveragePrecision);

/// <summary>A threshold of a score, and what the decision "score ≥ threshold" comes to.</summary>
/// <param name="Threshold">Of the score, inclusive.</param>
/// <param name="Specificity">Null without a negative.</param>
public sealed record OperatingPoint(double Threshold, double Sensitivity, double? Specificity);

/// <summary>
/// Samples ordered once by a score, so that every reweighting (the bootstrap draws two thousand) costs one pass without sorting. Ties are blocks: they count half in the
/// ROC area and enter the precision curve together, as in scikit-learn.
/// </summary>
public sealed class Ranking
{
    // All by falling score.
    private readonly int[] _order;
    private readonly bool[] _positive;
    private readonly bool[] _endsBlock;
    private readonly double[] _scores;

    /// <param name="scores">The higher, the more positive.</param>
    /// <param name="positive">By sample, as many.</param>
    /// <exception cref="ArgumentException">A score is NaN, or the lengths differ.</exception>
    public Ranking(ReadOnlySpan<double> scores, ReadOnlySpan<bool> positive)
    {
        if (scores.Length != positive.Length) throw new ArgumentException($"{scores.Length} scores, {positive.Length} truths");
        _scores = new double[scores.Length];
        _order = new int[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            if (double.IsNaN(scores[i])) throw new ArgumentException($"score {i} is NaN", nameof(scores));
            _scores[i] = -scores[i];
            _order[i] = i;
        }
        Array.Sort(_scores, _order);
        _positive = new bool[_order.Length];
        _endsBlock = new bool[_order.Length];
        for (var k = 0; k < _order.Length; k++)
        {
            _positive[k] = positive[_order[k]];
            _endsBlock[k] = k + 1 == _order.Length || _scores[k + 1] != _scores[k];
        }
        for (var k = 0; k < _scores.Length; k++) _scores[k] = -_scores[k];
    }

    /// <param name="weights">How often each sample counts; once when empty.</param>
    public RankingScores Score(ReadOnlySpan<int> weights = default)
    {
        long tp = 0, fp = 0, p = 0, n = 0;
        double twiceArea = 0, precision = 0;
        for (var k = 0; k < _order.Length; k++)
        {
            var w = weights.IsEmpty ? 1 : weights[_order[k]];
            if (_positive[k]) p += w;
            else n += w;
            if (!_endsBlock[k]) continue;
            twiceArea += (double)n * (2 * tp + p);
            tp += p;
            fp += n;
            if (p > 0) precision += p * ((double)tp / (tp + fp));
            p = n = 0;
        }
        return new RankingScores(tp > 0 && fp > 0 ? twiceArea / (2.0 * tp * fp) : null, tp > 0 ? precision / tp : null);
    }

    /// <summary>
    /// The highest threshold whose sensitivity is at least <paramref name="sensitivity"/>, and so the one with the best specificity; null without a positive.
    /// </summary>
    /// <param name="sensitivity">In (0, 1].</param>
    public OperatingPoint? AtSensitivity(double sensitivity, ReadOnlySpan<int> weights = default)
    {
        long positives = 0, negatives = 0, tp = 0, fp = 0;
        for (var k = 0; k < _order.Length; k++)
        {
            var w = weights.IsEmpty ? 1 : weights[_order[k]];
            if (_positive[k]) positives += w;
            else negatives += w;
        }
        var needed = sensitivity * positives - 1e-9; // 0.9 · 10 must be 9
        for (var k = 0; k < _order.Length && positives > 0; k++)
        {
            var w = weights.IsEmpty ? 1 : weights[_order[k]];
            if (_positive[k]) tp += w;
            else fp += w;
            if (_endsBlock[k] && tp >= needed)
                return new OperatingPoint(_scores[k], (double)tp / positives, negatives > 0 ? 1 - (double)fp / negatives : null);
        }
        return null;
    }

    /// <summary>True and false positives at every threshold, from the highest score down: the points of the ROC and of the precision–recall curve.</summary>
    public IReadOnlyList<(double Threshold, long TruePositives, long FalsePositives)> Curve()
    {
        var points = new List<(double, long, long)>();
        long tp = 0, fp = 0;
        for (var k = 0; k < _order.Length; k++)
        {
            if (_positive[k]) tp++;
            else fp++;
            if (_endsBlock[k]) points.Add((_scores[k], tp, fp));
        }
        return points;
    }
}
