using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>A rectangle of whole pixels, half-open.</summary>
public readonly record struct PixelBox(int X, int Y, int Width, int Height)
{
    internal bool Covers(Image image) => X == 0 && Y == 0 && Width == image.Width && Height == image.Height;
}

/// <summary>Finds the retina inside the black border of a photograph.</summary>
public static class BorderCrop
{
    /// <summary>Rows and columns with at least this share of bright pixels belong to the field of view; stray bright pixels and a date stamp do not.</summary>
    private const double BrightShare = 0.02;

    /// <summary>The case study's crop: every row and column that has any pixel brighter than the tolerance. The whole image where none is.</summary>
    /// <remarks>It took the red weight for blue, since it read BGR and converted as RGB; kept, so that prepared images equal its own.</remarks>
    public static PixelBox AnyBright(Image image, int tolerance) => Find(image, 1, p => Grey(p[2], p[1], p[0]) > tolerance);

    /// <summary>The field of view: rows and columns of which at least 2 % are brighter than the tolerance plus 13 in some channel. The whole image where none is.</summary>
    public static PixelBox FieldOfView(Image image, int tolerance) => Find(image, -1, p => Math.Max(p[0], Math.Max(p[1], p[2])) > tolerance + 13);

    private delegate bool Bright(ReadOnlySpan<byte> rgb);

    /// <param name="needed">Bright pixels that a row or column needs; −1 for <see cref="BrightShare"/> of its length.</param>
    private static PixelBox Find(Image image, int needed, Bright bright)
    {
        var columns = new int[image.Width];
        var rows = new int[image.Height];
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            for (var x = 0; x < image.Width; x++)
            {
                if (!bright(row.Slice(x * 3, 3))) continue;
                columns[x]++;
                rows[y]++;
            }
        }
        var (x0, x1) = Extent(columns, needed > 0 ? needed : Math.Max(1, (int)(BrightShare * image.Height)));
        var (y0, y1) = Extent(rows, needed > 0 ? needed : Math.Max(1, (int)(BrightShare * image.Width)));
        return x1 <= x0 || y1 <= y0 ? new PixelBox(0, 0, image.Width, image.Height) : new PixelBox(x0, y0, x1 - x0, y1 - y0);
    }

    private static (int From, int To) Extent(int[] counts, int needed) =>
        (Array.FindIndex(counts, c => c >= needed), Array.FindLastIndex(counts, c => c >= needed) + 1);

    /// <summary>OpenCV's 8-bit luma: fixed point with 14 bits (4.x), rounded.</summary>
    private static int Grey(int r, int g, int b) => (r * 4899 + g * 9617 + b * 1868 + (1 << 13)) >> 14;
}
