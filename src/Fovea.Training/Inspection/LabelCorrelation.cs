namespace Fovea.Training.Inspection;

/// <summary>A correlation coefficient with its 95 % interval.</summary>
public sealed record Coefficient(double Value, double Low, double High)
{
    /// <summary>Whether the interval leaves out 0.</summary>
    public bool IsSignificant => Low > 0 || High < 0;
}

/// <summary>
/// How far a quantity that has nothing to do with the eye gives the label away (Tymchenko et al. 2020, fig. 4: in APTOS the grade correlates with the
/// file's size by 0.39 and with the picture's width by 0.57). A network can learn it instead of the disease.
/// </summary>
/// <param name="Quantity">E.g. <c>width</c>.</param>
/// <param name="Images">Images that have the quantity.</param>
/// <param name="Spearman">Of ranks; only for labels in order (grades).</param>
/// <param name="Pearson">Of values; only for labels in order.</param>
/// <param name="ClassRatio">For classes without order: the correlation ratio of the quantity's ranks, 0–1, less what chance gives (square root of ε², Kelley 1935).</param>
public sealed record LabelCorrelation(string Quantity, int Images, Coefficient? Spearman, Coefficient? Pearson, double? ClassRatio)
{
    /// <summary>Cohen's (1988) medium effect. The weakest leak that the paper reports is 0.39.</summary>
    public const double Conspicuous = 0.3;

    private const double Normal95 = 1.959963984540054;

    /// <summary>The larger coefficient reaches <see cref="Conspicuous"/> and its interval leaves out 0.</summary>
    public bool Leaks => Strongest is { } c ? Math.Abs(c.Value) >= Conspicuous && c.IsSignificant : ClassRatio >= Conspicuous;

    private Coefficient? Strongest => Spearman is null || Pearson is null ? Spearman ?? Pearson : Math.Abs(Spearman.Value) >= Math.Abs(Pearson.Value) ? Spearman : Pearson;

    /// <summary>Coefficients are null where the quantity, or the label, is the same everywhere.</summary>
    /// <param name="ordered">The labels are grades, not names.</param>
    /// <param name="independent">Number of independent observations for the interval: patients where they are known, since two eyes of one are not two; null: every image.</param>
    public static LabelCorrelation Of(string quantity, double[] values, int[] labels, bool ordered, int? independent = null)
    {
        if (!ordered) return new LabelCorrelation(quantity, values.Length, null, null, Ratio(Ranks(values), labels));
        var n = Math.Min(independent ?? values.Length, values.Length);
        var grades = Array.ConvertAll(labels, l => (double)l);
        var (spearman, pearson) = (Pearsons(Ranks(values), Ranks(grades)), Pearsons(values, grades));
        // Fisher's z; for ranks with the variance of Bonett and Wright (2000).
        return new LabelCorrelation(quantity, values.Length, spearman is { } s ? WithInterval(s, 1 + s * s / 2, n) : null, pearson is { } p ? WithInterval(p, 1, n) : null, null);
    }

    private static Coefficient WithInterval(double r, double variance, int n)
    {
        if (n <= 3) return new Coefficient(r, -1, 1);
        var (z, half) = (Math.Atanh(Math.Clamp(r, -0.999999999, 0.999999999)), Normal95 * Math.Sqrt(variance / (n - 3)));
        return new Coefficient(r, Math.Tanh(z - half), Math.Tanh(z + half));
    }

    private static double? Pearsons(double[] x, double[] y)
    {
        if (x.Length < 2) return null;
        double meanX = x.Average(), meanY = y.Average(), xx = 0, yy = 0, xy = 0;
        for (var i = 0; i < x.Length; i++)
        {
            double dx = x[i] - meanX, dy = y[i] - meanY;
            (xx, yy, xy) = (xx + dx * dx, yy + dy * dy, xy + dx * dy);
        }
        // Equal values may leave a rounding error of the mean.
        return xx > 1e-12 * meanX * meanX * x.Length && yy > 0 ? Math.Clamp(xy / Math.Sqrt(xx * yy), -1, 1) : null;
    }

    /// <summary>Ranks from 1; equal values share their mean rank.</summary>
    internal static double[] Ranks(double[] values)
    {
        var order = Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Length];
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start + 1; end < order.Length && values[order[end]] == values[order[start]];) end++;
            for (var k = start; k < end; k++) ranks[order[k]] = (start + 1 + end) / 2.0;
        }
        return ranks;
    }

    private static double? Ratio(double[] values, int[] labels)
    {
        if (values.Length == 0) return null;
        var total = SquaresAround(values, values.Average());
        var groups = values.Zip(labels).GroupBy(v => v.Second, v => v.First).Select(g => g.ToArray()).ToArray();
        var free = values.Length - groups.Length;
        if (total <= 0 || groups.Length < 2 || free < 1) return null;
        var within = groups.Sum(g => SquaresAround(g, g.Average()));
        return Math.Sqrt(Math.Max(0, 1 - within / free / (total / (values.Length - 1))));
    }

    private static double SquaresAround(double[] values, double mean) => values.Sum(v => (v - mean) * (v - mean));
}
