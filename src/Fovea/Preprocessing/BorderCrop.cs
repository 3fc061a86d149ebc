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
        var (rows, columns) = Bright(image, region, tolerance, swapped);
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

    /// <summary>
    /// Which rows and columns have a bright pixel. Few pixels are looked at: a row is done at its first bright one, searched from the middle, and a column once
    /// it has one, so that soon only the columns of the border are left.
    /// </summary>
    private static (bool[] Rows, bool[] Columns) Bright(Image image, PixelBox region, int tolerance, bool swapped)
    {
        var test = new BrightTest(tolerance, swapped);
        var (rows, columns) = (new bool[region.Height], new bool[region.Width]);
        var open = new List<(int From, int To)> { (0, region.Width) };
        var still = new List<(int From, int To)>();
        for (var y = 0; y < region.Height; y++)
        {
            var row = image.Row(region.Y + y).Slice(region.X * 3, region.Width * 3);
            still.Clear();
            foreach (var (from, to) in open)
            {
                var start = from;
                for (var x = test.First(row, from, to); x < to; x = test.First(row, x + 1, to))
                {
                    columns[x] = rows[y] = true;
                    if (x > start) still.Add((start, x));
                    start = x + 1;
                }
                if (start < to) still.Add((start, to));
            }
            (open, still) = (still, open);
            if (!rows[y]) rows[y] = test.First(row, region.Width / 2, region.Width) < region.Width || test.First(row, 0, region.Width / 2) < region.Width / 2;
        }
        return (rows, columns);
    }

    private readonly struct BrightTest(int tolerance, bool swapped)
    {
        // OpenCV's 8-bit luma: fixed point with 15 bits (4.x), rounded.
        private readonly int _first = swapped ? 3735 : 9798, _last = swapped ? 9798 : 3735, _least = ((tolerance + 1) << 15) - (1 << 14);
        private readonly byte _above = (byte)(tolerance + 1);

        /// <summary>Position of the first pixel from <paramref name="x"/> on that is brighter than the tolerance; <paramref name="to"/> where there is none.</summary>
        public int First(ReadOnlySpan<byte> row, int x, int to)
        {
            while (x < to)
            {
                // Grey is a mean of the channels: without a channel above the tolerance it cannot be above.
                var jump = row[(3 * x)..(3 * to)].IndexOfAnyInRange(_above, byte.MaxValue);
                if (jump < 0) return to;
                x += jump / 3;
                var p = row.Slice(3 * x, 3);
                if (p[0] * _first + p[1] * 19235 + p[2] * _last >= _least) return x;
                x++;
            }
            return to;
        }
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
