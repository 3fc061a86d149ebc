namespace Fovea.Training.Metrics;

/// <summary>
/// Samples ordered once by a score, so that the area under the ROC curve and the average precision cost one pass for every reweighting (the
/// bootstrap draws two thousand). Ties are blocks: they count half in the ROC area and enter the precision curve together, as in scikit-learn.
/// </summary>
public sealed class Ranking
{
    private readonly int[] _order;      // sample indices, falling score
    private readonly int[] _blockEnds;  // exclusive ends of runs of equal score in _order

    /// <param name="scores">Finite; the higher, the more positive.</param>
    /// <exception cref="ArgumentException">A score is NaN.</exception>
    public Ranking(ReadOnlySpan<double> scores)
    {
        var keys = new double[scores.Length];
        _order = new int[scores.Length];
        for (var i = 0; i < scores.Length; i++)
        {
            if (double.IsNaN(scores[i])) throw new ArgumentException($"score {i} is NaN", nameof(scores));
            keys[i] = -scores[i];
            _order[i] = i;
        }
        Array.Sort(keys, _order);
        var ends = new List<int>();
        for (var i = 1; i <= keys.Length; i++)
        {
            if (i == keys.Length || keys[i] != keys[i - 1]) ends.Add(i);
        }
        _blockEnds = ends.ToArray();
    }

    /// <summary>Probability that a positive scores above a negative (Mann and Whitney), ties half. Null unless both occur.</summary>
    /// <param name="isPositive">By sample index.</param>
    /// <param name="weights">How often each sample counts; once when empty.</param>
    public double? Auroc(Func<int, bool> isPositive, ReadOnlySpan<int> weights = default)
    {
        long positives = 0, negatives = 0, start = 0;
        double twiceArea = 0;
        foreach (var end in _blockEnds)
        {
            var (p, n) = Count((int)start, end, isPositive, weights);
            twiceArea += (double)n * (2 * positives + p);
            positives += p;
            negatives += n;
            start = end;
        }
        return positives > 0 && negatives > 0 ? twiceArea / (2.0 * positives * negatives) : null;
    }

    /// <summary>Σ (recall step) · precision over falling thresholds, without interpolation. Null without a positive.</summary>
    public double? AveragePrecision(Func<int, bool> isPositive, ReadOnlySpan<int> weights = default)
    {
        long tp = 0, seen = 0, start = 0;
        double sum = 0;
        foreach (var end in _blockEnds)
        {
            var (p, n) = Count((int)start, end, isPositive, weights);
            tp += p;
            seen += p + n;
            if (p > 0) sum += p * ((double)tp / seen);
            start = end;
        }
        return tp > 0 ? sum / tp : null;
    }

    private (long Positives, long Negatives) Count(int start, int end, Func<int, bool> isPositive, ReadOnlySpan<int> weights)
    {
        long p = 0, n = 0;
        for (var k = start; k < end; k++)
        {
            var i = _order[k];
            var w = weights.IsEmpty ? 1 : weights[i];
            if (isPositive(i)) p += w;
            else n += w;
        }
        return (p, n);
    }
}
