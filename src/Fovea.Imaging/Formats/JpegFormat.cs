using Fovea.Imaging.Internal;

namespace Fovea.Imaging.Formats;

internal static class JpegFormat
{
    // Markers of ITU-T T.81, table B.1
    private const byte Start = 0xD8, End = 0xD9, StartOfScan = 0xDA, App1 = 0xE1, LosslessFrame = 0xF7;

    public static bool Matches(ReadOnlySpan<byte> bytes) => bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, Start, 0xFF]);

    public static ImageInfo Probe(ReadOnlySpan<byte> bytes)
    {
        var frame = FindFrame(bytes, ImageFormat.Jpeg);
        if (frame.Marker is not (0xC0 or 0xC1 or 0xC2 or 0xC9 or 0xCA))
            throw Refusal.Unsupported(ImageFormat.Jpeg, "lossless or hierarchical coding", "Export it as an ordinary JPEG or as PNG");
        if (frame.Components is not (1 or 3 or 4))
            throw Refusal.Damaged(ImageFormat.Jpeg, $"{frame.Components} colour components");
        return new ImageInfo(ImageFormat.Jpeg, frame.Width, frame.Height, frame.Components, frame.Bits, frame.Orientation);
    }

    /// <summary>What a frame header (SOF) says, and the orientation of an EXIF block before it.</summary>
    internal readonly record struct Frame(byte Marker, int Width, int Height, int Components, int Bits, int Orientation);

    /// <summary>Walks the segments up to the frame header, of JPEG or of JPEG-LS.</summary>
    internal static Frame FindFrame(ReadOnlySpan<byte> bytes, ImageFormat format)
    {
        var reader = new HeaderReader(bytes, format, bigEndian: true);
        var orientation = 1;
        for (long at = 2; ;)
        {
            // Stray and fill bytes between segments: libjpeg passes over them too.
            if (reader.U8(at) != 0xFF || reader.U8(at + 1) == 0xFF)
            {
                at++;
                continue;
            }
            var marker = reader.U8(at + 1);
            if (marker is 0 or 1 or (>= 0xD0 and <= Start))
            {
                at += 2; // markers without a length
                continue;
            }
            if (marker is End or StartOfScan)
                throw Refusal.Damaged(format, "no frame header");
            var length = reader.U16(at + 2);
            if (length < 2)
                throw Refusal.Damaged(format, "a segment of impossible length");
            var segment = reader.Slice(at + 4, length - 2);
            if (marker == App1 && segment.StartsWith("Exif\0\0"u8))
                orientation = Exif.Orientation(segment);
            if (marker is LosslessFrame or (>= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC)))
            {
                var (bits, height, width, components) = (reader.U8(at + 4), reader.U16(at + 5), reader.U16(at + 7), reader.U8(at + 9));
                if (width == 0 || height == 0)
                    throw Refusal.Damaged(format, $"{width}x{height} pixels");
                return new Frame(marker, width, height, components, bits, orientation);
            }
            at += 2 + length;
        }
    }

    /// <summary>
    /// A whole picture needs some bytes: with Huffman codes each block of 8×8 pixels at least one bit of its least subsampled component,
    /// and a quarter of that is asked. Less cannot be whole, and is refused before its pixels are allocated.
    /// </summary>
    public static void RequirePlausible(ReadOnlySpan<byte> bytes, ImageInfo info)
    {
        if (info.Channels == 4)
            throw Refusal.Cmyk();
        if (bytes.Length * 8L < (long)info.Width * info.Height / 64 / 4)
            throw Refusal.Truncated(ImageFormat.Jpeg);
    }

    public static unsafe Image Decode(ReadOnlySpan<byte> bytes, ImageInfo info, DecodeOptions options)
    {
        var denominator = Denominator(info, options.MinSide);
        var image = Image.Uninitialised(DivideUp(info.Width, denominator), DivideUp(info.Height, denominator), options.Grey ? 1 : 3, options.Buffer);
        fixed (byte* from = bytes, to = image.Pixels)
            Native.JpegDecode(from, bytes.Length, denominator, new PixelView(to, image));
        return image;
    }

    /// <summary>The largest of 1, 2, 4, 8 that leaves the shorter side at least as long as asked.</summary>
    internal static int Denominator(ImageInfo info, int? minSide)
    {
        if (minSide is not { } side)
            return 1;
        foreach (var d in (ReadOnlySpan<int>)[8, 4, 2])
        {
            if (DivideUp(Math.Min(info.Width, info.Height), d) >= side)
                return d;
        }
        return 1;
    }

    private static int DivideUp(int value, int divisor) => (value + divisor - 1) / divisor;
}
