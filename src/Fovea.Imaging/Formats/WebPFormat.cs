using Fovea.Imaging.Internal;

namespace Fovea.Imaging.Formats;

internal static class WebPFormat
{
    public static bool Matches(ReadOnlySpan<byte> bytes) => bytes.Length >= 12 && bytes.StartsWith("RIFF"u8) && bytes.Slice(8, 4).SequenceEqual("WEBP"u8);

    public static ImageInfo Probe(ReadOnlySpan<byte> bytes)
    {
        var reader = new HeaderReader(bytes, ImageFormat.WebP, bigEndian: false);
        if (reader.U32(4) + 8L > reader.Length)
            throw Refusal.Truncated(ImageFormat.WebP);
        var kind = reader.Slice(12, 4);
        if (kind.SequenceEqual("VP8 "u8))
        {
            // 3 bytes of frame tag, the start code 9D 01 2A, then 14 bits for each side
            if (!reader.Slice(23, 3).SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]))
                throw Refusal.Damaged(ImageFormat.WebP, "no start code");
            return Info(reader.U16(26) & 0x3FFF, reader.U16(28) & 0x3FFF, alpha: false, 1);
        }
        if (kind.SequenceEqual("VP8L"u8))
        {
            if (reader.U8(20) != 0x2F)
                throw Refusal.Damaged(ImageFormat.WebP, "no lossless signature");
            var packed = reader.U32(21);
            return Info((int)(packed & 0x3FFF) + 1, (int)((packed >> 14) & 0x3FFF) + 1, (packed & (1 << 28)) != 0, 1);
        }
        if (!kind.SequenceEqual("VP8X"u8))
            throw Refusal.Damaged(ImageFormat.WebP, "no picture chunk");
        var flags = reader.U8(20);
        if ((flags & 0x02) != 0)
            throw Refusal.Unsupported(ImageFormat.WebP, "an animation", "Save one picture of it as PNG");
        var orientation = (flags & 0x08) != 0 ? Orientation(reader) : 1;
        return Info(U24(reader, 24) + 1, U24(reader, 27) + 1, (flags & 0x10) != 0, orientation);
    }

    public static unsafe Image Decode(ReadOnlySpan<byte> bytes, ImageInfo info)
    {
        var image = Image.Uninitialised(info.Width, info.Height, 3);
        fixed (byte* from = bytes, to = image.Pixels)
            Native.WebPDecode(from, bytes.Length, new PixelView(to, image));
        return image;
    }

    private static ImageInfo Info(int width, int height, bool alpha, int orientation)
    {
        if (width == 0 || height == 0)
            throw Refusal.Damaged(ImageFormat.WebP, $"{width}x{height} pixels");
        return new ImageInfo(ImageFormat.WebP, width, height, alpha ? 4 : 3, 8, orientation);
    }

    private static int U24(HeaderReader reader, long at) => reader.U16(at) | (reader.U8(at + 2) << 16);

    private static int Orientation(HeaderReader reader)
    {
        for (long at = 12; at + 8 <= reader.Length;)
        {
            var length = reader.U32(at + 4);
            if (reader.Slice(at, 4).SequenceEqual("EXIF"u8) && at + 8 + length <= reader.Length)
                return Exif.Orientation(reader.Slice(at + 8, length));
            at += 8 + length + (length & 1);
        }
        return 1;
    }
}
