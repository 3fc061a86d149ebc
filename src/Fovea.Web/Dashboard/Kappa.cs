namespace Fovea.Web.Dashboard;

/// <summary>Agreement of two raters on ordered grades, beyond what chance gives. Cohen 1968.</summary>
internal static class Kappa
{
    /// <summary>1 − Σ w·observed / Σ w·expected with w = (i − j)².</summary>
    /// <param name="matrix">Counts, rows one rater, columns the other.</param>
    /// <returns>Null where it is not defined: no counts, or both raters gave one and the same grade always.</returns>
    public static double? QuadraticWeighted(long[][] matrix)
    {
        var n = matrix.Length;
        double total = matrix.Sum(r => r.Sum());
        if (total == 0) return null;
        var rows = matrix.Select(r => (double)r.Sum()).ToArray();
        var columns = Enumerable.Range(0, n).Select(j => (double)matrix.Sum(r => r[j])).ToArray();
        var (observed, expected) = (0.0, 0.0);
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
            {
                double weight = (i - j) * (i - j);
                observed += weight * matrix[i][j];
                expected += weight * rows[i] * columns[j] / total;
            }
        return expected == 0 ? null : 1 - observed / expected;
    }
}
