namespace Fovea.Training.Metrics;

/// <summary>How much better one system is than another in one score.</summary>
/// <param name="First">The first system's.</param>
/// <param name="Second">The second's.</param>
/// <param name="Difference">Second − first.</param>
/// <param name="Interval">95 %, of the difference, by paired bootstrap: both systems are scored on the same resamples. Null where it is not defined.</param>
/// <param name="P">Two-sided: twice the smaller share of resamples on either side of no difference, at least 1 / resamples. Null without an interval.</param>
public sealed record ScoreDifference(double First, double Second, double Difference, Interval? Interval, double? P);

/// <summary>McNemar's exact test of two systems' errors.</summary>
/// <param name="FirstOnly">Images that only the first system gets right.</param>
/// <param name="SecondOnly">Images that only the second gets right.</param>
/// <param name="P">Two-sided binomial probability of a split at least as uneven, were both equally good. It takes images as independent, whatever the groups.</param>
public sealed record McNemar(long FirstOnly, long SecondOnly, double P)
{
    public static McNemar Of(long firstOnly, long secondOnly)
    {
        var n = firstOnly + secondOnly;
        var fewer = Math.Min(firstOnly, secondOnly);
        // Σ C(n, k) / 2ⁿ for k up to the fewer, in logarithms, the largest term last.
        double logTerm = -n * Math.Log(2), sum = Math.Exp(logTerm);
        for (long k = 1; k <= fewer; k++) sum += Math.Exp(logTerm += Math.Log(n - k + 1) - Math.Log(k));
        return new McNemar(firstOnly, secondOnly, Math.Min(1, 2 * sum));
    }
}

/// <summary>Two systems on the same images.</summary>
/// <param name="Scores">By score name, as in <see cref="MetricsReport.Intervals"/>; only those that both have.</param>
public sealed record PairedComparison(int Samples, IReadOnlyDictionary<string, ScoreDifference> Scores, McNemar McNemar)
{
    /// <param name="first">The baseline.</param>
    /// <param name="second">On the same images with the same truth, in any order.</param>
    /// <exception cref="ArgumentException">Images or truths differ; the message says which.</exception>
    public static PairedComparison Of(Predictions first, Predictions second, MetricsOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new MetricsOptions();
        second = Aligned(first, second);
        var (a, b) = (new Scorer(first, options.DecisionsOn(first)), new Scorer(second, options.DecisionsOn(second)));
        var (va, vb) = (Values(a), Values(b));
        int[] inFirst = [.. Enumerable.Range(0, a.Names.Count)], inSecond = [.. a.Names.Select(name => b.Names.ToList().IndexOf(name))];
        inFirst = [.. inFirst.Where(m => inSecond[m] >= 0 && !double.IsNaN(va[m]) && !double.IsNaN(vb[inSecond[m]]))];

        var (groupOf, groups) = (first.Groups is null ? second : first).NumberGroups();
        double[][]? drawn = null;
        if (options.Resamples > 0 && groups > 1)
        {
            drawn = Bootstrap.Draw(groupOf, groups, options.Resamples, options.Seed, inFirst.Length, (weights, differences) =>
            {
                Span<double> x = new double[a.Names.Count], y = new double[b.Names.Count];
                a.Score(weights, x);
                b.Score(weights, y);
                for (var m = 0; m < inFirst.Length; m++) differences[m] = y[inSecond[inFirst[m]]] - x[inFirst[m]];
            }, cancellation);
        }
        var scores = new Dictionary<string, ScoreDifference>();
        for (var m = 0; m < inFirst.Length; m++)
        {
            var (x, y) = (va[inFirst[m]], vb[inSecond[inFirst[m]]]);
            var interval = drawn is null ? null : Bootstrap.IntervalOf(drawn[m]);
            scores[a.Names[inFirst[m]]] = new ScoreDifference(x, y, y - x, interval, interval is null ? null : TwoSided(drawn![m]));
        }
        long onlyFirst = 0, onlySecond = 0;
        for (var i = 0; i < first.Count; i++)
        {
            var (right, other) = (first.Predicted[i] == first.Truth[i], second.Predicted[i] == first.Truth[i]);
            if (right && !other) onlyFirst++;
            if (other && !right) onlySecond++;
        }
        return new PairedComparison(first.Count, scores, McNemar.Of(onlyFirst, onlySecond));
    }

    /// <summary><paramref name="second"/> in the order of <paramref name="first"/>.</summary>
    private static Predictions Aligned(Predictions first, Predictions second)
    {
        if (first.ClassCount != second.ClassCount) throw new ArgumentException($"{first.ClassCount} classes and {second.ClassCount}");
        var position = second.Images.Select((image, i) => (image, i)).ToDictionary(x => x.image, x => x.i, StringComparer.Ordinal);
        if (first.Images.FirstOrDefault(image => !position.ContainsKey(image)) is { } missing) throw new ArgumentException($"image '{missing}' is only in the first");
        if (second.Count > first.Count) throw new ArgumentException($"image '{second.Images.Except(first.Images).First()}' is only in the second");
        int[] order = [.. first.Images.Select(image => position[image])];
        for (var i = 0; i < order.Length; i++)
            if (second.Truth[order[i]] != first.Truth[i]) throw new ArgumentException($"image '{first.Images[i]}' is truly {first.Truth[i]} in the first and {second.Truth[order[i]]} in the second");
        return second.Subset(order);
    }

    private static double[] Values(Scorer scorer)
    {
        var values = new double[scorer.Names.Count];
        scorer.Score([], values);
        return values;
    }

    private static double TwoSided(double[] differences)
    {
        double n = 0, below = 0, above = 0;
        foreach (var d in differences)
        {
            if (double.IsNaN(d)) continue;
            n++;
            // No difference counts for both sides: two systems that never differ have p = 1.
            if (d <= 0) below++;
            if (d >= 0) above++;
        }
        return Math.Clamp(2 * Math.Min(below, above) / n, 1 / n, 1);
    }
}
