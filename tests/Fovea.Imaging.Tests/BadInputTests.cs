namespace Fovea.Imaging.Tests;

/// <summary>Each bad picture gets one line with the file's name, the reason and the remedy.</summary>
[Collection("standard error")]
public sealed class BadInputTests
{
    private static readonly byte[] Jpeg = Picture.Bytes("baseline.jpg");

    [Fact]
    public void Decode_EmptyFile_SaysEmpty() => Assert.Equal(
        "photo.jpg: not an image (the file is empty). Give a JPEG, PNG, TIFF, BMP, WebP or DICOM file.", Picture.Refused([]));

    [Fact]
    public void Decode_TextNamedPng_SaysText() => Assert.Equal(
        "notes.png: not an image (it is text). Give a JPEG, PNG, TIFF, BMP, WebP or DICOM file.",
        Picture.Refused("patient,grade\n1,2\n"u8.ToArray(), "notes.png"));

    [Theory]
    [InlineData("GIF89a............", "it is a GIF")]
    [InlineData("%PDF-1.7", "it is a PDF")]
    [InlineData("\0\0\0\u0018ftypheic0000", "it is HEIC")]
    [InlineData("PK\u0003\u0004", "it is a zip archive")]
    [InlineData("\0\0\0\0\0\0\0\0", "it holds only zeros")]
    [InlineData("\u0001\u0002\u0003", "of no known format")]
    public void Decode_AnotherKindOfFile_NamesTheKind(string bytes, string reason) =>
        Assert.Contains(reason, Picture.Refused(System.Text.Encoding.Latin1.GetBytes(bytes)), StringComparison.Ordinal);

    public static TheoryData<string, double> Cuts
    {
        get
        {
            var data = new TheoryData<string, double>();
            foreach (var name in new[]
                     {
                         "baseline.jpg", "progressive.jpg", "grey.jpg", "restarts.jpg", "rgb.png", "grey.png", "palette.png", "lzw.tif", "packbits-grey.tif",
                         "24-bit.bmp", "palette.bmp", "lossy.webp", "lossless.webp",
                     })
            {
                foreach (var part in new[] { 0.3, 0.6, 0.9, 0.99 })
                    data.Add(name, part);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public void Decode_TruncatedFile_Refused(string name, double part)
    {
        var whole = Picture.Bytes(name);
        var message = Picture.Refused(whole[..(int)(whole.Length * part)], name);
        Assert.EndsWith("Export or copy the picture again.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_JpegWithoutItsLastTwoBytes_Refused() =>
        Assert.Equal(
            "photo.jpg: a damaged JPEG file (Premature end of JPEG file). Export or copy the picture again.", Picture.Refused(Jpeg[..^2]));

    [Fact]
    public void Decode_JpegCutInTheDataWithAnEndMarkerAppended_Refused() =>
        Assert.Contains("premature end of data", Picture.Refused([.. Jpeg[..(Jpeg.Length * 2 / 3)], 0xFF, 0xD9]), StringComparison.Ordinal);

    [Fact]
    public void Decode_JpegWithBytesAfterItsEnd_Reads() =>
        Assert.Equal(53, ImageCodec.Decode([.. Jpeg, .. new byte[1000]], "phone.jpg").Width);

    [Fact]
    public void Decode_PngWithoutItsEndChunk_Refused() => Picture.Refused(Picture.Bytes("rgb.png")[..^12], "x.png");

    [Fact]
    public void Decode_PngWithAWrongSum_Refused()
    {
        var bytes = Picture.Bytes("rgb.png");
        bytes[bytes.Length / 2] ^= 1;
        Assert.Contains("damaged PNG", Picture.Refused(bytes, "x.png"), StringComparison.Ordinal);
    }

    [Fact]
    public void Decode_Grey16Tiff_SaysSixteenBitsAndTheRemedy() => Assert.Equal(
        "scan.tif: 16 bits a channel; Fovea reads 8. Export it as 8-bit RGB.", Picture.Refused(Picture.Bytes("grey16.tif"), "scan.tif"));

    [Fact]
    public void Decode_Rgb16Png_SaysSixteenBits() =>
        Assert.Contains("16 bits a channel", Picture.Refused(Picture.Bytes("rgb16.png")), StringComparison.Ordinal);

    [Fact]
    public void Decode_FloatTiff_Refused() => Assert.Contains("32 bits", Picture.Refused(Picture.Bytes("float.tif")), StringComparison.Ordinal);

    [Theory]
    [InlineData("cmyk.jpg")]
    [InlineData("cmyk.tif")]
    public void Decode_Cmyk_SaysCmykAndTheRemedy(string name) => Assert.Equal(
        $"{name}: colours in CMYK (for printing); Fovea reads RGB. Export it as 8-bit RGB.", Picture.Refused(Picture.Bytes(name), name));

    [Fact]
    public void Decode_OneByOne_Reads()
    {
        foreach (var format in new[] { ImageFormat.Jpeg, ImageFormat.Png, ImageFormat.Tiff, ImageFormat.Bmp, ImageFormat.WebP })
        {
            var image = ImageCodec.Decode(ImageCodec.Encode(Image.Filled(1, 1, 3, Colour.White), format), "dot");
            Assert.Equal((1, 1), (image.Width, image.Height));
        }
    }

    [Fact]
    public void Decode_AboveMaxPixels_SaysBothSizes() => Assert.Equal(
        "photo.jpg: too large (53x37 pixels; the limit is 0.001 megapixels). Scale it down first.",
        Picture.Refused(Jpeg, options: new() { MaxPixels = 1000 }));

    public static TheoryData<string> HugeFormats => ["jpeg", "progressive jpeg", "png", "tiff", "big tiff", "bmp", "webp", "dicom"];

    /// <summary>A header of a few bytes that declares far more than memory should hold.</summary>
    private static byte[] Huge(string format, int side) => format switch
    {
        "jpeg" => [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, .. Two(side), .. Two(side), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0],
        "progressive jpeg" => [0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8, .. Two(side), .. Two(side), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0],
        "png" => Picture.Png(("IHDR", Picture.PngHeader(side, side)), ("IDAT", DecodeParityTests.Zlib(new byte[1000])), ("IEND", [])),
        "tiff" => [.. "MM\0*"u8, 0, 0, 0, 8, 0, 3, .. Field(256, side), .. Field(257, side), .. Field(258, 8)],
        "big tiff" =>
        [
            .. "MM\0+"u8, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 3, .. BigField(256, side), .. BigField(257, side), .. BigField(258, 8),
        ],
        "bmp" =>
        [
            .. "BM"u8, 0, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, .. BitConverter.GetBytes(side), .. BitConverter.GetBytes(side), 1, 0, 24, 0,
            .. new byte[24],
        ],
        "webp" => WebP(Math.Min(side, 16384)),
        _ => DicomBuilder.Native(side, side, 1, "MONOCHROME2", [0, 0]),
    };

    private static byte[] Two(int value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Field(int tag, int value) => [.. Two(tag), 0, 4, 0, 0, 0, 1, .. Picture.BigEndian((uint)value)];

    private static byte[] BigField(int tag, int value) => [.. Two(tag), 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, .. Picture.BigEndian((uint)value), 0, 0, 0, 0];

    private static byte[] WebP(int side) =>
        [.. "RIFF"u8, 22, 0, 0, 0, .. "WEBPVP8L"u8, 9, 0, 0, 0, 0x2F, .. BitConverter.GetBytes((uint)((side - 1) | ((side - 1) << 14))), 0, 0, 0, 0, 0];

    [Theory]
    [MemberData(nameof(HugeFormats))]
    public void Decode_HugeHeader_RefusedBeforeAllocating(string format)
    {
        var bytes = Huge(format, 30_000);
        ImageCodec.Probe(bytes, "warm up"); // so that only the refusal is counted
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Picture.Refused(bytes, "bomb");
        Assert.Contains("too large", message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000, "The refusal allocated more than its message.");
    }

    // 9,000 x 9,000 is within the limit; what holds no such picture must not make room for one.
    [Theory]
    [InlineData("jpeg")]
    [InlineData("progressive jpeg")]
    [InlineData("png")]
    [InlineData("bmp")]
    [InlineData("dicom")]
    public void Decode_LargeHeaderWithoutData_RefusedBeforeAllocating(string format)
    {
        var bytes = Huge(format, 9_000);
        ImageCodec.Probe(bytes, "warm up");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Picture.Refused(bytes, "hollow");
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 200_000, "The refusal allocated more than its message.");
    }

    [Fact]
    public void Decode_PngBeyondInt32_Refused() => Picture.Refused(Huge("png", -1), "x.png");

    [Fact]
    public void Decode_JpegOfTenThousandScans_Refused()
    {
        // A progressive picture whose first DC scan and its refinement come again and again, which the standard does not forbid: each
        // costs a pass over all blocks, so that a file of kilobytes takes minutes.
        var bytes = Picture.Bytes("progressive.jpg");
        byte[][] dc = [.. Scans(bytes).Where(s => s[5 + (2 * s[4])] == 0)]; // Ss = 0
        Assert.Equal(2, dc.Length);
        byte[] many = [.. bytes[..^2], .. Enumerable.Repeat(dc, 5_000).SelectMany(s => s).SelectMany(s => s), 0xFF, 0xD9];
        Assert.Contains("scans", Picture.Refused(many), StringComparison.Ordinal);
    }

    /// <summary>Each scan from its SOS marker to the marker after its data.</summary>
    private static IEnumerable<byte[]> Scans(byte[] jpeg)
    {
        for (var at = 0; at + 1 < jpeg.Length; at++)
        {
            if (jpeg[at] != 0xFF || jpeg[at + 1] != 0xDA)
                continue;
            var end = at + 2;
            while (jpeg[end] != 0xFF || jpeg[end + 1] == 0)
                end++;
            yield return jpeg[at..end];
        }
    }

    [Fact]
    public void Refusal_OfADamagedFile_WritesNothingToStandardError()
    {
        var written = StandardError.During(() =>
        {
            foreach (var name in Directory.EnumerateFiles(Picture.Fixture("")).Where(f => ImageFile.FormatOf(f) is not null))
            {
                var bytes = File.ReadAllBytes(name);
                foreach (var damaged in new[] { bytes[..(bytes.Length / 2)], Flip(bytes, bytes.Length / 2), Flip(bytes, bytes.Length * 3 / 4) })
                {
                    try
                    {
                        ImageCodec.Decode(damaged, name);
                    }
                    catch (UnreadableImageException)
                    {
                        // expected of most; the rest have a changed pixel
                    }
                }
            }
        });
        Assert.Equal("", written);

        static byte[] Flip(byte[] bytes, int at)
        {
            var copy = (byte[])bytes.Clone();
            copy[at] ^= 0xFF;
            return copy;
        }
    }
}
