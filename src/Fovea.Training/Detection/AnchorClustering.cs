using Fovea.Detection;

namespace Fovea.Training.Detection;

/// <summary>
/// Anchors that fit the boxes of a data set: k-means of their widths and heights with 1 − IoU as the distance (Redmon, Farhadi 2016, arXiv 1612.08242, section 2), on square roots of areas here, since a
/// level has each size in the same ratios.
/// </summary>
public static class AnchorClustering
{
    private const int Rounds = 100;
    private const float LeastSize = 4;

    /// <summary>
    /// As many sizes for each level as the layout has, of the boxes that are nearer to its sizes than to another level's; its ratios stay. Sizes stay with the stride of their level: anchors of 20 pixels at places 32 apart
    /// would miss most of what is as large.
    /// </summary>
    /// <param name="layout">Sizes rise from level to level.</param>
    /// <param name="boxes">In the pixels that the network sees.</param>
    /// <returns>A level that holds fewer boxes than anchors keeps its sizes.</returns>
    public static AnchorLayout Fit(AnchorLayout layout, IReadOnlyList<Box> boxes, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(boxes);
        float[] sizes = [.. boxes.Select(b => MathF.Sqrt(b.Area))];
        // Where the level's largest and the next one's least size are equally near: IoUs of squares depend on the ratio.
        float[] upTo = [.. Enumerable.Range(0, layout.Levels).Select(i => i + 1 < layout.Levels ? MathF.Sqrt(layout.Sizes[i].Max() * layout.Sizes[i + 1].Min()) : float.PositiveInfinity)];
        var levels = layout.Sizes.Select((level, i) =>
        {
            float[] own = [.. sizes.Where(s => s < upTo[i] && (i == 0 || s >= upTo[i - 1]))];
            return own.Length < level.Count ? level : (IReadOnlyList<float>)[.. Cluster(own, level.Count, seed).Select(s => Math.Max(LeastSize, MathF.Round(s)))];
        });
        return layout with { Sizes = [.. levels] };
    }

    /// <summary>Centres of the sizes in rising order. Squares s and t of one centre have IoU (min/max)².</summary>
    private static float[] Cluster(float[] sizes, int count, ulong seed)
    {
        Array.Sort(sizes);
        // In one dimension quantiles are a start as good as any drawn; the seed breaks what is equal.
        var random = SeededRandom.For(seed, 0x616E63686F72);
        float[] centres = [.. Enumerable.Range(0, count).Select(i => sizes[(int)((i + 0.5) * sizes.Length / count)] * (float)(1 + 1e-4 * random.NextDouble()))];
        Array.Sort(centres);
        for (var round = 0; round < Rounds; round++)
        {
            // The distance depends on the ratio alone, so a centre is the mean of logarithms.
            var (sums, counts) = (new double[count], new int[count]);
            foreach (var size in sizes)
            {
                var nearest = 0;
                for (var c = 1; c < count; c++)
                    if (Overlap(size, centres[c]) > Overlap(size, centres[nearest])) nearest = c;
                sums[nearest] += Math.Log(size);
                counts[nearest]++;
            }
            float[] moved = [.. centres.Select((centre, c) => counts[c] == 0 ? centre : (float)Math.Exp(sums[c] / counts[c]))];
            Array.Sort(moved);
            if (moved.AsSpan().SequenceEqual(centres)) break;
            centres = moved;
        }
        return centres;
    }

    private static float Overlap(float a, float b) => a < b ? a / b * (a / b) : b / a * (b / a);
}
