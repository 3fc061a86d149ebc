using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>Paints over what lies outside of a disc in the middle.</summary>
internal static class DiscMask
{
    /// <summary>
    /// Changes the image in place. The disc is centred at (width/2, height/2) in whole pixels and has exactly the pixels of OpenCV's filled circle without
    /// anti-aliasing.
    /// </summary>
    /// <param name="share">Its radius as a share of the smaller of the two, rounded down.</param>
    public static void Apply(Image image, double share, byte fill)
    {
        var (cx, cy) = (image.Width / 2, image.Height / 2);
        var reach = HalfWidths((int)(Math.Min(cx, cy) * share));
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            var dy = Math.Abs(y - cy);
            if (dy >= reach.Length)
            {
                row.Fill(fill);
                continue;
            }
            row[..(Math.Max(0, cx - reach[dy]) * image.Channels)].Fill(fill);
            row[(Math.Min(image.Width, cx + reach[dy] + 1) * image.Channels)..].Fill(fill);
        }
    }

    /// <summary>How far the disc reaches to either side in the row that lies so many rows off its centre: the midpoint algorithm, as in OpenCV's drawing.cpp.</summary>
    private static int[] HalfWidths(int radius)
    {
        var reach = new int[radius + 1];
        var (error, dx, plus, minus) = (0, radius, 1, (radius << 1) - 1);
        for (var dy = 0; dx >= dy; dy++)
        {
            reach[dy] = Math.Max(reach[dy], dx);
            reach[dx] = Math.Max(reach[dx], dy);
            error += plus;
            plus += 2;
            if (error <= 0) continue;
            error -= minus;
            dx--;
            minus -= 2;
        }
        return reach;
    }
}
