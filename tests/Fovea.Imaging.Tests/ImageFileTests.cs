namespace Fovea.Imaging.Tests;

public sealed class ImageFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fovea-imaging-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("a.png")]
    [InlineData("a.TIF")]
    [InlineData("a.tiff")]
    [InlineData("a.bmp")]
    public void Write_ThenRead_SamePixelsAndNoOtherFile(string name)
    {
        var (path, image) = (Path.Combine(folder, name), Picture.Formula(20, 10, 3));
        File.WriteAllText(path, "old");
        ImageFile.Write(path, image);
        Assert.True(image.HasSamePixels(ImageFile.Read(path)));
        Assert.Equal([path], Directory.GetFiles(folder));
        Assert.Equal(20, ImageFile.Probe(path).Width);
    }

    [Fact]
    public void EncodePng_WithAlpha_KeepsColoursAndAlpha()
    {
        var image = Picture.Formula(20, 10, 3);
        Assert.True(image.HasSamePixels(ImageCodec.Decode(ImageCodec.EncodePng(image, new byte[200]), "a.png")));
        // Of one pixel every filter of PNG leaves the bytes as they are: filter, red, green, blue, alpha.
        var png = ImageCodec.EncodePng(new Image(1, 1, 3, [10, 20, 30]), [40]);
        var data = png.AsSpan().IndexOf("IDAT"u8) + 4;
        using var pixel = new System.IO.Compression.ZLibStream(new MemoryStream(png[data..]), System.IO.Compression.CompressionMode.Decompress);
        var bytes = new byte[5];
        pixel.ReadExactly(bytes);
        Assert.Equal([10, 20, 30, 40], bytes[1..]);
        Assert.Throws<ArgumentException>(() => ImageCodec.EncodePng(image, new byte[199]));
    }

    [Fact]
    public void Write_ToAMissingFolder_NamesIt()
    {
        var path = Path.Combine(folder, "none", "a.png");
        var e = Assert.Throws<UnwritableImageException>(() => ImageFile.Write(path, new Image(2, 2, 3)));
        Assert.Equal($"{path}: its folder does not exist. Create {Path.Combine(folder, "none")} first.", e.Message);
    }

    [Theory]
    [InlineData("a.gif")]
    [InlineData("a")]
    [InlineData("a.dcm")]
    public void Write_WithoutAKnownEnding_Refused(string name)
    {
        var e = Assert.Throws<UnwritableImageException>(() => ImageFile.Write(Path.Combine(folder, name), new Image(2, 2, 3)));
        Assert.EndsWith("End the name in .jpg, .png, .tif, .bmp or .webp.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_OverAFolder_RefusedAndNothingLeftBehind()
    {
        Directory.CreateDirectory(Path.Combine(folder, "a.png"));
        Assert.Throws<UnwritableImageException>(() => ImageFile.Write(Path.Combine(folder, "a.png"), new Image(2, 2, 3)));
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void Read_MissingFileOrFolder_Refused()
    {
        var path = Path.Combine(folder, "a.png");
        Assert.Equal($"{path}: no such file. Check the path.", Assert.Throws<UnreadableImageException>(() => ImageFile.Read(path)).Message);
        Assert.Contains("a folder", Assert.Throws<UnreadableImageException>(() => ImageFile.Read(folder)).Message, StringComparison.Ordinal);
    }
}
