using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>The shape of pixels in memory that somebody else owns: 8 bits a channel, interleaved, [y, x, channel], rows without padding.</summary>
/// <param name="Channels">1 (grey) or 3 (RGB).</param>
public readonly record struct PixelShape(int Width, int Height, int Channels)
{
    /// <summary>Bytes of one picture.</summary>
    public int Length => checked(Width * Height * Channels);
}

/// <summary>
/// Operations from memory to memory of one shape, for those who work on many pictures and allocate nothing for each: a training batch. Source and destination
/// must not overlap. On single pictures the methods of <see cref="Image"/> are nicer.
/// </summary>
/// <exception cref="ArgumentException">A span is not of the shape's length.</exception>
public static unsafe class BorrowedPixels
{
    /// <summary><see cref="Image.WarpAffine"/> onto a canvas of the same size; <see cref="Border.Constant"/> is black.</summary>
    /// <param name="forward">Source pixel centres to destination pixel centres.</param>
    /// <exception cref="ArgumentException">The transform cannot be inverted.</exception>
    public static void WarpAffine(
        ReadOnlySpan<byte> source, Span<byte> destination, PixelShape shape, in AffineTransform forward, Interpolation interpolation, Border border)
    {
        if (!forward.IsInvertible) throw new ArgumentException("The transform cannot be inverted.", nameof(forward));
        var six = stackalloc double[] { forward.A, forward.B, forward.Tx, forward.C, forward.D, forward.Ty };
        var black = stackalloc double[4];
        Require(source, destination, shape);
        fixed (byte* s = source, d = destination) Native.WarpAffine(View(s, shape), View(d, shape), six, (int)interpolation, (int)border, black);
    }

    /// <summary>Takes each destination pixel from the point that the map names, as cv2.remap does it; <see cref="Border.Constant"/> is black.</summary>
    /// <param name="map">[y, x, 2] float32: the source point x, y of each destination pixel, in pixel centres.</param>
    public static void Remap(
        ReadOnlySpan<byte> source, Span<byte> destination, PixelShape shape, ReadOnlySpan<float> map, Interpolation interpolation, Border border)
    {
        if (map.Length != 2 * shape.Width * shape.Height) throw new ArgumentException("The map is not two numbers a pixel.", nameof(map));
        Require(source, destination, shape);
        fixed (byte* s = source, d = destination)
        fixed (float* m = map) Native.Remap(View(s, shape), View(d, shape), m, (int)interpolation, (int)border);
    }

    /// <inheritdoc cref="Image.GaussianBlur"/>
    public static void GaussianBlur(ReadOnlySpan<byte> source, Span<byte> destination, PixelShape shape, double sigma)
    {
        if (!(sigma > 0 && sigma <= Image.MaxSigma)) throw new ArgumentOutOfRangeException(nameof(sigma), sigma, $"Sigma lies between 0 and {Image.MaxSigma} pixels.");
        Require(source, destination, shape);
        fixed (byte* s = source, d = destination) Native.GaussianBlur(View(s, shape), View(d, shape), sigma);
    }

    /// <summary>Each pixel is the sum of its neighbours weighted by a square kernel, rounded and clamped to 0–255, borders reflected, as cv2.filter2D does it.</summary>
    /// <param name="kernel">Row by row; an odd side, 1 to 31.</param>
    public static void Filter(ReadOnlySpan<byte> source, Span<byte> destination, PixelShape shape, ReadOnlySpan<float> kernel)
    {
        var side = (int)Math.Sqrt(kernel.Length);
        if (side * side != kernel.Length || side % 2 == 0 || side > 31) throw new ArgumentException("A kernel is a square of an odd side, 1 to 31.", nameof(kernel));
        Require(source, destination, shape);
        fixed (byte* s = source, d = destination)
        fixed (float* k = kernel) Native.Filter(View(s, shape), View(d, shape), k, side);
    }

    /// <summary>What a JPEG of a quality (1–100) leaves of the pixels: 4:2:0 chroma, as cameras write it.</summary>
    public static void JpegRoundTrip(ReadOnlySpan<byte> source, Span<byte> destination, PixelShape shape, int quality)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        Require(source, destination, shape);
        fixed (byte* s = source, d = destination) Native.JpegRoundTrip(View(s, shape), View(d, shape), quality);
    }

    private static PixelView View(byte* pixels, PixelShape shape) => new(pixels, shape.Width, shape.Height, shape.Channels);

    private static void Require(ReadOnlySpan<byte> source, ReadOnlySpan<byte> destination, PixelShape shape)
    {
        if (source.Length != shape.Length || destination.Length != shape.Length || shape.Length == 0)
            throw new ArgumentException($"{source.Length} and {destination.Length} bytes are not {shape.Width}x{shape.Height}x{shape.Channels} pixels.");
        if (source.Overlaps(destination)) throw new ArgumentException("Source and destination overlap.");
    }
}
