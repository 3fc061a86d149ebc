using Fovea.Imaging.Internal;

namespace Fovea.Imaging.Formats;

internal static class PngFormat
{
    private const int Indexed = 3;

    /// <summary>Deflate makes at most about 1032 bytes of one.</summary>
    private const long DeflateLimit = 1040;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public static bool Matches(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature);

    public static ImageInfo Probe(ReadOnlySpan<byte> bytes)
    {
        var reader = new HeaderReader(bytes, ImageFormat.Png, bigEndian: true);
        if (reader.U32(8) != 13 || !reader.Slice(12, 4).SequenceEqual("IHDR"u8))
            throw Refusal.Damaged(ImageFormat.Png, "no header chunk");
        var (width, height) = (reader.U32(16), reader.U32(20));
        var (bits, type) = (reader.U8(24), reader.U8(25));
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
            throw Refusal.Damaged(ImageFormat.Png, $"{width}x{height} pixels");
        if (bits is not (1 or 2 or 4 or 8 or 16))
            throw Refusal.Damaged(ImageFormat.Png, $"{bits} bits a channel");
        var channels = type switch
        {
            0 => 1,
            2 or Indexed => 3,
            4 => 2,
            6 => 4,
            _ => throw Refusal.Damaged(ImageFormat.Png, $"colour type {type}"),
        };
        return new ImageInfo(ImageFormat.Png, (int)width, (int)height, channels, bits, Orientation(reader));
    }

    public static void RequirePlausible(ReadOnlySpan<byte> bytes, ImageInfo info)
    {
        var bits = info.BitDepth < 8 ? info.BitDepth : 8L * info.Channels; // few bits: grey or an index, either one a pixel
        if ((((info.Width * bits) + 7) / 8 * info.Height) > bytes.Length * DeflateLimit)
            throw Refusal.Truncated(ImageFormat.Png);
    }

    public static unsafe Image Decode(ReadOnlySpan<byte> bytes, ImageInfo info, DecodeOptions options)
    {
        var image = Image.Uninitialised(info.Width, info.Height, options.Grey ? 1 : 3);
        fixed (byte* from = bytes, to = image.Pixels)
            Native.PngDecode(from, bytes.Length, new PixelView(to, image));
        return image;
    }

    private static int Orientation(HeaderReader reader)
    {
        for (long at = 8; at + 12 <= reader.Length;)
        {
            var length = reader.U32(at);
            var kind = reader.Slice(at + 4, 4);
            if (kind.SequenceEqual("eXIf"u8) && at + 8 + length <= reader.Length)
                return Exif.Orientation(reader.Slice(at + 8, length));
            at += 12L + length;
        }
        return 1;
    }
}
