namespace Fovea.Imaging.Formats;

/// <summary>Uncompressed Windows bitmaps of 1, 4, 8, 24 or 32 bits a pixel, read and written here: the format is simpler than a call.</summary>
internal static class BmpFormat
{
    private const int FileHeader = 14, InfoHeader = 40, Uncompressed = 0, BitFields = 3;

    public static bool Matches(ReadOnlySpan<byte> bytes) => bytes.Length >= 2 && bytes[0] == 'B' && bytes[1] == 'M' && (bytes.Length < 18 || bytes[15] == 0);

    public static ImageInfo Probe(ReadOnlySpan<byte> bytes)
    {
        var header = Header.Read(bytes);
        return new ImageInfo(ImageFormat.Bmp, header.Width, header.Height, header.Bits == 32 ? 4 : 3, Math.Min(header.Bits, 8), 1);
    }

    /// <summary>The file must hold every row before they are allocated.</summary>
    public static void RequirePlausible(ReadOnlySpan<byte> bytes)
    {
        var header = Header.Read(bytes);
        if (header.Offset + (header.Stride * header.Height) > bytes.Length)
            throw Refusal.Truncated(ImageFormat.Bmp);
    }

    public static Image Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new HeaderReader(bytes, ImageFormat.Bmp, bigEndian: false);
        var header = Header.Read(bytes);
        var palette = header.Bits <= 8 ? reader.Slice(header.PaletteAt, header.PaletteLength * 4L) : default;
        var image = Image.Uninitialised(header.Width, header.Height, 3);
        for (var y = 0; y < header.Height; y++)
        {
            var from = reader.Slice(header.Offset + (header.Stride * (header.TopDown ? y : header.Height - 1 - y)), header.Stride);
            var to = image.Row(y);
            if (header.Bits <= 8)
                Indexed(from, palette, header, to);
            else
                Direct(from, header.Bits / 8, to);
        }
        return image;
    }

    public static byte[] Encode(Image image)
    {
        var grey = image.Channels == 1;
        var (stride, palette) = (((image.Width * image.Channels) + 3) / 4 * 4, grey ? 256 : 0);
        var offset = FileHeader + InfoHeader + (palette * 4);
        var bytes = new byte[checked(offset + (stride * image.Height))];
        "BM"u8.CopyTo(bytes);
        Put(2, bytes.Length);
        Put(10, offset);
        Put(14, InfoHeader);
        Put(18, image.Width);
        Put(22, image.Height);
        Put(26, 1 | ((image.Channels * 8) << 16)); // planes, bits a pixel
        Put(34, stride * image.Height);
        Put(46, palette);
        for (var i = 0; i < palette; i++)
            Put(FileHeader + InfoHeader + (4 * i), i * 0x010101);
        for (var y = 0; y < image.Height; y++)
        {
            var from = image.Row(y);
            var to = bytes.AsSpan(offset + (stride * (image.Height - 1 - y)));
            if (grey)
                from.CopyTo(to);
            else
                Direct(from, 3, to[..from.Length]); // exchanging red and blue is its own inverse
        }
        return bytes;

        void Put(int at, int value) => BitConverter.TryWriteBytes(bytes.AsSpan(at), value);
    }

    private static void Direct(ReadOnlySpan<byte> from, int step, Span<byte> to)
    {
        for (int i = 0, j = 0; i < to.Length; i += 3, j += step)
            (to[i], to[i + 1], to[i + 2]) = (from[j + 2], from[j + 1], from[j]);
    }

    private static void Indexed(ReadOnlySpan<byte> from, ReadOnlySpan<byte> palette, in Header header, Span<byte> to)
    {
        var (perByte, mask) = (8 / header.Bits, (1 << header.Bits) - 1);
        for (var x = 0; x < header.Width; x++)
        {
            var index = (from[x / perByte] >> (8 - (header.Bits * ((x % perByte) + 1)))) & mask;
            if (index >= header.PaletteLength)
                throw Refusal.Damaged(ImageFormat.Bmp, "a colour outside its palette");
            (to[3 * x], to[(3 * x) + 1], to[(3 * x) + 2]) = (palette[(4 * index) + 2], palette[(4 * index) + 1], palette[4 * index]);
        }
    }

    private readonly record struct Header(long Offset, int Width, int Height, bool TopDown, int Bits, long PaletteAt, int PaletteLength)
    {
        public long Stride => (((long)Width * Bits) + 31) / 32 * 4;

        public static Header Read(ReadOnlySpan<byte> bytes)
        {
            var reader = new HeaderReader(bytes, ImageFormat.Bmp, bigEndian: false);
            var size = reader.U32(14);
            if (size is < InfoHeader or > 1024)
                throw Refusal.Unsupported(ImageFormat.Bmp, "an OS/2 header", "Save it as PNG");
            var (width, height) = ((int)reader.U32(18), (long)(int)reader.U32(22));
            var (bits, compression) = (reader.U16(28), reader.U32(30));
            if (width <= 0 || height == 0 || Math.Abs(height) > int.MaxValue)
                throw Refusal.Damaged(ImageFormat.Bmp, $"{width}x{height} pixels");
            // Bit fields of the usual layout are only another way to say 32 bits.
            var usual = compression == BitFields && bits == 32 && reader.U32(54) == 0xFF0000 && reader.U32(58) == 0xFF00 && reader.U32(62) == 0xFF;
            if (compression != Uncompressed && !usual)
                throw Refusal.Unsupported(ImageFormat.Bmp, "compression", "Save it as PNG");
            if (bits is not (1 or 4 or 8 or 24 or 32))
                throw Refusal.Unsupported(ImageFormat.Bmp, $"{bits} bits a pixel", "Save it as 24-bit BMP or PNG");
            var used = reader.U32(46);
            var length = bits > 8 ? 0 : used == 0 ? 1 << bits : (int)Math.Min(used, 1u << bits);
            return new Header(reader.U32(10), width, (int)Math.Abs(height), height < 0, bits, FileHeader + size, length);
        }
    }
}
