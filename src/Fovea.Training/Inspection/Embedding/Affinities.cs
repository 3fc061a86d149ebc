namespace Fovea.Training.Inspection.Embedding;

/// <summary>
/// Which points are alike, as t-SNE has it (van der Maaten and Hinton 2008, section 2; 2014, arXiv 1301.3342, section 4.1): a Gaussian around each point over its
/// 3 · perplexity nearest neighbours, as wide as gives the perplexity, made symmetric. Sparse rows.
/// </summary>
public sealed class Affinities
{
    private const int MostSteps = 100;
    private const double Tolerance = 1e-5; // of the entropy in nats, scikit-learn's

    private Affinities(int[] starts, int[] columns, double[] values) => (Starts, Columns, Values) = (starts, columns, values);

    /// <summary>n + 1 positions: row i is <see cref="Columns"/> and <see cref="Values"/> from Starts[i] to Starts[i + 1].</summary>
    public int[] Starts { get; }

    public int[] Columns { get; }

    /// <summary>Joint probabilities; their sum is 1.</summary>
    public double[] Values { get; }

    public int Count => Starts.Length - 1;

    /// <summary>The largest perplexity that <paramref name="count"/> points allow: each has 3 · perplexity neighbours beside itself.</summary>
    public static double MostPerplexity(int count) => (count - 1) / 3.0;

    /// <param name="points">n vectors of one length. Equal ones may occur.</param>
    /// <param name="perplexity">About how many neighbours count, 1 or more.</param>
    /// <exception cref="ArgumentException">Too few points for the perplexity.</exception>
    public static Affinities Of(double[][] points, double perplexity, CancellationToken cancel = default)
    {
        var n = points.Length;
        if (!(perplexity >= 1) || perplexity > MostPerplexity(n))
            throw new ArgumentException($"a perplexity of {perplexity:0.##} needs at least {Math.Ceiling(3 * Math.Max(1, perplexity)) + 1:0} points, and there are {n}", nameof(perplexity));
        var k = Math.Min(n - 1, (int)(3 * perplexity + 1));
        var neighbours = new int[n][];
        var conditional = new double[n][];
        // Every distance, exactly: at some thousands of points of 50 dimensions that is seconds, and a tree prunes little in so many dimensions.
        Parallel.For(0, n, new ParallelOptions { CancellationToken = cancel }, i =>
        {
            var distances = new double[n];
            for (var j = 0; j < n; j++) distances[j] = j == i ? double.PositiveInfinity : SquaredDistance(points[i], points[j]);
            int[] order = [.. Enumerable.Range(0, n)];
            // By index among equals, so that the choice does not depend on the sorting.
            Array.Sort(order, (a, b) => distances[a] != distances[b] ? distances[a].CompareTo(distances[b]) : a.CompareTo(b));
            neighbours[i] = order[..k];
            conditional[i] = Conditional([.. neighbours[i].Select(j => distances[j])], perplexity);
        });
        return Symmetric(neighbours, conditional);
    }

    /// <summary>p(j|i) of one point: exp(−β d²), normalised, with the β whose entropy is log perplexity.</summary>
    internal static double[] Conditional(double[] squaredDistances, double perplexity)
    {
        var target = Math.Log(perplexity);
        // Distances from the nearest on: the same probabilities, but the largest exponential is 1 and cannot vanish.
        var nearest = squaredDistances.Min();
        var shifted = Array.ConvertAll(squaredDistances, d => d - nearest);
        var mean = shifted.Average();
        var p = new double[shifted.Length];
        // Scale-free start; equal neighbours have no scale, and any β serves.
        double beta = mean > 0 ? 1 / mean : 1, low = 0, high = double.PositiveInfinity;
        for (var step = 0; step < MostSteps; step++)
        {
            double sum = 0, weighted = 0;
            for (var j = 0; j < p.Length; j++)
            {
                sum += p[j] = Math.Exp(-beta * shifted[j]);
                weighted += p[j] * shifted[j];
            }
            for (var j = 0; j < p.Length; j++) p[j] /= sum;
            var entropy = Math.Log(sum) + beta * weighted / sum;
            if (Math.Abs(entropy - target) <= Tolerance) break;
            if (entropy > target) (low, beta) = (beta, double.IsInfinity(high) ? 2 * beta : (beta + high) / 2);
            else (high, beta) = (beta, (beta + low) / 2);
            // More neighbours at the very same place than the perplexity: no β reaches it.
            if (beta is > 1e300 or < 1e-300) break;
        }
        return p;
    }

    private static double SquaredDistance(double[] a, double[] b)
    {
        double sum = 0;
        for (var k = 0; k < a.Length; k++) sum += (a[k] - b[k]) * (a[k] - b[k]);
        return sum;
    }

    private static Affinities Symmetric(int[][] neighbours, double[][] conditional)
    {
        var n = neighbours.Length;
        var rows = new SortedDictionary<int, double>[n];
        for (var i = 0; i < n; i++) rows[i] = [];
        for (var i = 0; i < n; i++)
        {
            for (var m = 0; m < neighbours[i].Length; m++)
            {
                var (j, p) = (neighbours[i][m], conditional[i][m]);
                rows[i][j] = rows[i].GetValueOrDefault(j) + p;
                rows[j][i] = rows[j].GetValueOrDefault(i) + p;
            }
        }
        var starts = new int[n + 1];
        for (var i = 0; i < n; i++) starts[i + 1] = starts[i] + rows[i].Count;
        int[] columns = [.. rows.SelectMany(r => r.Keys)];
        double[] values = [.. rows.SelectMany(r => r.Values)];
        var total = values.Sum();
        for (var m = 0; m < values.Length; m++) values[m] /= total;
        return new Affinities(starts, columns, values);
    }
}
