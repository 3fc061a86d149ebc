using Fovea.Training.Augmentation;

namespace Fovea.Training.Data.Lesions;

/// <summary>
/// The boxes of lesions as masks would give them: what touches is one region. A made-up retina's truth has every blob that was painted, also those that lie over each other, which nobody could tell apart in the picture.
/// </summary>
internal static class TouchingLesions
{
    /// <summary>Joins lesions of one kind that touch, also through others. A blob is taken to fill the ellipse in its box.</summary>
    /// <returns>In the order of each region's first lesion.</returns>
    public static LesionBox[] Join(IReadOnlyList<LesionBox> lesions)
    {
        var region = Enumerable.Range(0, lesions.Count).ToArray();
        int Root(int i) => region[i] == i ? i : region[i] = Root(region[i]);
        for (var i = 0; i < lesions.Count; i++)
            for (var j = 0; j < i; j++)
            {
                if (lesions[i].Kind != lesions[j].Kind || !Touch(lesions[i].Bounds, lesions[j].Bounds)) continue;
                var (a, b) = (Root(i), Root(j));
                region[Math.Max(a, b)] = Math.Min(a, b);
            }
        return
        [
            .. Enumerable.Range(0, lesions.Count).GroupBy(Root).Select(group =>
            {
                MarkedBox[] boxes = [.. group.Select(i => lesions[i].Bounds)];
                return new LesionBox(new MarkedBox(boxes.Min(b => b.Left), boxes.Min(b => b.Top), boxes.Max(b => b.Right), boxes.Max(b => b.Bottom), boxes[0].Kind));
            }),
        ];
    }

    // Two ellipses with parallel axes: scaled by the sums of their half axes, the distance of their centres is below one. Exact where they are alike.
    private static bool Touch(MarkedBox a, MarkedBox b)
    {
        var x = (a.Left + a.Right - b.Left - b.Right) / (a.Right - a.Left + b.Right - b.Left);
        var y = (a.Top + a.Bottom - b.Top - b.Bottom) / (a.Bottom - a.Top + b.Bottom - b.Top);
        return x * x + y * y < 1;
    }
}
