using Fovea.Acquisition;
using Fovea.Imaging;

namespace Fovea.Tests.Acquisition;

public sealed class OctScanTests
{
    [Fact]
    public void Layering_OfStripes_IsTheRatioOfTheirSlopes()
    {
        // Brightness 2·y: its change downwards is 4 over two pixels everywhere, sideways 0, which counts as 1 altogether.
        var down = Ramp(100, 100, (_, y) => 2 * y);
        Assert.True(OctScan.Layering(down) > 1000);
        Assert.Equal(0, OctScan.Layering(Ramp(100, 100, (x, _) => 2 * x)));
        // 2·y + x: slopes 4 and 2, energies 16 : 4.
        Assert.Equal(4, OctScan.Layering(Ramp(80, 80, (x, y) => 2 * y + x)), 0.25);
        Assert.Equal(0, OctScan.Layering(new Image(50, 50, 3)));
    }

    [Fact]
    public void Colour_OfOneColour_IsItsSpread()
    {
        Assert.Equal(150, OctScan.Colour(Image.Filled(40, 40, 3, new Colour(200, 100, 50))));
        Assert.Equal(0, OctScan.Colour(new Image(40, 40, 1)));
    }

    [Fact]
    public void IsOne_LayersInColour_IsNoScan()
    {
        var grey = Ramp(120, 120, (_, y) => y / 10 % 2 * 180);
        Assert.True(OctScan.IsOne(grey));
        var red = new Image(120, 120, 3);
        for (var i = 0; i < red.Pixels.Length; i += 3) red.Pixels[i] = grey.Pixels[i];
        Assert.False(OctScan.IsOne(red));
        Assert.True(OctScan.IsOne(grey.ToGrey()));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 500)]
    [InlineData(500, 1)]
    [InlineData(3000, 2)]
    public void IsOne_OddSizes_IsFalseAndDoesNotThrow(int width, int height) => Assert.False(OctScan.IsOne(Image.Filled(width, height, 3, new Colour(90, 90, 90))));

    [Fact]
    public void IsOne_RealScansAndPhotographs_AreToldApart()
    {
        foreach (var scan in Directory.GetFiles(TestPaths.Data("kermany_samples"), "*.jpeg", SearchOption.AllDirectories)) Assert.True(OctScan.IsOne(FundusImage.Read(scan).Pixels), scan);
        // Photographs are told by their colour; as they come from a red-free camera, grey, by having no layers.
        foreach (var photograph in Directory.GetFiles(TestPaths.Data("idrid/grading/images"), "*.jpg").Order(StringComparer.Ordinal).Where((_, i) => i % 8 == 0))
        {
            var image = FundusImage.Read(photograph).Pixels;
            Assert.True(OctScan.Colour(image) > 5 * OctScan.MostColour, photograph);
            Assert.False(OctScan.IsOne(image.ToGrey()), photograph);
        }
    }

    private static Image Ramp(int width, int height, Func<int, int, int> value)
    {
        var image = new Image(width, height, 3);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                image.Row(y).Slice(3 * x, 3).Fill((byte)Math.Clamp(value(x, y), 0, 255));
        return image;
    }
}
