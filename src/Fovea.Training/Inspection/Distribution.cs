using Fovea.Training.Metrics;

namespace Fovea.Training.Inspection;

/// <summary>A quantity over many images: extremes, quartiles (linear interpolation), mean and standard deviation (n − 1; 0 for one value).</summary>
public sealed record Distribution(int Count, double Min, double LowerQuartile, double Median, double UpperQuartile, double Max, double Mean, double Deviation)
{
    /// <summary>Null for no value.</summary>
    public static Distribution? Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (sorted.Length == 0) return null;
        var mean = sorted.Average();
        var deviation = sorted.Length == 1 ? 0 : Math.Sqrt(sorted.Sum(v => (v - mean) * (v - mean)) / (sorted.Length - 1));
        return new Distribution(sorted.Length, sorted[0], Bootstrap.Quantile(sorted, 0.25), Bootstrap.Quantile(sorted, 0.5), Bootstrap.Quantile(sorted, 0.75),
            sorted[^1], mean, deviation);
    }
}

/// <summary>The two-sample test of Kolmogorov and Smirnov: whether two sets of values come from one distribution.</summary>
/// <param name="Distance">Largest difference of the two cumulative shares, 0–1.</param>
/// <param name="Probability">Of a distance as large by chance, were both from one distribution. Asymptotic, with Stephens' correction (1970) for small sets.</param>
public sealed record KolmogorovSmirnov(double Distance, double Probability)
{
    /// <exception cref="ArgumentException">One side is empty.</exception>
    public static KolmogorovSmirnov Between(IEnumerable<double> first, IEnumerable<double> second)
    {
        double[] a = [.. first.Order()], b = [.. second.Order()];
        if (a.Length == 0 || b.Length == 0) throw new ArgumentException("both sides need a value", a.Length == 0 ? nameof(first) : nameof(second));
        int i = 0, j = 0;
        var distance = 0.0;
        while (i < a.Length && j < b.Length)
        {
            var x = Math.Min(a[i], b[j]);
            while (i < a.Length && a[i] <= x) i++;
            while (j < b.Length && b[j] <= x) j++;
            distance = Math.Max(distance, Math.Abs((double)i / a.Length - (double)j / b.Length));
        }
        var root = Math.Sqrt((double)a.Length * b.Length / (a.Length + b.Length));
        return new KolmogorovSmirnov(distance, Tail((root + 0.12 + 0.11 / root) * distance));
    }

    private static double Tail(double lambda)
    {
        // The series converges slowly near 0, where the probability is 1 anyway.
        if (lambda < 0.2) return 1;
        double sum = 0, sign = 1;
        for (var k = 1; k <= 100; k++, sign = -sign) sum += sign * Math.Exp(-2 * k * k * lambda * lambda);
        return Math.Clamp(2 * sum, 0, 1);
    }
}
