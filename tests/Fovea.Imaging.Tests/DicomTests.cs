namespace Fovea.Imaging.Tests;

public sealed class DicomTests
{
    private static readonly Image Rgb = Picture.Formula(53, 37, 3), Grey = Picture.Formula(53, 37, 1);

    [Theory]
    [InlineData(DicomBuilder.Explicit)]
    [InlineData(DicomBuilder.Implicit)]
    public void Decode_UncompressedRgb_SamePixels(string syntax)
    {
        var bytes = DicomBuilder.Native(53, 37, 3, "RGB", [.. Rgb.Pixels, 0], syntax);
        Assert.Equal(new ImageInfo(ImageFormat.Dicom, 53, 37, 3, 8, 1), ImageCodec.Probe(bytes, "x"));
        Assert.True(Rgb.HasSamePixels(ImageCodec.Decode(bytes, "x")));
    }

    [Fact]
    public void Decode_PlanarRgb_SamePixels()
    {
        byte[] planes = [.. Rgb.Channel(0).Pixels, .. Rgb.Channel(1).Pixels, .. Rgb.Channel(2).Pixels, 0];
        Assert.True(Rgb.HasSamePixels(ImageCodec.Decode(DicomBuilder.Native(53, 37, 3, "RGB", planes, planar: 1), "x")));
    }

    [Fact]
    public void Decode_Monochrome_GreyOrThreeEqualChannels()
    {
        var bytes = DicomBuilder.Native(53, 37, 1, "MONOCHROME2", [.. Grey.Pixels, 0]);
        Assert.True(Grey.HasSamePixels(ImageCodec.Decode(bytes, "x", new() { Grey = true })));
        Assert.True(Grey.ToRgb().HasSamePixels(ImageCodec.Decode(bytes, "x")));
    }

    [Fact]
    public void Decode_Monochrome1_Inverted()
    {
        var bytes = DicomBuilder.Native(2, 1, 1, "MONOCHROME1", [0, 200]);
        Assert.Equal([255, 55], ImageCodec.Decode(bytes, "x", new() { Grey = true }).Pixels);
    }

    [Fact]
    public void Decode_YbrFull_Converted()
    {
        // PS3.3 C.7.6.3.1.2: Y = 76, Cb = 85, Cr = 255 is (253.8, 0.3, 0) before rounding.
        var image = ImageCodec.Decode(DicomBuilder.Native(1, 1, 3, "YBR_FULL", [76, 85, 255, 0]), "x");
        Assert.Equal([254, 0, 0], image.Pixels);
    }

    [Fact]
    public void Decode_BaselineJpegInTwoFragments_EqualsTheJpeg()
    {
        var jpeg = Picture.Bytes("baseline.jpg");
        var bytes = DicomBuilder.Encapsulated(53, 37, 3, "YBR_FULL_422", DicomBuilder.Jpeg, jpeg[..600], jpeg[600..]);
        Assert.True(ImageCodec.Decode(jpeg, "x").HasSamePixels(ImageCodec.Decode(bytes, "x")));
        Assert.Equal(14, ImageCodec.Decode(bytes, "x", new() { MinSide = 10 }).Width); // 53 / 4, rounded up
    }

    [Fact]
    public void Decode_Jpeg2000_EqualsOpenCv()
    {
        var bytes = DicomBuilder.Encapsulated(53, 37, 3, "YBR_RCT", DicomBuilder.Jpeg2000, Picture.Bytes("picture.j2k"));
        Picture.AssertEqual(Picture.Json("files.json").GetProperty("picture.j2k").GetProperty("colour"), ImageCodec.Decode(bytes, "x"));
    }

    [Theory]
    [InlineData(1, "MONOCHROME2")]
    [InlineData(3, "RGB")]
    public void Decode_LosslessJpeg_SamePixels(int channels, string photometric)
    {
        var image = channels == 1 ? Grey : Rgb;
        var bytes = DicomBuilder.Encapsulated(53, 37, channels, photometric, DicomBuilder.JpegLossless, LosslessJpeg.Encode(image));
        Assert.True(image.HasSamePixels(ImageCodec.Decode(bytes, "x", new() { Grey = channels == 1 })));
    }

    [Fact]
    public void Decode_RunLengths_SamePixels() =>
        Assert.True(Rgb.HasSamePixels(ImageCodec.Decode(RunLengths(Rgb), "x")));

    internal static byte[] RunLengths(Image rgb)
    {
        // One segment a channel (PS3.5 annex G); literal runs of at most 128 bytes.
        byte[][] segments = [.. Enumerable.Range(0, 3).Select(c => Literal(rgb.Channel(c).Pixels))];
        var header = new byte[64];
        header[0] = 3;
        for (int i = 0, at = 64; i < 3; at += segments[i++].Length)
            BitConverter.TryWriteBytes(header.AsSpan(4 + (4 * i)), at);
        return DicomBuilder.Encapsulated(
            rgb.Width, rgb.Height, 3, "RGB", DicomBuilder.RunLengths, [.. header, .. segments[0], .. segments[1], .. segments[2]]);

        static byte[] Literal(byte[] data)
        {
            byte[] packed = [.. data.Chunk(128).SelectMany(run => (byte[])[(byte)(run.Length - 1), .. run])];
            return packed.Length % 2 == 0 ? packed : [.. packed, 0];
        }
    }

    [Fact]
    public void Decode_SixteenBits_Refused() => Assert.Contains(
        "16 bits a channel", Picture.Refused(DicomBuilder.Native(2, 1, 1, "MONOCHROME2", [0, 0, 0, 0], bits: 16)), StringComparison.Ordinal);

    [Theory]
    [InlineData("49")]
    [InlineData("0")]
    [InlineData("many")]
    public void Decode_SeveralFrames_Refused(string frames) => Assert.Contains(
        $"{frames} frames", Picture.Refused(DicomBuilder.Native(2, 1, 1, "MONOCHROME2", [0, 0], frames: frames)), StringComparison.Ordinal);

    [Theory]
    [InlineData(1, "PALETTE COLOR")]
    [InlineData(3, "MONOCHROME2")]
    [InlineData(1, "RGB")]
    [InlineData(4, "CMYK")]
    public void Decode_OtherColours_Refused(int samples, string photometric) =>
        Picture.Refused(DicomBuilder.Native(2, 2, samples, photometric, new byte[16]));

    [Theory]
    [InlineData("1.2.840.10008.1.2.2")]
    [InlineData("1.2.840.10008.1.2.1.99")]
    [InlineData("1.2.840.10008.1.2.4.80")] // JPEG-LS
    [InlineData("1.2.840.10008.1.2.4.102")]
    [InlineData("")]
    public void Decode_OtherTransferSyntax_NamedInTheRefusal(string syntax) => Assert.Contains(
        syntax, Picture.Refused(DicomBuilder.Native(2, 2, 1, "MONOCHROME2", new byte[4], syntax)), StringComparison.Ordinal);

    [Theory]
    [InlineData(DicomBuilder.Jpeg, "baseline.jpg")]
    [InlineData(DicomBuilder.Jpeg2000, "picture.j2k")]
    public void Decode_StreamOfAnotherSizeThanDeclared_Refused(string syntax, string name) => Assert.Contains(
        "53x37", Picture.Refused(DicomBuilder.Encapsulated(20, 20, 3, "RGB", syntax, Picture.Bytes(name))), StringComparison.Ordinal);

    [Fact]
    public void Decode_TruncatedAnywhere_Refused()
    {
        var bytes = DicomBuilder.Native(8, 8, 1, "MONOCHROME2", new byte[64]);
        for (var length = 132; length < bytes.Length; length++)
            Picture.Refused(bytes[..length], "cut.dcm");
    }

    [Fact]
    public void Decode_DeeplyNestedSequences_Refused()
    {
        var writer = new DicomBuilder.Writer(isImplicit: false);
        writer.Text(0x0002, 0x0010, "UI", DicomBuilder.Explicit);
        for (var i = 0; i < 100_000; i++)
        {
            writer.Undefined(0x0008, 0x1140, "SQ");
            writer.Delimiter(0xE000, 0xFFFFFFFF);
        }
        Assert.Contains("nested", Picture.Refused([.. new byte[128], .. "DICM"u8, .. writer.Bytes]), StringComparison.Ordinal);
    }
}
