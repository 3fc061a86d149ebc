namespace Fovea.Training.Inspection.Embedding;

/// <summary>Settings of <see cref="TSne"/>; the defaults are scikit-learn 1.2's with <c>learning_rate="auto"</c>.</summary>
public sealed record TSneOptions
{
    public double Perplexity { get; init; } = 30;

    /// <summary>Accuracy of the repulsion, 0 (exact) to 1.</summary>
    public double Theta { get; init; } = 0.5;

    public int Iterations { get; init; } = 1000;

    public double EarlyExaggeration { get; init; } = 12;

    /// <summary>Iterations with exaggerated affinities and momentum 0.5; afterwards 0.8.</summary>
    public int EarlyIterations { get; init; } = 250;

    /// <summary>Null: n / exaggeration / 4, at least 50 (Belkina et al. 2019, as scikit-learn's "auto").</summary>
    public double? LearningRate { get; init; }

    /// <summary>Of the random start.</summary>
    public ulong Seed { get; init; }
}

/// <summary>Points in the plane.</summary>
/// <param name="Points">x and y by turns.</param>
/// <param name="Divergence">Kullback–Leibler divergence of the affinities, the less the better; comparable for equal input and perplexity only.</param>
public sealed record TSneResult(double[] Points, double Divergence, int Iterations);

/// <summary>
/// Barnes–Hut t-SNE (van der Maaten 2014, arXiv 1301.3342): lays points out in the plane so that neighbours stay neighbours. Distances between far groups and the size of
/// groups mean nothing. The same input and seed give the same bits on any number of cores.
/// </summary>
public static class TSne
{
    private const double LeastGain = 0.01, LeastGradient = 1e-7;
    private const int CheckEvery = 50, MostWithoutProgress = 300;

    /// <param name="vectors">n vectors of one length, at best no more than 50 long (<see cref="PrincipalComponents"/>).</param>
    /// <param name="start">x and y by turns; null: normal with deviation 1e-4, by the seed.</param>
    /// <exception cref="ArgumentException">Too few vectors for the perplexity.</exception>
    public static TSneResult Run(double[][] vectors, TSneOptions options, double[]? start = null, CancellationToken cancel = default) =>
        Run(Affinities.Of(vectors, options.Perplexity, cancel), options, start, cancel);

    internal static TSneResult Run(Affinities affinities, TSneOptions options, double[]? start, CancellationToken cancel)
    {
        var n = affinities.Count;
        var points = (double[]?)start?.Clone() ?? Start(n, options.Seed);
        var rate = options.LearningRate ?? Math.Max(n / options.EarlyExaggeration / 4, 50);
        var (update, gains) = (new double[2 * n], new double[2 * n]);
        Array.Fill(gains, 1);
        var (best, bestAt) = (double.MaxValue, 0);
        for (var iteration = 0; iteration < options.Iterations; iteration++)
        {
            cancel.ThrowIfCancellationRequested();
            var early = iteration < options.EarlyIterations;
            if (iteration == options.EarlyIterations)
            {
                // Momentum and gains belong to the exaggerated landscape.
                Array.Clear(update);
                Array.Fill(gains, 1);
                (best, bestAt) = (double.MaxValue, iteration);
            }
            var check = (iteration + 1) % CheckEvery == 0;
            var (gradient, divergence) = Gradient(affinities, points, options.Theta, early ? options.EarlyExaggeration : 1, check);
            Step(points, gradient, update, gains, rate, early ? 0.5 : 0.8);
            if (!check || early) continue;
            if (divergence < best) (best, bestAt) = (divergence, iteration);
            else if (iteration - bestAt > MostWithoutProgress) return Finish(iteration + 1);
            if (Math.Sqrt(gradient.Sum(g => g * g)) <= LeastGradient) return Finish(iteration + 1);
        }
        return Finish(options.Iterations);

        TSneResult Finish(int iterations) => new(points, Gradient(affinities, points, options.Theta, 1, true).Divergence, iterations);
    }

    private static double[] Start(int n, ulong seed)
    {
        var random = SeededRandom.For(seed, 0x74736E65);
        return [.. Enumerable.Range(0, 2 * n).Select(_ => 1e-4 * random.NextNormal())];
    }

    private static void Step(double[] points, double[] gradient, double[] update, double[] gains, double rate, double momentum)
    {
        for (var m = 0; m < points.Length; m++)
        {
            gains[m] = update[m] * gradient[m] < 0 ? gains[m] + 0.2 : Math.Max(LeastGain, gains[m] * 0.8);
            update[m] = momentum * update[m] - rate * gains[m] * gradient[m];
            points[m] += update[m];
        }
    }

    /// <summary>The gradient of the divergence (2014, equation 8), and the divergence where it is asked for (of the exaggerated affinities, as scikit-learn reports it).</summary>
    internal static (double[] Gradient, double Divergence) Gradient(Affinities affinities, double[] points, double theta, double exaggeration, bool withDivergence)
    {
        var n = affinities.Count;
        var tree = new QuadTree(points);
        var (repulsion, normalisers, attraction, divergences) = (new double[2 * n], new double[n], new double[2 * n], new double[n]);
        Parallel.For(0, (n + 63) / 64, block =>
        {
            for (var i = block * 64; i < Math.Min(n, block * 64 + 64); i++)
            {
                (repulsion[2 * i], repulsion[2 * i + 1], normalisers[i]) = tree.Repulsion(i, theta);
                Attract(i);
            }
        });
        var normaliser = Math.Max(normalisers.Sum(), double.Epsilon); // in order, so that the bits are the same
        var gradient = new double[2 * n];
        for (var m = 0; m < gradient.Length; m++) gradient[m] = 4 * (exaggeration * attraction[m] - repulsion[m] / normaliser);
        if (!withDivergence) return (gradient, double.NaN);
        // Σ p log(p / q) with q = w / normaliser; Σ p = exaggeration.
        return (gradient, exaggeration * (divergences.Sum() + Math.Log(normaliser) + Math.Log(exaggeration)));

        void Attract(int i)
        {
            double x = 0, y = 0, divergence = 0;
            for (var m = affinities.Starts[i]; m < affinities.Starts[i + 1]; m++)
            {
                var j = affinities.Columns[m];
                double dx = points[2 * i] - points[2 * j], dy = points[2 * i + 1] - points[2 * j + 1], squared = 1 + dx * dx + dy * dy, p = affinities.Values[m];
                x += p / squared * dx;
                y += p / squared * dy;
                if (withDivergence && p > 0) divergence += p * Math.Log(p * squared);
            }
            (attraction[2 * i], attraction[2 * i + 1], divergences[i]) = (x, y, divergence);
        }
    }
}
