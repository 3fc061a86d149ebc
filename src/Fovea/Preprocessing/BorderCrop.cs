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

    /// <summary>
    /// The reference systems' crop: every row and column that has any pixel brighter than the tolerance is kept, so dark ones between bright ones (beside a
    /// date stamp) go, too. The whole image where nothing is bright.
    /// </summary>
    /// <param name="swapped">Take red's weight for blue and the other way round, as they did: they read BGR and converted as RGB.</param>
    /// <returns>
    /// The cropped image, and where its pixels came from: exact for the longest run of kept rows and columns, which holds the retina, and so exact everywhere
    /// unless rows or columns inside went.
    /// </returns>
    public static (Image Cropped, AffineTransform Transform) AnyBright(Image image, int tolerance, bool swapped)
    {
        var (columns, rows) = Count(image, swapped ? p => Grey(p[2], p[1], p[0]) > tolerance : p => Grey(p[0], p[1], p[2]) > tolerance);
        int[] keptColumns = Kept(columns), keptRows = Kept(rows);
        if (keptRows.Length == 0) return (image, AffineTransform.Identity);
        var cropped = new Image(keptColumns.Length, keptRows.Length, 3);
        for (var y = 0; y < keptRows.Length; y++)
        {
            ReadOnlySpan<byte> from = image.Row(keptRows[y]);
            var to = cropped.Row(y);
            for (var x = 0; x < keptColumns.Length; x++) from.Slice(keptColumns[x] * 3, 3).CopyTo(to[(x * 3)..]);
        }
        return (cropped, AffineTransform.Translation(-Removed(keptColumns), -Removed(keptRows)));
    }

    /// <summary>The field of view: rows and columns of which at least 2 % are brighter than the tolerance plus 13 in some channel. The whole image where none is.</summary>
    public static PixelBox FieldOfView(Image image, int tolerance)
    {
        var (columns, rows) = Count(image, p => Math.Max(p[0], Math.Max(p[1], p[2])) > tolerance + 13);
        var (x0, x1) = Extent(columns, Math.Max(1, (int)(BrightShare * image.Height)));
        var (y0, y1) = Extent(rows, Math.Max(1, (int)(BrightShare * image.Width)));
        return x0 < 0 || y0 < 0 ? new PixelBox(0, 0, image.Width, image.Height) : new PixelBox(x0, y0, x1 - x0, y1 - y0);
    }

    private delegate bool Bright(ReadOnlySpan<byte> rgb);

    private static (int[] Columns, int[] Rows) Count(Image image, Bright bright)
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
        return (columns, rows);
    }

    private static (int From, int To) Extent(int[] counts, int needed) =>
        (Array.FindIndex(counts, c => c >= needed), Array.FindLastIndex(counts, c => c >= needed) + 1);

    private static int[] Kept(int[] counts) => [.. Enumerable.Range(0, counts.Length).Where(i => counts[i] > 0)];

    /// <summary>How many lines went before the longest run of consecutive kept ones.</summary>
    private static int Removed(int[] kept)
    {
        var (longest, removed) = (0, 0);
        for (var start = 0; start < kept.Length;)
        {
            var end = start + 1;
            while (end < kept.Length && kept[end] == kept[end - 1] + 1) end++;
            if (end - start > longest) (longest, removed) = (end - start, kept[start] - start);
            start = end;
        }
        return removed;
    }

    /// <summary>OpenCV's 8-bit luma: fixed point with 15 bits (4.x), rounded.</summary>
    private static int Grey(int r, int g, int b) => (r * 9798 + g * 19235 + b * 3735 + (1 << 14)) >> 15;
}
