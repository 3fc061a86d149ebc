using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>How values between pixels are found. The numbers are OpenCV's.</summary>
public enum Interpolation
{
    Nearest = 0,
    Linear = 1,
    Cubic = 2,

    /// <summary>The mean of the covered area: best for shrinking. <see cref="Image.Resize"/> only.</summary>
    Area = 3,

    /// <summary>Lanczos over 8×8 pixels.</summary>
    Lanczos = 4,
}

/// <summary>What lies outside the picture. The numbers are OpenCV's.</summary>
public enum Border
{
    /// <summary>The fill colour.</summary>
    Constant = 0,

    /// <summary>aaa|abcd|ddd</summary>
    Replicate = 1,

    /// <summary>dcb|abcd|cba</summary>
    Reflect101 = 4,
}

public sealed unsafe partial class Image
{
    /// <summary>Scaled to <paramref name="width"/> × <paramref name="height"/> as cv2.resize does it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1.</exception>
    public Image Resize(int width, int height, Interpolation interpolation = Interpolation.Linear) =>
        Apply(width, height, Channels, (s, d) => Native.Resize(s, d, (int)interpolation));

    /// <summary>
    /// The rectangle from (x, y), x + width and y + height exclusive, scaled as <see cref="Crop"/> and then <see cref="Resize"/> would, without the copy.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The rectangle is empty or leaves the image.</exception>
    public Image ResizeRegion(int x, int y, int width, int height, int toWidth, int toHeight, Interpolation interpolation = Interpolation.Linear)
    {
        RequireInside(x, y, width, height);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        return Apply(toWidth, toHeight, Channels, (s, d) =>
        {
            var region = stackalloc int[] { x, y, width, height };
            Native.ResizeRegion(s, region, d, (int)interpolation);
        });
    }

    /// <summary>The rectangle from (x, y), x + width and y + height exclusive, which must lie inside the image.</summary>
    public Image Crop(int x, int y, int width, int height)
    {
        RequireInside(x, y, width, height);
        var result = Uninitialised(width, height, Channels);
        for (var row = 0; row < height; row++)
            Row(y + row).Slice(x * Channels, width * Channels).CopyTo(result.Row(row));
        return result;
    }

    /// <summary>
    /// The image moved by <paramref name="transform"/>, which maps source pixel centres to destination pixel centres, onto a canvas of
    /// <paramref name="width"/> × <paramref name="height"/>; as cv2.warpAffine does it.
    /// </summary>
    /// <param name="fill">What <see cref="Border.Constant"/> puts outside the picture; a grey image takes its red. Default: black.</param>
    /// <exception cref="ArgumentException">The transform cannot be inverted, or the interpolation is <see cref="Interpolation.Area"/>.</exception>
    public Image WarpAffine(
        in AffineTransform transform, int width, int height, Interpolation interpolation = Interpolation.Linear, Border border = Border.Constant,
        Colour fill = default)
    {
        if (!transform.IsInvertible)
            throw new ArgumentException("The transform cannot be inverted.", nameof(transform));
        if (interpolation == Interpolation.Area)
            throw new ArgumentException("A warp cannot average areas; resize first.", nameof(interpolation));
        var t = transform;
        return Apply(width, height, Channels, (s, d) =>
        {
            var forward = stackalloc double[] { t.A, t.B, t.Tx, t.C, t.D, t.Ty };
            var scalar = stackalloc double[] { fill.R, fill.G, fill.B, 0 };
            Native.WarpAffine(s, d, forward, (int)interpolation, (int)border, scalar);
        });
    }

    /// <summary>Left and right exchanged.</summary>
    public Image FlipHorizontal() => Apply((s, d) => Native.Flip(s, d, 1));

    /// <summary>Top and bottom exchanged.</summary>
    public Image FlipVertical() => Apply((s, d) => Native.Flip(s, d, 0));

    /// <summary>Turned clockwise by <paramref name="quarterTurns"/> × 90°; negative numbers turn the other way.</summary>
    public Image Rotate90(int quarterTurns = 1) => (((quarterTurns % 4) + 4) % 4) switch
    {
        1 => Apply(Height, Width, Channels, (s, d) => Native.Rotate(s, d, 0)),
        2 => Apply((s, d) => Native.Rotate(s, d, 1)),
        3 => Apply(Height, Width, Channels, (s, d) => Native.Rotate(s, d, 2)),
        _ => Clone(),
    };

    /// <summary>Rows and columns exchanged.</summary>
    public Image Transpose() => Rotate90().FlipHorizontal();

    private void RequireInside(int x, int y, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(x);
        ArgumentOutOfRangeException.ThrowIfNegative(y);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)x + width, Width, nameof(width));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)y + height, Height, nameof(height));
    }
}
