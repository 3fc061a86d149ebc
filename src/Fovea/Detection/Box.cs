namespace Fovea.Detection;

/// <summary>
/// A rectangle around something in a picture. Pixels, x right, y down, half-open: the top-left pixel reaches from 0 to 1, so a box of width W covers W pixels. In whose pixels, the one who holds it says.
/// </summary>
public readonly record struct Box(float Left, float Top, float Right, float Bottom)
{
    public float Width => Right - Left;

    public float Height => Bottom - Top;

    /// <summary>Square pixels; not meaningful for a box that is inside out.</summary>
    public float Area => (Right - Left) * (Bottom - Top);

    public (float X, float Y) Centre => ((Left + Right) / 2, (Top + Bottom) / 2);

    /// <summary>False for one without pixels or inside out, or with a side that is no number.</summary>
    public bool HasArea => Right > Left && Bottom > Top && float.IsFinite(Left + Top + Right + Bottom);

    /// <summary>Shared area in square pixels, 0 where they do not meet.</summary>
    public float Intersection(in Box other)
    {
        var width = MathF.Min(Right, other.Right) - MathF.Max(Left, other.Left);
        var height = MathF.Min(Bottom, other.Bottom) - MathF.Max(Top, other.Top);
        return width > 0 && height > 0 ? width * height : 0;
    }

    /// <summary>Shared area over joined area (Jaccard), 0–1.</summary>
    public float IntersectionOverUnion(in Box other)
    {
        var shared = Intersection(other);
        return shared == 0 ? 0 : shared / (Area + other.Area - shared);
    }

    /// <summary>Whether a point lies in it; the right and the bottom edge do not.</summary>
    public bool Contains(float x, float y) => x >= Left && x < Right && y >= Top && y < Bottom;

    /// <summary>What of it lies in a picture; perhaps without area.</summary>
    public Box Clipped(float width, float height) => new(Math.Clamp(Left, 0, width), Math.Clamp(Top, 0, height), Math.Clamp(Right, 0, width), Math.Clamp(Bottom, 0, height));

    public Box Moved(float dx, float dy) => new(Left + dx, Top + dy, Right + dx, Bottom + dy);

    public Box Scaled(float x, float y) => new(Left * x, Top * y, Right * x, Bottom * y);
}

/// <summary>A box that a detector found.</summary>
/// <param name="Bounds">In whose pixels, the one who gives it says.</param>
/// <param name="Label">From 1; 0 would be the background.</param>
/// <param name="Score">The network's confidence, 0–1; not calibrated.</param>
public readonly record struct DetectedBox(Box Bounds, int Label, float Score);
