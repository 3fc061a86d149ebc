using Fovea.Imaging.Formats;
using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>Pictures from bytes and bytes from pictures.</summary>
public static class ImageCodec
{
    /// <summary>What the header says, allocating nothing of the picture's size.</summary>
    /// <param name="name">What an error message calls the picture.</param>
    /// <exception cref="UnreadableImageException">No picture of a known format, or one whose header is damaged.</exception>
    public static ImageInfo Probe(ReadOnlySpan<byte> bytes, string name)
    {
        try
        {
            return Header(bytes);
        }
        catch (Refusal e)
        {
            throw new UnreadableImageException(name, e.Message, e.Remedy, e);
        }
    }

    /// <summary>The picture upright (EXIF orientation applied), as RGB, or as grey when the options say so. An alpha channel is dropped.</summary>
    /// <param name="name">What an error message calls the picture.</param>
    /// <exception cref="UnreadableImageException">
    /// Not a picture of a known format, damaged, truncated, too large, or of a kind that would silently lose meaning (16 bits, CMYK).
    /// </exception>
    public static Image Decode(ReadOnlySpan<byte> bytes, string name, DecodeOptions? options = null)
    {
        try
        {
            return Picture(bytes, options ?? DecodeOptions.Default);
        }
        catch (Refusal e)
        {
            throw new UnreadableImageException(name, e.Message, e.Remedy, e);
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
        if (format == ImageFormat.Bmp)
            return BmpFormat.Encode(image);
        if (format == ImageFormat.WebP)
            image = image.Channels == 1 ? image.ToRgb() : image;
        nint encoded = 0;
        try
        {
            fixed (byte* pixels = image.Pixels)
            {
                var view = new PixelView(pixels, image);
                switch (format)
                {
                    case ImageFormat.Jpeg: Native.JpegEncode(view, quality, out encoded); break;
                    case ImageFormat.Png: Native.PngEncode(view, out encoded); break;
                    case ImageFormat.Tiff: Native.TiffEncode(view, out encoded); break;
                    case ImageFormat.WebP: Native.WebPEncode(view, quality, out encoded); break;
                    default: throw new NotSupportedException($"{format.Name()} is only read.");
                }
            }
            return Taken(encoded);
        }
        finally
        {
            if (encoded != 0)
                Native.BytesFree(encoded);
        }
    }

    /// <summary>A PNG that lets what lies under it through.</summary>
    /// <param name="rgb">Three channels.</param>
    /// <param name="alpha">One for each pixel, row-major: 0 clear, 255 opaque.</param>
    /// <exception cref="ArgumentException">Another number of channels or of alphas.</exception>
    public static unsafe byte[] EncodePng(Image rgb, ReadOnlySpan<byte> alpha)
    {
        ArgumentNullException.ThrowIfNull(rgb);
        if (rgb.Channels != 3 || alpha.Length != rgb.Width * rgb.Height) throw new ArgumentException($"{alpha.Length} alphas for {rgb.Width}x{rgb.Height}x{rgb.Channels} pixels", nameof(alpha));
        var pixels = GC.AllocateUninitializedArray<byte>(checked(4 * alpha.Length));
        for (var i = 0; i < alpha.Length; i++)
        {
            rgb.Pixels.AsSpan(3 * i, 3).CopyTo(pixels.AsSpan(4 * i));
            pixels[4 * i + 3] = alpha[i];
        }
        nint encoded = 0;
        try
        {
            fixed (byte* first = pixels) Native.PngEncode(new PixelView(first, rgb.Width, rgb.Height, 4), out encoded);
            return Taken(encoded);
        }
        finally
        {
            if (encoded != 0)
                Native.BytesFree(encoded);
        }
    }

    private static unsafe byte[] Taken(nint encoded)
    {
        Native.BytesLength(encoded, out var length);
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)length));
        fixed (byte* destination = bytes)
            Native.BytesCopy(encoded, destination, length);
        return bytes;
    }

    private static ImageInfo Header(ReadOnlySpan<byte> bytes) => FormatOf(bytes) switch
    {
        ImageFormat.Jpeg => JpegFormat.Probe(bytes),
        ImageFormat.Png => PngFormat.Probe(bytes),
        ImageFormat.Tiff => TiffFormat.Probe(bytes),
        ImageFormat.Bmp => BmpFormat.Probe(bytes),
        ImageFormat.WebP => WebPFormat.Probe(bytes),
        ImageFormat.Dicom => DicomFormat.Probe(bytes),
        _ => throw NotAnImage(bytes),
    };

    private static Image Picture(ReadOnlySpan<byte> bytes, DecodeOptions options)
    {
        var info = Header(bytes);
        var pixels = (long)info.Width * info.Height;
        if (pixels > options.MaxPixels || pixels * 3 > Array.MaxLength)
            throw new Refusal(
                $"too large ({info.Width}x{info.Height} pixels; the limit is {options.MaxPixels / 1e6:0.###} megapixels)", "Scale it down first");
        if (info.BitDepth > 8)
            throw Refusal.Bits(info.BitDepth);
        try
        {
            var stored = Stored(bytes, info, options);
            if (options.Grey)
                stored = stored.Channels == 1 ? stored : stored.ToGrey();
            else
                stored = stored.Channels == 3 ? stored : stored.ToRgb();
            return Exif.Upright(stored, info.Orientation);
        }
        catch (ImagingException e)
        {
            throw Refusal.Damaged(info.Format, e.Message.ReplaceLineEndings(" ").Trim().TrimEnd('.'), e);
        }
    }

    private static Image Stored(ReadOnlySpan<byte> bytes, ImageInfo info, DecodeOptions options)
    {
        switch (info.Format)
        {
            case ImageFormat.Jpeg:
                JpegFormat.RequirePlausible(bytes, info);
                return JpegFormat.Decode(bytes, info, options);
            case ImageFormat.Png:
                PngFormat.RequirePlausible(bytes, info);
                return PngFormat.Decode(bytes, info, options);
            case ImageFormat.Tiff:
                TiffFormat.RequirePlausible(bytes, options);
                return TiffFormat.Decode(bytes, info);
            case ImageFormat.Bmp:
                BmpFormat.RequirePlausible(bytes);
                return BmpFormat.Decode(bytes);
            case ImageFormat.WebP:
                return WebPFormat.Decode(bytes, info);
            default:
                return DicomFormat.Decode(bytes, options);
        }
    }

    private static ImageFormat? FormatOf(ReadOnlySpan<byte> bytes) =>
        JpegFormat.Matches(bytes) ? ImageFormat.Jpeg
        : PngFormat.Matches(bytes) ? ImageFormat.Png
        : TiffFormat.Matches(bytes) ? ImageFormat.Tiff
        : WebPFormat.Matches(bytes) ? ImageFormat.WebP
        : DicomHeader.Matches(bytes) ? ImageFormat.Dicom // before BMP, whose mark of two letters a preamble may hold
        : BmpFormat.Matches(bytes) ? ImageFormat.Bmp
        : null;

    /// <summary>Says what the bytes are instead, where that is easy to see.</summary>
    private static Refusal NotAnImage(ReadOnlySpan<byte> bytes)
    {
        var what =
            bytes.IsEmpty ? "the file is empty"
            : bytes.StartsWith("GIF8"u8) ? "it is a GIF"
            : bytes.StartsWith("%PDF"u8) ? "it is a PDF"
            : bytes.StartsWith("PK\u0003\u0004"u8) ? "it is a zip archive"
            : bytes.Length > 12 && bytes.Slice(4, 4).SequenceEqual("ftyp"u8) ? "it is HEIC, AVIF or a video"
            : bytes[..Math.Min(bytes.Length, 256)].IndexOfAnyExceptInRange((byte)'\t', (byte)'~') < 0 ? "it is text"
            : bytes.IndexOfAnyExcept((byte)0) < 0 ? "it holds only zeros"
            : "its first bytes are of no known format";
        return new Refusal($"not an image ({what})", Refusal.KnownFormats);
    }
}
