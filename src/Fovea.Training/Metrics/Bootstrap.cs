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

    /// <summary>Writes every score under weights per sample; NaN where it is not defined.</summary>
    public delegate void Scoring(ReadOnlySpan<int> weights, Span<double> scores);

    /// <summary>The scores of every resample: [score][resample].</summary>
    /// <param name="groupOf">Group number of each sample, 0…<paramref name="groupCount"/> − 1.</param>
    /// <param name="groupCount">Number of groups.</param>
    /// <param name="resamples">How many.</param>
    /// <param name="seed">Same seed, same intervals.</param>
    /// <param name="scores">How many scores <paramref name="score"/> writes.</param>
    /// <param name="cancellation">Ends early.</param>
    public static double[][] Draw(int[] groupOf, int groupCount, int resamples, ulong seed, int scores, Scoring score, CancellationToken cancellation)
    {
        var drawn = new double[scores][];
        for (var m = 0; m < scores; m++) drawn[m] = new double[resamples];
        Parallel.For(0, resamples, new ParallelOptions { CancellationToken = cancellation },
            () => (Random: new SeededRandom(0), Times: new int[groupCount], Weights: new int[groupOf.Length], Values: new double[scores]),
            (b, _, work) =>
            {
                work.Random.Restart(seed, (ulong)b);
                Array.Clear(work.Times);
                for (var k = 0; k < groupCount; k++) work.Times[work.Random.NextInt(groupCount)]++;
                for (var i = 0; i < groupOf.Length; i++) work.Weights[i] = work.Times[groupOf[i]];
                score(work.Weights, work.Values);
                for (var m = 0; m < scores; m++) drawn[m][b] = work.Values[m];
                return work;
            },
            _ => { });
        return drawn;
    }

    /// <summary>The interval of one score's resamples; null where it was defined in fewer than half of them.</summary>
    public static Interval? IntervalOf(double[] resamples)
    {
        var values = resamples.Where(v => !double.IsNaN(v)).Order().ToArray();
        return values.Length == 0 || values.Length * 2 < resamples.Length ? null
            : new Interval(Quantile(values, (1 - Level) / 2), Quantile(values, (1 + Level) / 2), values.Length);
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
