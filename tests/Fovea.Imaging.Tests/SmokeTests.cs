namespace Fovea.Imaging.Tests;

public sealed class SmokeTests
{
    [Fact]
    public void EncodeDecode_Png_SamePixels()
    {
        var image = Image.Filled(40, 30, 3, new Colour(200, 40, 10));
        image.FillCircle(10.5, 12, 6, new Colour(0, 255, 0));
        image.DrawText("OD", 2, 28, 8, Colour.White);
        image.FillPolygon([(1, 1), (20, 3), (9, 17)], Colour.White);
        image.DrawEllipse(20, 15, 12, 8, 30, Colour.Black, 2);
        var back = ImageCodec.Decode(ImageCodec.Encode(image, ImageFormat.Png), "made");
        Assert.True(image.HasSamePixels(back));
        Assert.Equal(20, back.Resize(20, 15, Interpolation.Area).GaussianBlur(1.5).Width);
        Assert.True(Image.AddWeighted(image, 0.5, image, 0.5, 0).HasSamePixels(image));
        Assert.True(image.WarpAffine(AffineTransform.Identity, 40, 30).HasSamePixels(image));
        Assert.Equal("4.6.0", ImagingLibrary.OpenCvVersion);
    }
}
