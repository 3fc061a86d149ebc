using System.Buffers.Binary;

namespace Fovea.Imaging.Tests;

public sealed class OrientationTests
{
    // The picture upright, an F of bright pixels on 24 x 32 (blocks of 8 keep JPEG from smearing them):
    //   # # #
    //   # . .
    //   # # .
    //   # . .
    private static readonly string[] Upright = ["###", "#..", "##.", "#.."];

    /// <summary>EXIF 2.3, table 6: where the stored row 0 and column 0 lie in the upright picture.</summary>
    private static string[] Stored(int orientation)
    {
        int h = 4, w = 3;
        char At(int row, int column) => Upright[row][column];
        return orientation switch
        {
            1 => Rows(h, w, At), // row 0 top, column 0 left
            2 => Rows(h, w, (r, c) => At(r, w - 1 - c)), // top, right
            3 => Rows(h, w, (r, c) => At(h - 1 - r, w - 1 - c)), // bottom, right
            4 => Rows(h, w, (r, c) => At(h - 1 - r, c)), // bottom, left
            5 => Rows(w, h, (r, c) => At(c, r)), // row 0 left, column 0 top
            6 => Rows(w, h, (r, c) => At(c, w - 1 - r)), // right, top
            7 => Rows(w, h, (r, c) => At(h - 1 - c, w - 1 - r)), // right, bottom
            _ => Rows(w, h, (r, c) => At(h - 1 - c, r)), // left, bottom
        };

        static string[] Rows(int rows, int columns, Func<int, int, char> at) =>
            [.. Enumerable.Range(0, rows).Select(r => string.Concat(Enumerable.Range(0, columns).Select(c => at(r, c))))];
    }

    public static TheoryData<string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var format in new[] { "jpeg", "jpeg big-endian", "png", "webp", "tiff" })
            {
                for (var o = 1; o <= 8; o++)
                    data.Add(format, o);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decode_EachOrientation_StandsUpright(string format, int orientation)
    {
        var bytes = WithOrientation(format, Paint(Stored(orientation)), orientation);
        Assert.Equal(orientation, ImageCodec.Probe(bytes, "x").Orientation);
        Assert.Equal(Upright, Read(ImageCodec.Decode(bytes, "x")));
        Assert.Equal(Upright, Read(ImageCodec.Decode(bytes, "x", new() { Grey = true })));
    }

    [Fact]
    public void Decode_ReducedAndTurned_StandsUpright()
    {
        var bytes = WithOrientation("jpeg", Paint(Stored(6)), 6);
        var image = ImageCodec.Decode(bytes, "x", new() { MinSide = 12 });
        Assert.Equal((12, 16), (image.Width, image.Height));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(65535)]
    public void Decode_SenselessOrientation_LeftAsStored(int orientation) =>
        Assert.Equal(Upright, Read(ImageCodec.Decode(WithOrientation("jpeg", Paint(Upright), orientation), "x")));

    [Fact]
    public void Decode_ExifThatEndsEarly_LeftAsStored()
    {
        var bytes = WithExif(ImageCodec.Encode(Paint(Upright), ImageFormat.Jpeg), Exif(6, bigEndian: false)[..15]);
        Assert.Equal(Upright, Read(ImageCodec.Decode(bytes, "x")));
    }

    private static byte[] WithOrientation(string format, Image image, int orientation) => format switch
    {
        "jpeg" => WithExif(ImageCodec.Encode(image, ImageFormat.Jpeg), Exif(orientation, bigEndian: false)),
        "jpeg big-endian" => WithExif(ImageCodec.Encode(image, ImageFormat.Jpeg), Exif(orientation, bigEndian: true)),
        "png" => Png(image, orientation),
        "webp" => WebP(image, orientation),
        _ => Tiff(image, orientation),
    };

    private static byte[] Png(Image image, int orientation)
    {
        byte[] raw = [.. Enumerable.Range(0, image.Height).SelectMany(y => (byte[])[0, .. image.Row(y)])];
        return Picture.Png(
            ("IHDR", Picture.PngHeader(image.Width, image.Height)), ("eXIf", Exif(orientation, bigEndian: true)[6..]),
            ("IDAT", DecodeParityTests.Zlib(raw)), ("IEND", []));
    }

    private static byte[] WebP(Image image, int orientation)
    {
        var simple = ImageCodec.Encode(image, ImageFormat.WebP, 100)[12..];
        var exif = Exif(orientation, bigEndian: false)[6..];
        byte[] extended =
        [
            .. "WEBP"u8, .. "VP8X"u8, 10, 0, 0, 0, 0x08, 0, 0, 0, (byte)(image.Width - 1), 0, 0, (byte)(image.Height - 1), 0, 0,
            .. simple, .. "EXIF"u8, (byte)exif.Length, 0, 0, 0, .. exif,
        ];
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, extended.Length);
        return [.. "RIFF"u8, .. length, .. extended];
    }

    /// <summary>Uncompressed, one strip, the fields in a hand-written directory.</summary>
    private static byte[] Tiff(Image image, int orientation)
    {
        (int Tag, int Type, int Value)[] fields =
        [
            (256, 3, image.Width), (257, 3, image.Height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 0), (274, 3, orientation), (277, 3, 1),
            (278, 3, image.Height), (279, 4, image.Width * image.Height),
        ];
        var pixelsAt = 8 + 2 + (fields.Length * 12) + 4;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("II*\0"u8);
        writer.Write(8);
        writer.Write((short)fields.Length);
        foreach (var (tag, type, value) in fields)
        {
            writer.Write((short)tag);
            writer.Write((short)type);
            writer.Write(1);
            writer.Write(tag == 273 ? pixelsAt : value);
        }
        writer.Write(0);
        writer.Write(image.ToGrey().Pixels);
        return stream.ToArray();
    }

    internal static byte[] WithExif(byte[] jpeg, byte[] exif) =>
        [.. jpeg[..2], 0xFF, 0xE1, (byte)((exif.Length + 2) >> 8), (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];

    internal static byte[] Exif(int orientation, bool bigEndian)
    {
        var (high, low) = ((byte)(orientation >> 8), (byte)orientation);
        return bigEndian
            ? [.. "Exif\0\0"u8, .. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, high, low, 0, 0, 0, 0, 0, 0]
            : [.. "Exif\0\0"u8, .. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, low, high, 0, 0, 0, 0, 0, 0];
    }

    private static Image Paint(string[] rows)
    {
        var image = new Image(rows[0].Length * 8, rows.Length * 8, 3);
        for (var y = 0; y < rows.Length; y++)
        {
            for (var x = 0; x < rows[0].Length; x++)
            {
                if (rows[y][x] == '#')
                    image.Paste(Image.Filled(8, 8, 3, Colour.White), x * 8, y * 8);
            }
        }
        return image;
    }

    private static string[] Read(Image image) =>
        [.. Enumerable.Range(0, image.Height / 8).Select(y => string.Concat(Enumerable.Range(0, image.Width / 8)
            .Select(x => image.Row((y * 8) + 4)[((x * 8) + 4) * image.Channels] > 127 ? '#' : '.')))];
}
