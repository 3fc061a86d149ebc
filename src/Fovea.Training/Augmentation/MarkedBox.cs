namespace Fovea.Training.Augmentation;

/// <summary>
/// A box around something in a picture, e.g. a lesion. Pixels, x right, y down; the edges are those of pixels: the top-left pixel reaches from 0 to 1.
/// </summary>
/// <param name="Kind">Its class, for the caller; moved along.</param>
public sealed record MarkedBox(double Left, double Top, double Right, double Bottom, int Kind = 0)
{
    /// <summary>Points on one ellipse; a multiple of four, so that the ends of the axes are among them.</summary>
    private const int EllipsePoints = 64;

    /// <summary>
    /// Points around what the box holds, in the same frame as the box. With it a moved box is exact; without, the box is taken to hold an ellipse that touches its
    /// sides, which fits roundish lesions: the corners of a turned box would enlarge it by up to half at every turn.
    /// </summary>
    public IReadOnlyList<(double X, double Y)>? Outline { get; init; }

    public double Area => (Right - Left) * (Bottom - Top);

    /// <summary>Shared area over joined area, 0–1.</summary>
    public double IntersectionOverUnion(MarkedBox other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var shared = Math.Max(0, Math.Min(Right, other.Right) - Math.Max(Left, other.Left)) * Math.Max(0, Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top));
        return shared == 0 ? 0 : shared / (Area + other.Area - shared);
    }

    /// <summary>The box of the moved outline, clipped to the picture; null where too little of it is left.</summary>
    internal MarkedBox? Moved(ImageWarp warp, int width, int height, double leastShare)
    {
        var outline = Outline ?? Ellipse();
        var moved = new (double X, double Y)[outline.Count];
        var (left, top, right, bottom) = (double.PositiveInfinity, double.PositiveInfinity, double.NegativeInfinity, double.NegativeInfinity);
        for (var i = 0; i < moved.Length; i++)
        {
            var (x, y) = warp.ToResult(outline[i].X - 0.5, outline[i].Y - 0.5);
            moved[i] = (x, y) = (x + 0.5, y + 0.5);
            (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
        }
        var whole = new MarkedBox(left, top, right, bottom, Kind) { Outline = Outline is null ? null : moved };
        var clipped = whole with { Left = Math.Max(0, left), Top = Math.Max(0, top), Right = Math.Min(width, right), Bottom = Math.Min(height, bottom) };
        return clipped.Left < clipped.Right && clipped.Top < clipped.Bottom && clipped.Area >= leastShare * whole.Area ? clipped : null;
    }

    private (double X, double Y)[] Ellipse()
    {
        var (cx, cy, rx, ry) = ((Left + Right) / 2, (Top + Bottom) / 2, (Right - Left) / 2, (Bottom - Top) / 2);
        var points = new (double X, double Y)[EllipsePoints];
        for (var i = 0; i < EllipsePoints; i++)
        {
            var (sin, cos) = Math.SinCos(2 * Math.PI * i / EllipsePoints);
            points[i] = (cx + rx * cos, cy + ry * sin);
        }
        return points;
    }
}
