using Fovea.Imaging;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Data.Lesions;

/// <summary>Boxes around the regions of masks: pixels that touch, also by corners, after gaps of up to two pixels are closed; regions of fewer than four pixels are left out as noise of the pen.</summary>
public static class MaskBoxes
{
    private const int LeastArea = 4;

    /// <summary>The image with boxes: its own, or those of its masks.</summary>
    /// <exception cref="UnreadableImageException">A mask is no image.</exception>
    /// <exception cref="DatasetException">A mask is of another size than the photograph.</exception>
    public static LesionImage WithBoxes(LesionImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Boxes is not null || image.Masks is null) return image;
        return image with { Boxes = [.. image.Masks.OrderBy(m => m.Key).SelectMany(m => Of(image.ReadMask(m.Value), m.Key))] };
    }

    /// <param name="mask">One channel, 0 outside.</param>
    public static IEnumerable<LesionBox> Of(Image mask, LesionKind kind)
    {
        ArgumentNullException.ThrowIfNull(mask);
        var closed = Spread(Spread(mask, grow: true), grow: false);
        foreach (var c in closed.ConnectedComponents().Components)
            if (c.Area >= LeastArea) yield return new LesionBox(new MarkedBox(c.X, c.Y, c.X + c.Width, c.Y + c.Height, (int)kind));
    }

    /// <summary>The largest (or least) of the 3 × 3 pixels around each; beyond the border nothing is there when growing, and all is when shrinking.</summary>
    private static Image Spread(Image mask, bool grow)
    {
        var (w, h) = (mask.Width, mask.Height);
        var (rows, result) = (new Image(w, h, 1), new Image(w, h, 1));
        byte Pick(byte a, byte b) => grow ? Math.Max(a, b) : Math.Min(a, b);
        for (var y = 0; y < h; y++)
        {
            var from = mask.Row(y);
            var to = rows.Row(y);
            for (var x = 0; x < w; x++)
            {
                var value = from[x];
                if (x > 0) value = Pick(value, from[x - 1]);
                if (x + 1 < w) value = Pick(value, from[x + 1]);
                to[x] = value;
            }
        }
        for (var y = 0; y < h; y++)
        {
            var to = result.Row(y);
            rows.Row(y).CopyTo(to);
            foreach (var other in (ReadOnlySpan<int>)[y - 1, y + 1])
            {
                if (other < 0 || other >= h) continue;
                var from = rows.Row(other);
                for (var x = 0; x < w; x++) to[x] = Pick(to[x], from[x]);
            }
        }
        return result;
    }
}
