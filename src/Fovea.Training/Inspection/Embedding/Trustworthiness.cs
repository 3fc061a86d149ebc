namespace Fovea.Training.Inspection.Embedding;

/// <summary>How far neighbours in the plane were neighbours before (Venna and Kaski 2001; as scikit-learn computes it).</summary>
public static class Trustworthiness
{
    /// <summary>1: every neighbour is a true one; 0.5: as by chance.</summary>
    /// <param name="vectors">The points before.</param>
    /// <param name="points">In the plane, x and y by turns.</param>
    /// <param name="neighbours">Below half of the points.</param>
    /// <exception cref="ArgumentException">Too many neighbours.</exception>
    public static double Of(double[][] vectors, double[] points, int neighbours = 5, CancellationToken cancel = default)
    {
        var n = vectors.Length;
        if (neighbours < 1 || 2 * neighbours >= n) throw new ArgumentException($"{neighbours} neighbours of {n} points are too many", nameof(neighbours));
        var penalties = new double[n];
        Parallel.For(0, n, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            double[] plane = new double[n], before = new double[n];
            for (var j = 0; j < n; j++)
            {
                double dx = points[2 * i] - points[2 * j], dy = points[2 * i + 1] - points[2 * j + 1], sum = 0;
                for (var k = 0; k < vectors[i].Length; k++) sum += (vectors[i][k] - vectors[j][k]) * (vectors[i][k] - vectors[j][k]);
                (plane[j], before[j]) = (dx * dx + dy * dy, sum);
            }
            (plane[i], before[i]) = (double.PositiveInfinity, double.PositiveInfinity);
            var rank = new int[n];
            var order = Order(before);
            for (var r = 0; r < n; r++) rank[order[r]] = r + 1;
            foreach (var j in Order(plane).Take(neighbours)) penalties[i] += Math.Max(0, rank[j] - neighbours);
        });
        return 1 - penalties.Sum() * 2 / (n * (double)neighbours * (2.0 * n - 3.0 * neighbours - 1));
    }

    private static int[] Order(double[] distances)
    {
        int[] order = [.. Enumerable.Range(0, distances.Length)];
        Array.Sort((double[])distances.Clone(), order);
        return order;
    }
}
