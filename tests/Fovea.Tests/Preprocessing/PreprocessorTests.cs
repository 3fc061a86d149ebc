using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Tests.Preprocessing;

public sealed class PreprocessorTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("fov")]
    [InlineData("crop")]
    [InlineData("clahe")]
    [InlineData("illumination")]
    [InlineData("graham")]
    public void Prepare_MarkedPoint_LandsWhereTheTransformSays(string chain)
    {
        // A white spot of 9 px on a grey field of 100 px radius, off-centre in the frame.
        var image = new Image(400, 240, 3);
        image.FillCircle(230, 118, 100, new Colour(120, 80, 40));
        image.FillCircle(262, 90, 4, Colour.White);
        var prepared = Preprocessor.Prepare(new FundusImage(image, "marked"), new PreprocessingSpec { Chain = chain, Size = 160 });
        var (x, y) = prepared.OriginalToPrepared.Apply(262, 90);
        var (foundX, foundY) = CentreOfWhite(prepared.Pixels, x, y);
        Assert.InRange(foundX - x, -0.5, 0.5);
        Assert.InRange(foundY - y, -0.5, 0.5);
        var (backX, backY) = prepared.OriginalToPrepared.Invert().Apply(x, y);
        Assert.Equal(262, backX, 9);
        Assert.Equal(90, backY, 9);
        Assert.Equal((400, 240), (prepared.OriginalWidth, prepared.OriginalHeight));
    }

    [Theory]
    [InlineData("s0", 0)]
    [InlineData("s1", 0)]
    [InlineData("s0", 12)]
    public void Prepare_ReferenceMarkedPoint_LandsWhereTheTransformSays(string chain, int stampWidth)
    {
        var image = new Image(400, 240, 3);
        image.FillCircle(200, 118, 100, new Colour(120, 80, 40));
        image.FillCircle(232, 90, 4, Colour.White);
        if (stampWidth > 0) image.FillRectangle(20, 200, 20 + stampWidth, 210, new Colour(90, 90, 90)); // left of the field: dark columns between go
        var prepared = Preprocessor.Prepare(new FundusImage(image, "marked"), new PreprocessingSpec { Chain = chain, Size = 160 });
        var (x, y) = prepared.OriginalToPrepared.Apply(232, 90);
        var (foundX, foundY) = CentreOfWhite(prepared.Pixels, x, y);
        Assert.InRange(foundX - x, -0.6, 0.6);
        Assert.InRange(foundY - y, -0.6, 0.6);
    }

    [Fact]
    public void Prepare_FieldOfView_KeepsTheAspectAndPadsBlack()
    {
        // A disc of radius 100 with top and bottom cut off 40 px from the centre, in a black frame.
        var image = new Image(300, 80, 3);
        image.FillCircle(150, 40, 100, new Colour(150, 90, 40));
        var prepared = Preprocessor.Prepare(new FundusImage(image, "cut"), new PreprocessingSpec { Size = 100 }).Pixels;
        var rows = Enumerable.Range(0, 100).Where(y => prepared.Row(y)[50 * 3] > 60).ToArray();
        // 80 of 201 pixels high: 80/201 · 100 = 39.8 rows, in the middle.
        Assert.InRange(rows.Length, 38, 41);
        Assert.InRange(rows[0], 29, 32);
        Assert.Equal(0, prepared.Row(5)[150]);
    }

    [Fact]
    public void Prepare_AllBlack_StaysWhole()
    {
        foreach (var chain in PreprocessingChains.All)
        {
            var prepared = Preprocessor.Prepare(new FundusImage(new Image(40, 30, 3), "black"), new PreprocessingSpec { Chain = chain.Name, Size = 32 });
            Assert.Equal((32, 32), (prepared.Pixels.Width, prepared.Pixels.Height));
        }
    }

    [Fact]
    public void Prepare_SinglePixel_IsPossible()
    {
        foreach (var chain in PreprocessingChains.All)
            Assert.Equal(16, Preprocessor.Prepare(new FundusImage(new Image(1, 1, 3, [200, 90, 30]), "dot"), new PreprocessingSpec { Chain = chain.Name, Size = 16 }).Pixels.Width);
    }

    [Fact]
    public void Prepare_ImpossibleSpec_Throws()
    {
        var photograph = new FundusImage(new Image(8, 8, 3), "x");
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(photograph, new PreprocessingSpec { Size = 0 }));
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(photograph, new PreprocessingSpec { Steps = [new ResizeStep(), new SubtractLocalMean { Sigma = double.NaN }] }));
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(photograph, new PreprocessingSpec { Steps = [new CropToBright()] }));
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(photograph, new PreprocessingSpec { Steps = [] }));
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(photograph, new PreprocessingSpec { Chain = "s0", Steps = [new ResizeStep()] }));
        Assert.Equal("there is no chain 'fow'; did you mean 'fov'", new PreprocessingSpec { Chain = "fow" }.Problem());
        Assert.Throws<ArgumentException>(() => Preprocessor.Prepare(photograph, new PreprocessingSpec { Std = [1, 0, 1] }));
    }

    // The weighted mean of the brightest pixels in blue, where the field itself is dark, within 14 pixels: the subtraction also brightens the field's edge.
    private static (double X, double Y) CentreOfWhite(Image image, double nearX, double nearY)
    {
        double sum = 0, sumX = 0, sumY = 0;
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                if (Math.Abs(x - nearX) > 14 || Math.Abs(y - nearY) > 14) continue;
                var weight = Math.Max(0, image.Row(y)[3 * x + 2] - 200);
                (sum, sumX, sumY) = (sum + weight, sumX + weight * x, sumY + weight * y);
            }
        }
        Assert.True(sum > 0, "no bright spot");
        return (sumX / sum, sumY / sum);
    }
}
