namespace Fovea.Training.Metrics;

/// <summary>A percentile interval.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Resamples">Resamples in which the score was defined; the others are left out.</param>
public sealed record Interval(double Low, double High, int Resamples);

/// <summary>
/// Percentile bootstrap (Efron 1979): groups (patients) are drawn with replacement, all images of a group together, because two eyes of a patient are
/// not two independent samples. Resample b depends on (seed, b) only, so the result does not depend on the number of cores.
/// </summary>
internal static class Bootstrap
{
    public const double Level = 0.95;

    /// <param name="groupOf">Group number of each sample, 0…<paramref name="groupCount"/> − 1.</param>
    /// <param name="groupCount">Number of groups.</param>
    /// <param name="resamples">How many.</param>
    /// <param name="seed">Same seed, same intervals.</param>
    /// <param name="score">Named scores under weights per sample.</param>
    /// <param name="cancellation">Ends early.</param>
    /// <returns>An interval for each score that was defined in at least half of the resamples.</returns>
    public static Dictionary<string, Interval> Intervals(int[] groupOf, int groupCount, int resamples, ulong seed,
        Func<int[], IEnumerable<(string Name, double? Value)>> score, CancellationToken cancellation)
    {
        var drawn = new (string Name, double? Value)[resamples][];
        Parallel.For(0, resamples, new ParallelOptions { CancellationToken = cancellation }, b =>
        {
            var random = SeededRandom.For(seed, (ulong)b);
            var times = new int[groupCount];
            for (var k = 0; k < groupCount; k++) times[random.NextInt(groupCount)]++;
            drawn[b] = score(Array.ConvertAll(groupOf, g => times[g])).ToArray();
        });
        var intervals = new Dictionary<string, Interval>();
        for (var m = 0; resamples > 0 && m < drawn[0].Length; m++)
        {
            var values = drawn.Select(row => row[m].Value).OfType<double>().Order().ToArray();
            if (values.Length * 2 < resamples) continue;
            intervals[drawn[0][m].Name] = new Interval(Quantile(values, (1 - Level) / 2), Quantile(values, (1 + Level) / 2), values.Length);
        }
        return intervals;
    }

    /// <summary>Linear interpolation between order statistics (type 7, NumPy's default).</summary>
    public static double Quantile(double[] sorted, double q)
    {
        var position = q * (sorted.Length - 1);
        var below = (int)Math.Floor(position);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }
}
