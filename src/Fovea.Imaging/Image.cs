using System.Diagnostics;
using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>
/// A picture of 8-bit pixels, interleaved, row-major, without padding: 1 channel is grey, 3 are RGB (never BGR).
/// The pixels are managed memory, so there is nothing to dispose. Operations give a new image; only the drawing methods change this one.
/// Coordinates everywhere: pixels, x right, y down, (0, 0) the centre of the top-left pixel.
/// </summary>
[DebuggerDisplay("{Width}x{Height}x{Channels}")]
public sealed partial class Image
{
    /// <summary>A black image.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A side below 1, channels other than 1 and 3, or more than 2 GiB of pixels.</exception>
    public Image(int width, int height, int channels)
        : this(width, height, channels, new byte[Length(width, height, channels)])
    {
    }

    /// <summary>An image of these pixels, which it takes over: the caller must not write to the array afterwards.</summary>
    /// <exception cref="ArgumentException">The array's length is not width × height × channels.</exception>
    public Image(int width, int height, int channels, byte[] pixels)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.Length != Length(width, height, channels))
            throw new ArgumentException($"{pixels.Length} bytes are not {width}x{height}x{channels} pixels.", nameof(pixels));
        (Width, Height, Channels, Pixels) = (width, height, channels, pixels);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>1 (grey) or 3 (RGB, or whatever three planes a colour-space method says).</summary>
    public int Channels { get; }

    /// <summary>The pixels themselves, shared: [y, x, channel], length Height × Width × Channels.</summary>
    public byte[] Pixels { get; }

    /// <summary>Row <paramref name="y"/>, Width × Channels bytes, shared.</summary>
    public Span<byte> Row(int y) => Pixels.AsSpan(checked(y * Stride), Stride);

    public Image Clone() => new(Width, Height, Channels, (byte[])Pixels.Clone());

    /// <summary>A picture of one colour; <paramref name="channels"/> 1 takes its red.</summary>
    public static Image Filled(int width, int height, int channels, Colour colour)
    {
        var image = Uninitialised(width, height, channels);
        if (channels == 1)
        {
            image.Pixels.AsSpan().Fill(colour.R);
            return image;
        }
        for (var i = 0; i < image.Pixels.Length; i += 3)
            (image.Pixels[i], image.Pixels[i + 1], image.Pixels[i + 2]) = (colour.R, colour.G, colour.B);
        return image;
    }

    /// <summary>Equal in shape and in every pixel.</summary>
    public bool HasSamePixels(Image other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Width == other.Width && Height == other.Height && Channels == other.Channels && Pixels.AsSpan().SequenceEqual(other.Pixels);
    }

    internal int Stride => Width * Channels;

    /// <summary>Memory for an operation that writes every pixel.</summary>
    internal static Image Uninitialised(int width, int height, int channels, PixelBuffer? buffer = null)
    {
        var length = Length(width, height, channels);
        return new(width, height, channels, buffer?.Take(length) ?? GC.AllocateUninitializedArray<byte>(length));
    }

    private static int Length(int width, int height, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 or 3 channels.");
        var length = (Int128)width * height * channels;
        if (length > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(width), $"{width}x{height}x{channels} pixels are more than memory can hold.");
        return (int)length;
    }

    private unsafe delegate void Operation(PixelView source, PixelView destination);

    /// <summary>Runs one native operation from this image into a new one of the given shape.</summary>
    private unsafe Image Apply(int width, int height, int channels, Operation operation)
    {
        var result = Uninitialised(width, height, channels);
        fixed (byte* source = Pixels, destination = result.Pixels)
            operation(new PixelView(source, this), new PixelView(destination, result));
        return result;
    }

    private Image Apply(Operation operation) => Apply(Width, Height, Channels, operation);

    private void RequireColour()
    {
        if (Channels != 3)
            throw new InvalidOperationException("This needs an image of three channels; call ToRgb first.");
    }

    private void RequireGrey()
    {
        if (Channels != 1)
            throw new InvalidOperationException("This needs a grey image; call ToGrey first.");
    }
}
