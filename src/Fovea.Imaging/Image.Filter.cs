using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

public sealed unsafe partial class Image
{
    /// <summary>
    /// Gaussian blur as cv2.GaussianBlur(image, (0, 0), sigma) does it: a kernel of 2·round(3σ)+1 pixels, made odd, borders reflected.
    /// </summary>
    /// <param name="sigma">Standard deviation in pixels, above 0.</param>
    public Image GaussianBlur(double sigma)
    {
        if (!(sigma > 0 && sigma <= MaxSigma))
            throw new ArgumentOutOfRangeException(nameof(sigma), sigma, $"Sigma lies between 0 and {MaxSigma} pixels.");
        return Apply((s, d) => Native.GaussianBlur(s, d, sigma));
    }

    /// <summary>The median of size × size pixels.</summary>
    /// <param name="size">Odd, 3 or more.</param>
    public Image MedianBlur(int size)
    {
        if (size < 3 || size % 2 == 0 || size > 255)
            throw new ArgumentOutOfRangeException(nameof(size), size, "The size is odd, between 3 and 255.");
        return Apply((s, d) => Native.MedianBlur(s, d, size));
    }

    /// <summary>alpha·a + beta·b + gamma, rounded and clamped to 0–255, as cv2.addWeighted does it.</summary>
    /// <exception cref="ArgumentException">The images differ in shape.</exception>
    public static Image AddWeighted(Image a, double alpha, Image b, double beta, double gamma)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Width != b.Width || a.Height != b.Height || a.Channels != b.Channels)
            throw new ArgumentException(
                $"The images differ in shape: {a.Width}x{a.Height}x{a.Channels} and {b.Width}x{b.Height}x{b.Channels}.", nameof(b));
        fixed (byte* second = b.Pixels)
        {
            var other = new PixelView(second, b);
            return a.Apply((s, d) => Native.AddWeighted(s, alpha, other, beta, gamma, d));
        }
    }

    /// <summary>
    /// Contrast-limited adaptive histogram equalisation over tiles × tiles regions, as cv2.createCLAHE(clipLimit, (tiles, tiles)) does it:
    /// of the grey values, or of L in CIE Lab for an RGB image.
    /// </summary>
    public Image Clahe(double clipLimit, int tiles)
    {
        if (!(clipLimit > 0) || !double.IsFinite(clipLimit))
            throw new ArgumentOutOfRangeException(nameof(clipLimit), clipLimit, "The clip limit is above 0.");
        if (tiles is < 1 or > 256)
            throw new ArgumentOutOfRangeException(nameof(tiles), tiles, "There are 1 to 256 tiles a side.");
        return Apply((s, d) => Native.Clahe(s, d, clipLimit, tiles));
    }

    /// <summary>Dark regions grow by an elliptic element of 2·radius+1 pixels.</summary>
    public Image Erode(int radius) => Morphology(0, radius);

    /// <summary>Bright regions grow by an elliptic element of 2·radius+1 pixels.</summary>
    public Image Dilate(int radius) => Morphology(1, radius);

    /// <summary>Bright details smaller than the element vanish.</summary>
    public Image Open(int radius) => Morphology(2, radius);

    /// <summary>Dark details smaller than the element vanish.</summary>
    public Image Close(int radius) => Morphology(3, radius);

    /// <summary>Beyond this a Gaussian's kernel grows past what any picture here needs.</summary>
    internal const double MaxSigma = 1000;

    private Image Morphology(int operation, int radius)
    {
        if (radius is < 0 or > 1000)
            throw new ArgumentOutOfRangeException(nameof(radius), radius, "The radius lies between 0 and 1000 pixels.");
        return Apply((s, d) => Native.Morphology(s, d, operation, radius));
    }
}
