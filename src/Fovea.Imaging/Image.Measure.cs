using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>A connected region. The box is in pixels, X + Width and Y + Height exclusive; the centroid in pixel centres.</summary>
public readonly record struct Component(int Label, int X, int Y, int Width, int Height, int Area, double CentroidX, double CentroidY);

/// <summary>The labels of a mask's pixels, [y, x], 0 the background and n the n-th component, and the components in order of label.</summary>
public sealed record ComponentMap(int[] Labels, IReadOnlyList<Component> Components);

public sealed unsafe partial class Image
{
    /// <summary>Mean and population standard deviation of each channel, 0–255; over the mask's non-zero pixels when one is given.</summary>
    public (double[] Mean, double[] Deviation) MeanAndDeviation(Image? mask = null)
    {
        if (mask is not null)
            RequireMask(mask);
        var (mean, deviation) = (new double[Channels], new double[Channels]);
        fixed (byte* pixels = Pixels, masked = mask?.Pixels)
        fixed (double* m = mean, d = deviation)
            Native.MeanStd(new PixelView(pixels, this), mask is null ? default : new PixelView(masked, mask), m, d);
        return (mean, deviation);
    }

    /// <summary>How many pixels have each value 0–255 in one channel; over the mask's non-zero pixels when one is given.</summary>
    public int[] Histogram(int channel = 0, Image? mask = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, Channels);
        if (mask is not null)
            RequireMask(mask);
        var counts = new int[256];
        for (int i = 0, j = channel; j < Pixels.Length; i++, j += Channels)
        {
            if (mask is null || mask.Pixels[i] != 0)
                counts[Pixels[j]]++;
        }
        return counts;
    }

    /// <summary>
    /// Which rows and columns of the rectangle from (x, y), x + width and y + height exclusive, have a pixel whose grey value, as cv2.cvtColor rounds it, is above the
    /// tolerance: index 0 is the rectangle's first.
    /// </summary>
    /// <param name="tolerance">0–254.</param>
    /// <param name="swapRedAndBlue">Weigh red as blue and blue as red.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rectangle is empty or leaves the image.</exception>
    public (bool[] Rows, bool[] Columns) BrightLines(int x, int y, int width, int height, byte tolerance, bool swapRedAndBlue = false)
    {
        RequireColour();
        RequireInside(x, y, width, height);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfEqual(tolerance, byte.MaxValue);
        var (rows, columns) = (new bool[height], new bool[width]);
        var region = stackalloc int[] { x, y, width, height };
        fixed (byte* pixels = Pixels)
        fixed (bool* r = rows, c = columns)
            Native.BrightLines(new PixelView(pixels, this), region, tolerance, swapRedAndBlue ? 1 : 0, (byte*)r, (byte*)c);
        return (rows, columns);
    }

    /// <summary>The variance of the 3×3 Laplacian of the grey image: falls as a picture blurs.</summary>
    public double LaplacianVariance()
    {
        var grey = Channels == 1 ? this : ToGrey();
        fixed (byte* pixels = grey.Pixels)
        {
            Native.LaplacianVariance(new PixelView(pixels, grey), out var variance);
            return variance;
        }
    }

    /// <summary>The regions of non-zero pixels of a grey image, touching by sides, or also by corners when <paramref name="diagonal"/>.</summary>
    public ComponentMap ConnectedComponents(bool diagonal = true)
    {
        RequireGrey();
        var labels = new int[Pixels.Length];
        fixed (byte* pixels = Pixels)
        fixed (int* l = labels)
        {
            var view = new PixelView(pixels, this);
            Native.ConnectedComponents(view, diagonal ? 8 : 4, l, out var count, null, null, 0);
            var (stats, centroids) = (new int[count * 5], new double[count * 2]);
            fixed (int* s = stats)
            fixed (double* c = centroids)
                Native.ConnectedComponents(view, diagonal ? 8 : 4, l, out count, s, c, count);
            var components = new Component[count - 1];
            for (var i = 1; i < count; i++)
            {
                var s = stats.AsSpan(i * 5, 5);
                components[i - 1] = new Component(i, s[0], s[1], s[2], s[3], s[4], centroids[2 * i], centroids[(2 * i) + 1]);
            }
            return new ComponentMap(labels, components);
        }
    }

    /// <summary>A mask of a grey image: 255 where the value is at least <paramref name="threshold"/>, else 0.</summary>
    public Image Threshold(byte threshold)
    {
        RequireGrey();
        var result = Uninitialised(Width, Height, 1);
        for (var i = 0; i < Pixels.Length; i++)
            result.Pixels[i] = Pixels[i] >= threshold ? (byte)255 : (byte)0;
        return result;
    }

    private void RequireMask(Image mask)
    {
        if (mask.Channels != 1 || mask.Width != Width || mask.Height != Height)
            throw new ArgumentException($"The mask is not a grey image of {Width}x{Height}.", nameof(mask));
    }
}
