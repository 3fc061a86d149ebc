using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>Pictures from bytes and bytes from pictures.</summary>
public static class ImageCodec
{
    // cv::ImwriteFlags
    private const int JpegQuality = 1, PngCompression = 16, WebPQuality = 64;

    /// <summary>What the header says, reading as little as possible and allocating nothing of the picture's size.</summary>
    /// <param name="name">What an error message calls the picture.</param>
    /// <exception cref="UnreadableImageException">No picture of a known format.</exception>
    public static ImageInfo Probe(ReadOnlySpan<byte> bytes, string name) => throw new NotImplementedException();

    /// <summary>The picture upright (EXIF orientation applied), as RGB, or as grey when the options say so.</summary>
    /// <param name="name">What an error message calls the picture.</param>
    /// <exception cref="UnreadableImageException">
    /// Not a picture of a known format, damaged, truncated, too large, or of a kind that would silently lose meaning (16 bits, CMYK).
    /// </exception>
    public static unsafe Image Decode(ReadOnlySpan<byte> bytes, string name, DecodeOptions? options = null)
    {
        options ??= DecodeOptions.Default;
        nint decoded = 0;
        try
        {
            fixed (byte* at = bytes)
            {
                Native.Decode(at, bytes.Length, options.Grey ? 0 : 1, out decoded, out var width, out var height, out var channels);
                var image = Image.Uninitialised(width, height, channels);
                fixed (byte* pixels = image.Pixels)
                    Native.DecodedTake(decoded, new PixelView(pixels, image));
                return image;
            }
        }
        catch (ImagingException e)
        {
            throw new UnreadableImageException(name, "not an image", "Give a JPEG, PNG, TIFF, BMP, WebP or DICOM file", e);
        }
        finally
        {
            if (decoded != 0)
                Native.DecodedFree(decoded);
        }
    }

    /// <summary>The same bytes for the same picture, always.</summary>
    /// <param name="quality">JPEG and WebP: 1–100. The other formats keep every pixel.</param>
    /// <exception cref="NotSupportedException">DICOM is only read.</exception>
    public static unsafe byte[] Encode(Image image, ImageFormat format, int quality = 95)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfLessThan(quality, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(quality, 100);
        var (extension, parameters) = format switch
        {
            ImageFormat.Jpeg => (".jpg", new[] { JpegQuality, quality }),
            ImageFormat.Png => (".png", [PngCompression, 6]),
            ImageFormat.Tiff => (".tif", []),
            ImageFormat.Bmp => (".bmp", []),
            ImageFormat.WebP => (".webp", [WebPQuality, quality]),
            _ => throw new NotSupportedException($"{format} is only read."),
        };
        nint encoded = 0;
        try
        {
            fixed (byte* pixels = image.Pixels)
            fixed (int* p = parameters)
            {
                Native.Encode(new PixelView(pixels, image), extension, p, parameters.Length, out encoded, out var length);
                var bytes = GC.AllocateUninitializedArray<byte>(checked((int)length));
                fixed (byte* destination = bytes)
                    Native.EncodedTake(encoded, destination, length);
                return bytes;
            }
        }
        finally
        {
            if (encoded != 0)
                Native.EncodedFree(encoded);
        }
    }
}
