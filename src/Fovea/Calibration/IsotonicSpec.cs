namespace Fovea.Calibration;

/// <summary>A rising, piecewise linear function from probability to probability; constant beyond its ends.</summary>
/// <param name="X">Rising, two to a thousand numbers.</param>
/// <param name="Y">As many, never falling, in [0, 1].</param>
public sealed record IsotonicMap(IReadOnlyList<double> X, IReadOnlyList<double> Y)
{
    /// <summary>Most numbers of either list.</summary>
    public const int MostKnots = 1000;

    public double At(double p)
    {
        if (p <= X[0]) return Y[0];
        if (p >= X[^1]) return Y[^1];
        var (low, high) = (0, X.Count - 1);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (X[middle] <= p) low = middle;
            else high = middle;
        }
        return Y[low] + (p - X[low]) / (X[high] - X[low]) * (Y[high] - Y[low]);
    }

    internal string? Problem()
    {
        if (X.Count != Y.Count || X.Count is < 2 or > MostKnots) return $"an isotonic map of {X.Count} and {Y.Count} numbers is not possible (2 to {MostKnots} of both are)";
        for (var i = 0; i < X.Count; i++)
        {
            if (!double.IsFinite(X[i]) || !(Y[i] is >= 0 and <= 1)) return "an isotonic map holds a number that is no probability";
            if (i > 0 && (X[i] <= X[i - 1] || Y[i] < Y[i - 1])) return "an isotonic map must rise";
        }
        return null;
    }

    // Lists compare by content, as a record's other members do.
    public bool Equals(IsotonicMap? other) => other is not null && X.SequenceEqual(other.X) && Y.SequenceEqual(other.Y);

    public override int GetHashCode() => HashCode.Combine(X.Count, Y.Count);
}

/// <summary>Isotonic calibration (Zadrozny and Elkan 2002): moves probabilities, never the grade.</summary>
/// <param name="Ordered">
/// True: one map for each P(grade ≥ k), k = 1 … classes − 1; where the mapped ones contradict each other a high grade wins, as in decoding. False: one for each class, and the mapped
/// probabilities are divided by their sum (all equal where it is 0), as scikit-learn's one-vs-rest calibration does.
/// </param>
public sealed record IsotonicSpec(bool Ordered, IReadOnlyList<IsotonicMap> Maps)
{
    /// <param name="p">One a class; they sum to 1.</param>
    public double[] Apply(IReadOnlyList<double> p)
    {
        var mapped = new double[p.Count];
        if (Ordered)
        {
            var (tail, above) = (0.0, 0.0);
            for (var k = p.Count - 1; k > 0; k--)
            {
                tail += p[k];
                var q = Math.Max(above, Maps[k - 1].At(tail));
                mapped[k] = q - above;
                above = q;
            }
            mapped[0] = 1 - above;
            return mapped;
        }
        var sum = 0.0;
        for (var k = 0; k < mapped.Length; k++) sum += mapped[k] = Maps[k].At(p[k]);
        for (var k = 0; k < mapped.Length; k++) mapped[k] = sum > 0 ? mapped[k] / sum : 1.0 / mapped.Length;
        return mapped;
    }

    internal string? Problem(int classes) =>
        Maps.Count != (Ordered ? classes - 1 : classes) ? $"{Maps.Count} isotonic maps for {classes} classes"
        : Maps.Any(m => m is null) ? "an isotonic map is null"
        : Maps.Select(m => m.Problem()).FirstOrDefault(p => p is not null);

    public bool Equals(IsotonicSpec? other) => other is not null && Ordered == other.Ordered && Maps.SequenceEqual(other.Maps);

    public override int GetHashCode() => HashCode.Combine(Ordered, Maps.Count);
}
