using System.Text.Json;
using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;

namespace Fovea.Tests.Preprocessing;

public sealed class PreprocessingStepTests
{
    [Fact]
    public void GreyWorld_ColourCast_OneMeanInsideTheField()
    {
        // Half black, half (160, 80, 40): the mean is 93.3, so every channel of the field becomes 93.
        var image = new Image(40, 20, 3);
        image.FillRectangle(0, 0, 20, 20, new Colour(160, 80, 40));
        var prepared = Apply(image, new GreyWorld());
        Assert.Equal([93, 93, 93], prepared.Row(10)[30..33].ToArray());
        Assert.Equal([0, 0, 0], prepared.Row(10)[90..93].ToArray());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CorrectIllumination_Slope_IsEvenedOut(bool subtract)
    {
        // From 60 on the left to 180 on the right; a black border of 10 pixels.
        var image = new Image(160, 160, 3);
        for (var y = 10; y < 150; y++)
            for (var x = 10; x < 150; x++)
                for (var c = 0; c < 3; c++) image.Row(y)[3 * x + c] = (byte)(60 + 120 * (x - 10) / 139);
        var prepared = Apply(image, new CorrectIllumination { Subtract = subtract });
        var (left, right) = (prepared.Row(80)[3 * 45], prepared.Row(80)[3 * 115]);
        // Before: 90 and 150. A Gaussian mean follows a slope exactly but near the edge, where it only sees one side.
        Assert.InRange(right - left, -6, 6);
        Assert.InRange((left + right) / 2, 112, 128);
        Assert.Equal(0, prepared.Row(5)[15]);
    }

    [Fact]
    public void SubtractLocalMean_PlainGrey_Is128()
    {
        var prepared = Apply(Image.Filled(32, 32, 3, new Colour(90, 90, 90)), new SubtractLocalMean { Sigma = 5, Gain = 4 });
        Assert.All(prepared.Pixels, p => Assert.Equal(128, p));
    }

    [Fact]
    public void Clahe_FaintPattern_GainsContrast()
    {
        var image = new Image(64, 64, 3);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(100 + (i / 3 % 64 / 8 % 2) * 10);
        var prepared = Apply(image, new Clahe { ClipLimit = 40, Tiles = 2 });
        Assert.True(prepared.Pixels.Max() - prepared.Pixels.Min() > 20);
    }

    [Fact]
    public void Disc_Share_PaintsOutside()
    {
        var prepared = Apply(Image.Filled(100, 100, 3, new Colour(10, 20, 30)), new Disc { Share = 0.5, Fill = 128 });
        // Radius 25 about (50, 50).
        Assert.Equal(10, prepared.Row(50)[3 * 26]);
        Assert.Equal(128, prepared.Row(50)[3 * 24]);
        Assert.Equal(128, prepared.Row(0)[0]);
    }

    [Fact]
    public void Centre_SmallerImage_IsPaddedInTheMiddle()
    {
        var spec = new PreprocessingSpec { Size = 20, Steps = [new ResizeStep { Side = 10 }, new Centre { Fill = 7 }] };
        var prepared = Preprocessor.Prepare(new FundusImage(Image.Filled(10, 10, 3, new Colour(200, 0, 0)), "x"), spec);
        Assert.Equal((7, 200, 200, 7), (prepared.Pixels.Row(4)[12], prepared.Pixels.Row(5)[15], prepared.Pixels.Row(14)[42], prepared.Pixels.Row(15)[42]));
        Assert.Equal((5, 5), prepared.OriginalToPrepared.Apply(0, 0));
    }

    [Theory]
    [InlineData(300, 300, 150, 150, 120)] // whole
    [InlineData(400, 240, 190, 118, 150)] // top and bottom cut
    [InlineData(220, 220, 110, 110, 130)] // all four sides cut
    [InlineData(900, 500, 300, 260, 90)]  // much black
    public void FieldOfView_Circle_IsFound(int width, int height, double cx, double cy, double radius)
    {
        var image = new Image(width, height, 3);
        image.FillCircle(cx, cy, radius, new Colour(140, 70, 30));
        var found = FieldOfView.Find(image);
        Assert.True(found.Fitted);
        Assert.InRange(found.CentreX - cx, -1.5, 1.5);
        Assert.InRange(found.CentreY - cy, -1.5, 1.5);
        Assert.InRange(found.Radius - radius, -2, 2);
    }

    [Fact]
    public void FieldOfView_StampAndNoise_AreOutvoted()
    {
        var image = new Image(640, 480, 3);
        var random = new Random(5);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)random.Next(6);
        image.FillCircle(330, 240, 200, new Colour(90, 40, 20));
        image.FillRectangle(5, 440, 110, 470, new Colour(230, 230, 230));
        for (var i = 0; i < 60; i++) image.Row(random.Next(480))[3 * random.Next(640)] = 255;
        var found = FieldOfView.Find(image);
        Assert.True(found.Fitted);
        Assert.InRange(found.CentreX, 327, 333);
        Assert.InRange(found.Radius, 196, 204);
    }

    [Fact]
    public void FieldOfView_DarkPhotograph_IsFound()
    {
        var image = new Image(400, 400, 3);
        image.FillCircle(200, 200, 150, new Colour(16, 7, 3));
        Assert.InRange(FieldOfView.Find(image).Radius, 147, 153);
    }

    [Fact]
    public void FieldOfView_NoEdge_IsTheWholePicture()
    {
        var found = FieldOfView.Find(Image.Filled(200, 100, 3, new Colour(120, 60, 30)));
        Assert.False(found.Fitted);
        Assert.Equal(new PixelBox(0, -50, 200, 200), found.Square);
    }

    [Fact]
    public void CropToFieldOfView_OneEyeCutInTwoWays_ComesOutAlike()
    {
        var whole = new Image(500, 500, 3);
        whole.FillCircle(250, 250, 220, new Colour(150, 80, 40));
        whole.FillCircle(330, 220, 12, new Colour(240, 240, 200));
        var spec = new PreprocessingSpec { Size = 110 };
        var a = Preprocessor.Prepare(new FundusImage(whole, "whole"), spec);
        var b = Preprocessor.Prepare(new FundusImage(whole.Crop(10, 90, 480, 330), "cut"), spec);
        var (ax, ay) = a.OriginalToPrepared.Apply(330, 220);
        var (bx, by) = b.OriginalToPrepared.Apply(320, 130);
        Assert.InRange(ax - bx, -0.7, 0.7);
        Assert.InRange(ay - by, -0.7, 0.7);
        Assert.Equal(240, b.Pixels.Row((int)Math.Round(by))[3 * (int)Math.Round(bx)]);
    }

    [Fact]
    public void Spec_AsJson_ListsItsStepsAndComesBack()
    {
        var spec = new PreprocessingSpec { Chain = "s3", Size = 100 };
        var json = JsonSerializer.Serialize(spec, ModelCard.Json);
        Assert.Contains("\"step\": \"resize\"", json, StringComparison.Ordinal);
        Assert.DoesNotContain("chain", json, StringComparison.Ordinal);
        var back = JsonSerializer.Deserialize<PreprocessingSpec>(json, ModelCard.Json)!;
        Assert.Null(back.Problem());
        Assert.Equal(spec.Steps, back.Steps);
        Assert.Equal((Centring.Sample, 100), (back.Centring, back.Size));
        Assert.Equal(spec.Std, back.Std);
    }

    [Fact]
    public void ToTensor_SampleCentring_TakesTheImagesOwnMeanOff()
    {
        // (10 + 20 + 30) / 3 = 20 levels: (−10, 0, 10) / 255.
        var image = Image.Filled(4, 4, 3, new Colour(10, 20, 30));
        using var tensor = ImageBatch.ToTensor([image], new PreprocessingSpec { Chain = "s3", Size = 8 });
        var values = tensor.ToArray<float>();
        Assert.Equal([-10 / 255f, 0, 10 / 255f], [values.Min(), values[16], values.Max()], (a, b) => Math.Abs(a - b) < 1e-6);
    }

    private static Image Apply(Image image, PreprocessingStep step)
    {
        var canvas = new Canvas(image, image.Width);
        step.Apply(canvas);
        return canvas.Pixels();
    }
}
