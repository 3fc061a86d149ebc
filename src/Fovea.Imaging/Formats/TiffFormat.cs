using Fovea.Imaging.Internal;

namespace Fovea.Imaging.Formats;

/// <summary>The first picture of a TIFF file, classic or Big.</summary>
internal static class TiffFormat
{
    private const int Separated = 5, Indexed = 3; // photometric interpretations
    private const int UnsignedInteger = 1, Undefined = 4; // sample formats
    private const int MostEntries = 4096;

    public static bool Matches(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("II*\0"u8) || bytes.StartsWith("MM\0*"u8) || bytes.StartsWith("II+\0"u8) || bytes.StartsWith("MM\0+"u8);

    public static ImageInfo Probe(ReadOnlySpan<byte> bytes)
    {
        var fields = Fields.Read(bytes);
        var channels = fields.Photometric == Indexed ? 3 : (int)Math.Min(fields.Samples, 255);
        return new ImageInfo(ImageFormat.Tiff, (int)fields.Width, (int)fields.Height, channels, (int)Math.Min(fields.Bits, 255), fields.Orientation);
    }

    public static void RequirePlausible(ReadOnlySpan<byte> bytes, DecodeOptions options)
    {
        var fields = Fields.Read(bytes);
        if (fields.Photometric == Separated)
            throw Refusal.Cmyk();
        if (fields.SampleFormat is not (UnsignedInteger or Undefined))
            throw Refusal.Unsupported(ImageFormat.Tiff, "signed or floating-point pixels", Refusal.EightBits);
        if (fields.Bits is not (1 or 2 or 4 or 8))
            throw Refusal.Bits((int)Math.Min(fields.Bits, 255));
        if (fields.Samples is 0 or > 8)
            throw Refusal.Unsupported(ImageFormat.Tiff, $"{fields.Samples} channels", Refusal.EightBits);
        if (fields.TileWidth * fields.TileHeight > (ulong)Math.Max(options.MaxPixels, 1 << 16))
            throw Refusal.Damaged(ImageFormat.Tiff, $"tiles of {fields.TileWidth}x{fields.TileHeight} pixels");
    }

    public static unsafe Image Decode(ReadOnlySpan<byte> bytes, ImageInfo info)
    {
        var image = Image.Uninitialised(info.Width, info.Height, 3);
        fixed (byte* from = bytes, to = image.Pixels)
            Native.TiffDecode(from, bytes.Length, info.Orientation, new PixelView(to, image));
        return image;
    }

    /// <summary>What of the first directory decides whether and how the picture is read. Defaults are TIFF 6.0's.</summary>
    private sealed class Fields
    {
        public ulong Width, Height, Bits = 1, Photometric, Samples = 1, SampleFormat = UnsignedInteger, TileWidth, TileHeight;
        public int Orientation = 1;

        public static Fields Read(ReadOnlySpan<byte> bytes)
        {
            var reader = new HeaderReader(bytes, ImageFormat.Tiff, bytes[0] == 'M');
            var big = reader.U16(2) == 43;
            var directory = big ? Offset(reader.U64(8)) : reader.U32(4);
            var entries = big ? reader.U64(directory) : (ulong)reader.U16(directory);
            if (entries > MostEntries)
                throw Refusal.Damaged(ImageFormat.Tiff, $"{entries} fields");
            var fields = new Fields();
            var (first, size) = big ? (directory + 8, 20) : (directory + 2, 12);
            for (var i = 0; i < (int)entries; i++)
                fields.Take(reader, first + (i * size), big);
            if (fields.Width is 0 or > int.MaxValue || fields.Height is 0 or > int.MaxValue)
                throw Refusal.Damaged(ImageFormat.Tiff, $"{fields.Width}x{fields.Height} pixels");
            return fields;
        }

        private void Take(HeaderReader reader, long entry, bool big)
        {
            switch (reader.U16(entry))
            {
                case 256: Width = Value(reader, entry, big); break;
                case 257: Height = Value(reader, entry, big); break;
                case 258: Bits = Value(reader, entry, big); break;
                case 262: Photometric = Value(reader, entry, big); break;
                case 274: Orientation = Value(reader, entry, big) is >= 1 and <= 8 and var o ? (int)o : 1; break;
                case 277: Samples = Value(reader, entry, big); break;
                case 322: TileWidth = Math.Min(Value(reader, entry, big), int.MaxValue); break;
                case 323: TileHeight = Math.Min(Value(reader, entry, big), int.MaxValue); break;
                case 339: SampleFormat = Value(reader, entry, big); break;
            }
        }

        /// <summary>The first number of a field, which lies in the entry when it fits and elsewhere when the field is long.</summary>
        private static ulong Value(HeaderReader reader, long entry, bool big)
        {
            var type = reader.U16(entry + 2);
            var count = big ? reader.U64(entry + 4) : reader.U32(entry + 4);
            var bytes = type switch { 1 or 6 or 7 => 1u, 3 or 8 => 2u, 4 or 9 => 4u, 16 or 17 => 8u, _ => throw Refusal.Damaged(ImageFormat.Tiff, $"a field of type {type}") };
            if (count is 0 or > 1 << 16)
                throw Refusal.Damaged(ImageFormat.Tiff, $"a field of {count} values");
            var at = big ? entry + 12 : entry + 8;
            if (count * bytes > (big ? 8u : 4u))
                at = big ? Offset(reader.U64(at)) : reader.U32(at);
            return bytes switch { 1 => reader.U8(at), 2 => (ulong)reader.U16(at), 4 => reader.U32(at), _ => reader.U64(at) };
        }

        private static long Offset(ulong value) => value <= long.MaxValue ? (long)value : throw Refusal.Truncated(ImageFormat.Tiff);
    }
}
