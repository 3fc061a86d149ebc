namespace Fovea.Imaging.Tests;

public sealed class ImageTests
{
    [Fact]
    public void Constructor_WrongShape_Throws()
    {
        Assert.Throws<ArgumentException>(() => new Image(2, 2, 3, new byte[11]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(0, 2, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(2, 2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(60_000, 60_000, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Image(int.MaxValue, int.MaxValue, 3));
    }

    [Fact]
    public void Crop_OfSixPixels_TakesTheRectangle()
    {
        var image = new Image(3, 2, 1, [1, 2, 3, 4, 5, 6]);
        Assert.Equal([2, 3, 5, 6], image.Crop(1, 0, 2, 2).Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Crop(2, 0, 2, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Crop(-1, 0, 2, 1));
    }

    [Fact]
    public void WarpAffine_TranslationOfSourceToDestination_MovesRightAndDown()
    {
        var image = new Image(3, 3, 1);
        image.Pixels[0] = 200; // (0, 0)
        var moved = image.WarpAffine(AffineTransform.Translation(2, 1), 3, 3, fill: new Colour(7, 7, 7));
        Assert.Equal([7, 7, 7, 7, 7, 200, 7, 7, 0], moved.Pixels);
    }

    [Fact]
    public void WarpAffine_Rotation_IsClockwiseAsSeen()
    {
        var image = new Image(3, 3, 1);
        image.Pixels[1] = 200; // top middle goes to the right middle
        Assert.Equal(200, image.WarpAffine(AffineTransform.Rotation(90, 1, 1), 3, 3, Interpolation.Nearest).Pixels[5]);
    }

    [Fact]
    public void WarpAffine_WithoutInverseOrByArea_Throws()
    {
        var image = new Image(3, 3, 1);
        Assert.Throws<ArgumentException>(() => image.WarpAffine(new AffineTransform(1, 2, 0, 2, 4, 0), 3, 3));
        Assert.Throws<ArgumentException>(() => image.WarpAffine(new AffineTransform(double.NaN, 0, 0, 0, 1, 0), 3, 3));
        Assert.Throws<ArgumentException>(() => image.WarpAffine(AffineTransform.Identity, 3, 3, Interpolation.Area));
    }

    [Fact]
    public void Rotate90_ByTurns_GoesRound()
    {
        var image = new Image(2, 1, 1, [1, 2]);
        Assert.Equal((1, 2), (image.Rotate90().Width, image.Rotate90().Height));
        Assert.Equal([1, 2], image.Rotate90().Pixels);
        Assert.Equal([2, 1], image.Rotate90(2).Pixels);
        Assert.Equal([2, 1], image.Rotate90(-1).Pixels);
        Assert.True(image.HasSamePixels(image.Rotate90(4)));
    }

    [Fact]
    public void AddWeighted_OfTwoPixels_RoundsAndSaturates()
    {
        var (a, b) = (new Image(3, 1, 1, [100, 200, 10]), new Image(3, 1, 1, [50, 100, 90]));
        // 4a - 4b + 128: 328, 528 and -192
        Assert.Equal([255, 255, 0], Image.AddWeighted(a, 4, b, -4, 128).Pixels);
        // 0.5a + 0.25b: 62.5 rounds to even, 125, 27.5
        Assert.Equal([62, 125, 28], Image.AddWeighted(a, 0.5, b, 0.25, 0).Pixels);
        Assert.Throws<ArgumentException>(() => Image.AddWeighted(a, 1, new Image(2, 1, 1), 1, 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BrightLines_OfSparsePixels_AreThoseWithAnyAboveTheTolerance(bool swapped)
    {
        // Around the tolerance, with lines that stay dark between bright ones; wider than the sixteen pixels that are passed over together.
        var (random, image) = (new Random(5), new Image(53, 41, 3));
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)random.Next(0, 7);
        for (var i = 0; i < 60; i++) image.Row(random.Next(41))[random.Next(53 * 3)] = (byte)random.Next(7, 60);
        var grey = (swapped ? Image.FromChannels(image.Channel(2), image.Channel(1), image.Channel(0)) : image).ToGrey();
        var (rows, columns) = image.BrightLines(3, 2, 47, 36, 7, swapped);
        Assert.Equal(Enumerable.Range(0, 36).Select(y => Enumerable.Range(0, 47).Any(x => grey.Row(2 + y)[3 + x] > 7)), rows);
        Assert.Equal(Enumerable.Range(0, 47).Select(x => Enumerable.Range(0, 36).Any(y => grey.Row(2 + y)[3 + x] > 7)), columns);
        Assert.Contains(false, rows);
        Assert.Contains(true, rows);
        Assert.Throws<ArgumentOutOfRangeException>(() => image.BrightLines(3, 2, 51, 36, 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.BrightLines(0, 0, 53, 41, 255));
    }

    [Fact]
    public void ColourOfGrey_OrGreyOfColour_Throws()
    {
        Assert.Throws<InvalidOperationException>(() => new Image(2, 2, 1).ToHsv());
        Assert.Throws<InvalidOperationException>(() => new Image(2, 2, 3).ApplyColourMap(ColourMap.Jet));
        Assert.Throws<InvalidOperationException>(() => new Image(2, 2, 3).ConnectedComponents());
    }

    [Fact]
    public void Operations_WithSenselessNumbers_Throw()
    {
        var image = new Image(4, 4, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => image.GaussianBlur(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.GaussianBlur(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.MedianBlur(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Clahe(-1, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Clahe(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Resize(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.DrawLine(0, 0, 1, 1, Colour.White, 0));
    }

    [Fact]
    public void Drawing_AtNotANumber_ThrowsAndLeavesThePicture()
    {
        var image = new Image(4, 4, 3);
        Assert.Throws<ImagingException>(() => image.FillCircle(double.NaN, 0, 1, Colour.White));
        Assert.Throws<ImagingException>(() => image.DrawLine(0, 0, 1e9, 0, Colour.White));
        Assert.All(image.Pixels, p => Assert.Equal(0, p));
    }

    [Fact]
    public void Paste_PartlyOutside_CutsOff()
    {
        var image = new Image(3, 1, 1, [1, 2, 3]);
        image.Paste(new Image(2, 2, 1, [8, 9, 6, 7]), -1, -1);
        image.Paste(new Image(2, 1, 1, [4, 5]), 2, 0);
        image.Paste(new Image(2, 1, 1, [4, 5]), 30, 0);
        Assert.Equal([7, 2, 4], image.Pixels);
    }

    [Fact]
    public void DrawText_OutsideAscii_DrawsQuestionMarks()
    {
        var (one, other) = (new Image(60, 20, 1), new Image(60, 20, 1));
        one.DrawText("é?", 2, 15, 10, Colour.White);
        other.DrawText("??", 2, 15, 10, Colour.White);
        Assert.True(one.HasSamePixels(other));
        var (width, height) = Image.MeasureText("??", 10);
        Assert.InRange(width, 10, 40);
        Assert.InRange(height, 10, 20);
    }

    [Fact]
    public void Histogram_WithMask_CountsInsideOnly()
    {
        var image = new Image(4, 1, 1, [5, 5, 9, 5]);
        var counts = image.Histogram(0, new Image(4, 1, 1, [1, 0, 1, 1]));
        Assert.Equal((2, 1, 3), (counts[5], counts[9], counts.Sum()));
    }

    [Fact]
    public void ConnectedComponents_OfNothing_None() => Assert.Empty(new Image(5, 5, 1).ConnectedComponents().Components);
}
