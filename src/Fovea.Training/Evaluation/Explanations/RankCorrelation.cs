namespace Fovea.Training.Evaluation.Explanations;

/// <summary>Spearman's rank correlation.</summary>
public static class RankCorrelation
{
    /// <summary>Pearson's correlation of the ranks; equal values share the mean of their ranks. Null where one side is constant, since nothing can be said.</summary>
    public static double? Of(IReadOnlyList<float> a, IReadOnlyList<float> b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Count != b.Count) throw new ArgumentException($"{a.Count} values and {b.Count} have no correlation", nameof(b));
        var (ra, rb) = (Ranks(a), Ranks(b));
        var mean = (a.Count - 1) / 2.0;
        var (ab, aa, bb) = (0.0, 0.0, 0.0);
        for (var i = 0; i < ra.Length; i++)
        {
            var (da, db) = (ra[i] - mean, rb[i] - mean);
            (ab, aa, bb) = (ab + da * db, aa + da * da, bb + db * db);
        }
        return aa > 0 && bb > 0 ? ab / Math.Sqrt(aa * bb) : null;
    }

    private static double[] Ranks(IReadOnlyList<float> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[order.Length];
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start + 1; end < order.Length && values[order[end]] == values[order[start]];) end++;
            for (var k = start; k < end; k++) ranks[order[k]] = (start + end - 1) / 2.0;
        }
        return ranks;
    }
}
