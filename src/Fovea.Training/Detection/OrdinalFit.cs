using Fovea.Detection.Grading;

namespace Fovea.Training.Detection;

/// <summary>Fits an <see cref="OrdinalModel"/> by maximum likelihood with a ridge on the weights: gradient descent with a step that shrinks until it helps; the problem is convex.</summary>
public static class OrdinalFit
{
    private const int Rounds = 4000;

    /// <param name="grades">0 … <paramref name="classes"/> − 1, one an eye.</param>
    /// <param name="ridge">λ of ½·λ·|w|²; keeps weights finite where few eyes separate the grades.</param>
    /// <exception cref="ArgumentException">Fewer than two eyes, or a grade out of range.</exception>
    public static OrdinalModel Fit(IReadOnlyList<LesionFeatures> eyes, IReadOnlyList<int> grades, IReadOnlyList<LesionKind> kinds, int classes = 5, double ridge = 1)
    {
        ArgumentNullException.ThrowIfNull(eyes);
        if (eyes.Count < 2 || eyes.Count != grades.Count || grades.Any(g => g < 0 || g >= classes)) throw new ArgumentException("two eyes or more, each with a grade of the scale, are needed", nameof(eyes));
        double[][] rows = [.. eyes.Select(e => OrdinalModel.Vector(e, kinds))];
        var width = rows[0].Length;
        double[] means = [.. Enumerable.Range(0, width).Select(i => rows.Average(r => r[i]))];
        double[] deviations = [.. Enumerable.Range(0, width).Select(i => Math.Sqrt(rows.Average(r => Math.Pow(r[i] - means[i], 2))) is > 1e-9 and var d ? d : 1)];
        foreach (var row in rows)
            for (var i = 0; i < width; i++) row[i] = (row[i] - means[i]) / deviations[i];

        // Thresholds are θ_0 and the logarithms of the steps between them, so that they rise.
        var p = new double[width + classes - 1];
        for (var k = 0; k + 1 < classes; k++)
        {
            var share = Math.Clamp((grades.Count(g => g > k) + 0.5) / (grades.Count + 1), 1e-3, 1 - 1e-3);
            var theta = Math.Log((1 - share) / share);
            p[width + k] = k == 0 ? theta : Math.Log(Math.Max(0.05, theta - Thresholds(p, width, k)[k - 1]));
        }
        var (loss, gradient) = Loss(p, rows, grades, width, classes, ridge);
        var step = 0.1;
        for (var round = 0; round < Rounds && gradient.Sum(g => g * g) > 1e-12; round++)
        {
            double[] next = [.. p.Select((v, i) => v - step * gradient[i])];
            var (l, g) = Loss(next, rows, grades, width, classes, ridge);
            if (l <= loss) (p, loss, gradient, step) = (next, l, g, step * 1.2);
            else step *= 0.5;
        }
        return new OrdinalModel(kinds, means, deviations, p[..width], Thresholds(p, width, classes - 1));
    }

    private static double[] Thresholds(double[] p, int width, int count)
    {
        var thetas = new double[count];
        for (var k = 0; k < count; k++) thetas[k] = k == 0 ? p[width] : thetas[k - 1] + Math.Exp(p[width + k]);
        return thetas;
    }

    /// <summary>Mean negative log-likelihood with the ridge's share, and its gradient.</summary>
    private static (double, double[]) Loss(double[] p, double[][] rows, IReadOnlyList<int> grades, int width, int classes, double ridge)
    {
        static double Sigma(double v) => 1 / (1 + Math.Exp(-v));
        var (thetas, gradient, loss) = (Thresholds(p, width, classes - 1), new double[p.Length], 0.0);
        var n = rows.Length;
        for (var i = 0; i < width; i++)
        {
            loss += 0.5 * ridge * p[i] * p[i] / n;
            gradient[i] = ridge * p[i] / n;
        }
        for (var r = 0; r < n; r++)
        {
            var score = 0.0;
            for (var i = 0; i < width; i++) score += p[i] * rows[r][i];
            var y = grades[r];
            var (upper, lower) = (y == 0 ? 1 : Sigma(score - thetas[y - 1]), y == classes - 1 ? 0 : Sigma(score - thetas[y]));
            var probability = Math.Max(upper - lower, 1e-12);
            loss -= Math.Log(probability) / n;
            var (du, dl) = (upper * (1 - upper) / probability / n, lower * (1 - lower) / probability / n);
            for (var i = 0; i < width; i++) gradient[i] -= (du - dl) * rows[r][i];
            // θ_k moves with θ_0 and every step up to k.
            if (y > 0) Add(y - 1, du);
            if (y < classes - 1) Add(y, -dl);
        }
        return (loss, gradient);

        void Add(int k, double value)
        {
            gradient[width] += value;
            for (var j = 1; j <= k; j++) gradient[width + j] += value * Math.Exp(p[width + j]);
        }
    }
}
