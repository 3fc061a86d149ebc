using System.Text.Json;

namespace Fovea.Imaging.Tests;

/// <summary>Files of every kind give the pixels that cv2.imread gives.</summary>
public sealed class DecodeParityTests
{
    private static readonly JsonElement Oracle = Picture.Json("files.json");

    public static TheoryData<string> Names => [.. Oracle.EnumerateObject().Select(p => p.Name).Where(n => !n.EndsWith(".j2k", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_Colour_EqualsOpenCv(string name) =>
        Picture.AssertEqual(Oracle.GetProperty(name).GetProperty("colour"), ImageCodec.Decode(Picture.Bytes(name), name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_Grey_EqualsOpenCv(string name) =>
        Picture.AssertEqual(Oracle.GetProperty(name).GetProperty("grey"), ImageCodec.Decode(Picture.Bytes(name), name, new() { Grey = true }));

    // The picture is 53 x 37: 37 / 2 = 19 rounded up, / 4 = 10, / 8 = 5.
    [Theory]
    [InlineData("baseline.jpg", 19, 2)]
    [InlineData("baseline.jpg", 11, 2)]
    [InlineData("baseline.jpg", 10, 4)]
    [InlineData("baseline.jpg", 5, 8)]
    [InlineData("baseline.jpg", 1, 8)]
    [InlineData("progressive.jpg", 10, 4)]
    [InlineData("grey.jpg", 5, 8)]
    public void Decode_WithMinSide_EqualsOpenCvReduced(string name, int minSide, int denominator) =>
        Picture.AssertEqual(
            Oracle.GetProperty(name).GetProperty($"reduced{denominator}"),
            ImageCodec.Decode(Picture.Bytes(name), name, new() { MinSide = minSide }));

    [Theory]
    [InlineData(20)]
    [InlineData(37)]
    [InlineData(1000)]
    public void Decode_MinSideBeyondHalf_FullSize(int minSide) =>
        Picture.AssertEqual(
            Oracle.GetProperty("baseline.jpg").GetProperty("colour"),
            ImageCodec.Decode(Picture.Bytes("baseline.jpg"), "x", new() { MinSide = minSide }));

    [Theory]
    [MemberData(nameof(Names))]
    public void Probe_OfEachFile_SaysWhatDecodeGives(string name)
    {
        var info = ImageCodec.Probe(Picture.Bytes(name), name);
        Assert.Equal((ImageFile.FormatOf(name), 53, 37, 1), (info.Format, info.Width, info.Height, info.Orientation));
        Assert.Equal(name.Contains("bilevel", StringComparison.Ordinal) ? 1 : 8, info.BitDepth);
    }

    [Theory]
    [InlineData("baseline.jpg", 3)]
    [InlineData("grey.jpg", 1)]
    [InlineData("cmyk.jpg", 4)]
    [InlineData("rgb.png", 3)]
    [InlineData("alpha.png", 4)]
    [InlineData("grey.png", 1)]
    [InlineData("palette.png", 3)]
    [InlineData("lzw.tif", 3)]
    [InlineData("palette.tif", 3)]
    [InlineData("cmyk.tif", 4)]
    [InlineData("32-bit.bmp", 4)]
    [InlineData("lossless.webp", 3)]
    public void Probe_OfEachKind_CountsChannels(string name, int channels) =>
        Assert.Equal(channels, ImageCodec.Probe(Picture.Bytes(name), name).Channels);

    [Fact]
    public void Decode_InterlacedPng_EqualsPlain()
    {
        // Adam7 of a 2 x 1 grey picture: pass 1 holds pixel 0, pass 6 pixel 1; each row has a filter byte.
        var data = Zlib([0, 70, 0, 200]);
        var png = Picture.Png(("IHDR", Picture.PngHeader(2, 1, type: 0, interlace: 1)), ("IDAT", data), ("IEND", []));
        Assert.Equal([70, 200], ImageCodec.Decode(png, "x", new() { Grey = true }).Pixels);
    }

    [Theory]
    [InlineData(ImageFormat.Png)]
    [InlineData(ImageFormat.Tiff)]
    [InlineData(ImageFormat.Bmp)]
    public void Encode_LosslessFormat_DecodesToTheSamePixels(ImageFormat format)
    {
        foreach (var (width, height) in new[] { (1, 1), (53, 37), (4, 300) })
        {
            var (rgb, grey) = (Picture.Formula(width, height, 3), Picture.Formula(width, height, 1));
            Assert.True(rgb.HasSamePixels(ImageCodec.Decode(ImageCodec.Encode(rgb, format), "x")));
            Assert.True(grey.HasSamePixels(ImageCodec.Decode(ImageCodec.Encode(grey, format), "x", new() { Grey = true })));
            Assert.Equal(ImageCodec.Encode(rgb, format), ImageCodec.Encode(rgb, format));
        }
    }

    [Theory]
    [InlineData(ImageFormat.Jpeg)]
    [InlineData(ImageFormat.WebP)]
    public void Encode_LossyFormat_StaysCloseAndRepeats(ImageFormat format)
    {
        var image = Picture.Formula(53, 37, 3).GaussianBlur(3);
        var bytes = ImageCodec.Encode(image, format, 95);
        var back = ImageCodec.Decode(bytes, "x");
        // Smooth pictures at quality 95 lose about one grey level; colours are stored at half resolution.
        Assert.True(image.Pixels.Zip(back.Pixels, (a, b) => Math.Abs(a - b)).Average() < 3);
        Assert.Equal(bytes, ImageCodec.Encode(image, format, 95));
        Assert.True(ImageCodec.Encode(image, format, 30).Length < bytes.Length);
    }

    [Fact]
    public void Encode_Jpeg_WritesWhatOpenCvWrites()
    {
        // baseline.jpg is cv2.imencode at quality 85 of the blurred formula: the same library, tables and subsampling.
        Assert.Equal(Picture.Bytes("baseline.jpg"), ImageCodec.Encode(Picture.Formula(53, 37, 3).GaussianBlur(3), ImageFormat.Jpeg, 85));
    }

    internal static byte[] Zlib(byte[] data)
    {
        using var stream = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(stream, System.IO.Compression.CompressionLevel.Optimal))
            zlib.Write(data);
        return stream.ToArray();
    }
}
