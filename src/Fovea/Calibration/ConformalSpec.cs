namespace Fovea.Calibration;

/// <summary>
/// Sets of grades that hold the true one with a chosen probability (split conformal prediction). Grades come in one by one, and the set ends before the grade with which its mass would
/// pass <see cref="Limit"/>; the most probable grade is always in it. The promise holds on average over photographs like those that it was fitted on, not for each kind of patient.
/// </summary>
/// <param name="Coverage">What was asked for, in (0, 1), e.g. 0.9.</param>
/// <param name="Limit">Of the mass, fitted; at least 1 means that every grade is in every set.</param>
/// <param name="Contiguous">
/// True for grades: from the most probable one the set grows to the more probable of its two neighbours (of equals the higher), so that it has no hole (Lu et al. 2022, arXiv 2207.02238).
/// False: by falling probability (Romano et al. 2020, without their randomisation).
/// </param>
public sealed record ConformalSpec(double Coverage, double Limit, bool Contiguous)
{
    /// <summary>Rounding of sums of probabilities.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>The grades of the set, rising.</summary>
    public int[] SetOf(IReadOnlyList<double> p)
    {
        var set = new List<int>();
        foreach (var (grade, mass) in Order(p, Contiguous))
        {
            if (set.Count > 0 && mass > Limit + Tolerance) break;
            set.Add(grade);
        }
        set.Sort();
        return [.. set];
    }

    /// <summary>The grades in the order in which a set takes them in, with the mass of the set then.</summary>
    internal static IEnumerable<(int Grade, double Mass)> Order(IReadOnlyList<double> p, bool contiguous)
    {
        var top = 0;
        for (var k = 1; k < p.Count; k++)
            if (p[k] >= p[top]) top = k;
        if (!contiguous)
        {
            var mass = 0.0;
            foreach (var k in Enumerable.Range(0, p.Count).OrderByDescending(k => p[k]).ThenByDescending(k => k)) yield return (k, mass += p[k]);
            yield break;
        }
        var (low, high, sum) = (top, top, p[top]);
        yield return (top, sum);
        while (high - low + 1 < p.Count)
        {
            var up = low == 0 || (high + 1 < p.Count && p[high + 1] >= p[low - 1]);
            var next = up ? ++high : --low;
            yield return (next, sum += p[next]);
        }
    }

    /// <summary>The mass with which the true grade comes in: its score of nonconformity.</summary>
    public static double MassAt(IReadOnlyList<double> p, int truth, bool contiguous) => Order(p, contiguous).First(o => o.Grade == truth).Mass;

    internal string? Problem() =>
        Coverage is not (> 0 and < 1) ? $"a coverage of {Coverage} is not possible (above 0 and below 1 is)" : !double.IsFinite(Limit) || Limit < 0 ? $"a conformal limit of {Limit} is not possible" : null;
}
