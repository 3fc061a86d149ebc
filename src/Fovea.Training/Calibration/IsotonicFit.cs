using Fovea.Calibration;

namespace Fovea.Training.Calibration;

/// <summary>Isotonic regression of what happened on a score: the rising function with the least squared error (pool adjacent violators, Ayer et al. 1955), as scikit-learn fits it.</summary>
public static class IsotonicFit
{
    /// <param name="score">Of each image; equal ones count as one with their mean.</param>
    /// <param name="happened">Whether the image is what the score speaks of.</param>
    /// <param name="certainty">
    /// Whether the function may say 0 and 1. False keeps it away from both by 1 / (n + 2), as after one more image of either kind: that nothing was seen in n images is no proof that it cannot be.
    /// </param>
    /// <exception cref="ArgumentException">No image, or a score that is not finite.</exception>
    public static IsotonicMap Fit(ReadOnlySpan<double> score, ReadOnlySpan<bool> happened, bool certainty = false)
    {
        if (score.IsEmpty || score.Length != happened.Length) throw new ArgumentException($"{score.Length} scores and {happened.Length} outcomes");
        var (x, y) = (score.ToArray(), Array.ConvertAll(happened.ToArray(), h => h ? 1.0 : 0.0));
        if (!x.All(double.IsFinite)) throw new ArgumentException("a score is not finite", nameof(score));
        Array.Sort(x, y);
        var blocks = new List<(double First, double Last, double Sum, double Count)>();
        var unique = new List<double>();
        for (var i = 0; i < x.Length;)
        {
            var (at, sum, count) = (x[i], 0.0, 0);
            for (; i < x.Length && x[i] == at; i++, count++) sum += y[i];
            unique.Add(at);
            blocks.Add((at, at, sum, count));
            while (blocks.Count > 1 && blocks[^2].Sum * blocks[^1].Count >= blocks[^1].Sum * blocks[^2].Count)
            {
                blocks[^2] = (blocks[^2].First, blocks[^1].Last, blocks[^2].Sum + blocks[^1].Sum, blocks[^2].Count + blocks[^1].Count);
                blocks.RemoveAt(blocks.Count - 1);
            }
        }
        // Ends of the flat stretches are all that a piecewise linear function needs.
        var knots = new List<(double X, double Y)>();
        foreach (var b in blocks)
        {
            knots.Add((b.First, b.Sum / b.Count));
            if (b.Last > b.First) knots.Add((b.Last, b.Sum / b.Count));
        }
        if (knots.Count == 1) knots.Add((knots[0].X + 1, knots[0].Y));
        if (knots.Count > IsotonicMap.MostKnots)
            knots = [.. Enumerable.Range(0, IsotonicMap.MostKnots).Select(i => knots[(int)((long)i * (knots.Count - 1) / (IsotonicMap.MostKnots - 1))])];
        var margin = certainty ? 0 : 1.0 / (x.Length + 2);
        return new IsotonicMap([.. knots.Select(k => k.X)], [.. knots.Select(k => Math.Clamp(k.Y, margin, 1 - margin))]);
    }
}
