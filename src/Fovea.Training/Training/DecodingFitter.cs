using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>Fits what stands between a network's numbers and the grade.</summary>
public static class DecodingFitter
{
    // Holds the weights near a third each where the heads say the same, as they mostly do; in images.
    private const double Ridge = 1;

    /// <param name="logits">[N, outputs] of images that the fit may look at.</param>
    /// <param name="labels">[N].</param>
    /// <returns>Null where nothing is to be fitted.</returns>
    public static DecodingSpec? Fit(HeadSpec head, DecodingFit fit, ReadOnlySpan<float> logits, IReadOnlyList<int> labels)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(labels);
        if (fit == DecodingFit.None) return null;
        var decoding = new DecodingSpec { ReferableFrom = Math.Min(2, head.Classes - 1) };
        if (fit is DecodingFit.HeadWeights or DecodingFit.HeadWeightsAndThresholds) decoding = decoding with { HeadWeights = HeadWeights(new GradeDecoder(head), logits, labels) };
        if (fit == DecodingFit.HeadWeights) return decoding;
        var decoder = new GradeDecoder(head, decoding);
        var values = new double[labels.Count];
        for (var i = 0; i < values.Length; i++) values[i] = decoder.Value(logits.Slice(i * head.Outputs, head.Outputs));
        return decoding with { Thresholds = Thresholds(values, labels, head.Classes) };
    }

    /// <summary>Weights a, b, c and constant d with the least Σ (a·regression + b·class + c·ordinal sum + d − grade)², held near ⅓, ⅓, ⅓, 0.</summary>
    private static double[] HeadWeights(GradeDecoder decoder, ReadOnlySpan<float> logits, IReadOnlyList<int> labels)
    {
        const int n = 4;
        double[] prior = [1.0 / 3, 1.0 / 3, 1.0 / 3, 0];
        var (left, right) = (new double[n, n], new double[n]);
        for (var j = 0; j < n; j++) (left[j, j], right[j]) = (Ridge, Ridge * prior[j]);
        for (var i = 0; i < labels.Count; i++)
        {
            var (regression, best, sum) = decoder.ThreeValues(logits.Slice(i * decoder.Head.Outputs, decoder.Head.Outputs));
            double[] x = [regression, best, sum, 1];
            for (var j = 0; j < n; j++)
            {
                right[j] += x[j] * labels[i];
                for (var k = 0; k < n; k++) left[j, k] += x[j] * x[k];
            }
        }
        return Solve(left, right);
    }

    /// <summary>Gauss's elimination; the matrix is symmetric and positive definite.</summary>
    private static double[] Solve(double[,] a, double[] b)
    {
        var n = b.Length;
        for (var i = 0; i < n; i++)
            for (var r = i + 1; r < n; r++)
            {
                var f = a[r, i] / a[i, i];
                for (var c = i; c < n; c++) a[r, c] -= f * a[i, c];
                b[r] -= f * b[i];
            }
        for (var i = n - 1; i >= 0; i--)
        {
            for (var c = i + 1; c < n; c++) b[i] -= a[i, c] * b[c];
            b[i] /= a[i, i];
        }
        return b;
    }

    /// <summary>Thresholds with the best quadratic weighted kappa: from k + 0.5 on, each in turn moves to the best place between its neighbours, until none moves.</summary>
    /// <param name="values">[N], the numbers that are compared with them.</param>
    /// <param name="labels">[N], 0 … <paramref name="classes"/> − 1.</param>
    public static double[] Thresholds(IReadOnlyList<double> values, IReadOnlyList<int> labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(labels);
        const int most = 200, rounds = 20;
        double[] thresholds = [.. Enumerable.Range(0, classes - 1).Select(k => k + 0.5)];
        var sorted = values.Distinct().Order().ToArray();
        var step = Math.Max(1, sorted.Length / most);
        double[] places = [.. Enumerable.Range(1, Math.Max(0, sorted.Length - 1)).Where(i => i % step == 0).Select(i => (sorted[i - 1] + sorted[i]) / 2)];
        var best = Kappa(values, labels, thresholds);
        for (var round = 0; round < rounds; round++)
        {
            var moved = false;
            for (var k = 0; k < thresholds.Length; k++)
                foreach (var place in places)
                {
                    if ((k > 0 && place <= thresholds[k - 1]) || (k + 1 < thresholds.Length && place >= thresholds[k + 1])) continue;
                    var before = thresholds[k];
                    thresholds[k] = place;
                    var kappa = Kappa(values, labels, thresholds);
                    if (kappa > best + 1e-12) (best, moved) = (kappa, true);
                    else thresholds[k] = before;
                }
            if (!moved) break;
        }
        return thresholds;
    }

    private static double Kappa(IReadOnlyList<double> values, IReadOnlyList<int> labels, double[] thresholds)
    {
        var (n, k) = (labels.Count, thresholds.Length + 1);
        var (truth, said, observed) = (new double[k], new double[k], 0.0);
        for (var i = 0; i < n; i++)
        {
            var grade = 0;
            while (grade < thresholds.Length && values[i] >= thresholds[grade]) grade++;
            truth[labels[i]]++;
            said[grade]++;
            observed += (grade - labels[i]) * (grade - labels[i]);
        }
        var expected = 0.0;
        for (var a = 0; a < k; a++)
            for (var b = 0; b < k; b++) expected += truth[a] * said[b] * (a - b) * (a - b) / n;
        return expected == 0 ? 0 : 1 - observed / expected;
    }
}
