using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>The reference systems' crop: rows and columns without a bright pixel go.</summary>
internal static class BorderCrop
{
    /// <summary>
    /// Keeps every row and column that has any pixel brighter than the tolerance, so dark ones between bright ones (beside a date stamp) go, too. Leaves
    /// everything where nothing is bright. The geometry is that of the longest run of kept rows and columns, which holds the retina, and so exact everywhere
    /// unless rows or columns inside went.
    /// </summary>
    /// <param name="swapped">Take red's weight for blue and the other way round, as they did: they read BGR and converted as RGB.</param>
    public static void AnyBright(Canvas canvas, int tolerance, bool swapped)
    {
        var (image, region) = canvas.Look() ?? (canvas.Pixels(), new PixelBox(0, 0, canvas.Width, canvas.Height));
        var (rows, columns) = image.BrightLines(region.X, region.Y, region.Width, region.Height, (byte)tolerance, swapped);
        int[] keptColumns = Kept(columns), keptRows = Kept(rows);
        if (keptRows.Length == 0) return;
        if (IsRun(keptColumns) && IsRun(keptRows))
        {
            canvas.Crop(new PixelBox(keptColumns[0], keptRows[0], keptColumns.Length, keptRows.Length));
            return;
        }
        var cropped = new Image(keptColumns.Length, keptRows.Length, 3);
        for (var y = 0; y < keptRows.Length; y++)
        {
            var from = image.Row(region.Y + keptRows[y])[(region.X * 3)..];
            var to = cropped.Row(y);
            for (var x = 0; x < keptColumns.Length; x++) from.Slice(keptColumns[x] * 3, 3).CopyTo(to[(x * 3)..]);
        }
        canvas.Replace(cropped, AffineTransform.Translation(-Removed(keptColumns), -Removed(keptRows)));
    }

    private static bool IsRun(int[] kept) => kept[^1] - kept[0] == kept.Length - 1;

    private static int[] Kept(bool[] bright) => [.. Enumerable.Range(0, bright.Length).Where(i => bright[i])];

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
}
