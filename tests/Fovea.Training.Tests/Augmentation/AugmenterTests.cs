using Fovea.Imaging;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Tests.Augmentation;

public sealed class AugmenterTests
{
    private static readonly AugmentationSpec Everything = new()
    {
        FlipHorizontal = true, FlipVertical = true, Rotation = 180, Zoom = 0.2, Shift = 0.05, Brightness = 0.2, Contrast = 0.2,
    };

    [Fact]
    public void Apply_Defaults_ChangeNothing()
    {
        Image image = Textured(40, 30);
        Assert.True(image.HasSamePixels(new Augmenter(new AugmentationSpec()).Apply(image, SeededRandom.For(1, 2, 3))));
    }

    [Fact]
    public void Apply_SameSeedEpochSample_SameImageWhateverTheOrder()
    {
        Image image = Textured(48, 48);
        Image Draw(ulong epoch, ulong sample) => new Augmenter(Everything).Apply(image, SeededRandom.For(5, epoch, sample));
        var forwards = Enumerable.Range(0, 8).Select(sample => Draw(1, (ulong)sample)).ToArray();
        var backwards = new Image[8];
        Parallel.For(0, 8, i => backwards[7 - i] = Draw(1, (ulong)(7 - i)));
        for (int i = 0; i < 8; i++) Assert.True(forwards[i].HasSamePixels(backwards[i]));
        Assert.False(Draw(1, 0).HasSamePixels(Draw(1, 1)), "another sample");
        Assert.False(Draw(1, 0).HasSamePixels(Draw(2, 0)), "another epoch");
    }

    [Fact]
    public void Apply_DoesNotChangeItsInput()
    {
        Image image = Textured(48, 48), before = image.Clone();
        new Augmenter(Everything).Apply(image, SeededRandom.For(1, 1, 1));
        Assert.True(before.HasSamePixels(image));
    }

    [Fact]
    public void Apply_FlipOnly_IsTheImageOrItsExactMirror()
    {
        Image image = Textured(33, 20), mirror = image.FlipHorizontal();
        var augmenter = new Augmenter(new AugmentationSpec { FlipHorizontal = true });
        int mirrored = 0;
        for (ulong i = 0; i < 200; i++)
        {
            Image result = augmenter.Apply(image, SeededRandom.For(3, 0, i));
            bool flipped = result.HasSamePixels(mirror);
            Assert.True(flipped || result.HasSamePixels(image), $"sample {i} is neither");
            if (flipped) mirrored++;
        }
        Assert.InRange(mirrored, 75, 125); // 100 ± 3.5 standard deviations of 7.07
    }

    [Fact]
    public void Apply_BothFlips_GiveAllFourOrientations()
    {
        Image image = Textured(24, 24);
        Image[] orientations = [image, image.FlipHorizontal(), image.FlipVertical(), image.FlipHorizontal().FlipVertical()];
        var augmenter = new Augmenter(new AugmentationSpec { FlipHorizontal = true, FlipVertical = true });
        var seen = new HashSet<int>();
        for (ulong i = 0; i < 60; i++)
        {
            Image result = augmenter.Apply(image, SeededRandom.For(3, 0, i));
            seen.Add(Array.FindIndex(orientations, result.HasSamePixels));
        }
        Assert.Equal([0, 1, 2, 3], seen.Order());
    }

    [Fact]
    public void Apply_RotationOrZoom_KeepsTheCentreInPlaceOnAverageAndExactly()
    {
        // A disc about the centre: rotation and zoom leave its centroid where it is, for each sample and so in the mean.
        var image = new Image(81, 81, 3);
        image.FillCircle(40, 40, 12, Colour.White);
        foreach (AugmentationSpec spec in (AugmentationSpec[])[new() { Rotation = 180 }, new() { Zoom = 0.3 }, new() { Rotation = 90, Zoom = 0.2, FlipVertical = true }])
        {
            for (ulong i = 0; i < 20; i++)
            {
                var (x, y, _) = Centroid(new Augmenter(spec).Apply(image, SeededRandom.For(9, 0, i)));
                Assert.InRange(x, 39.7, 40.3);
                Assert.InRange(y, 39.7, 40.3);
            }
        }
    }

    [Fact]
    public void Apply_Zoom_ScalesAreasWithinItsRange()
    {
        var image = new Image(101, 101, 3);
        image.FillCircle(50, 50, 20, Colour.White);
        double whole = Centroid(image).Mass;
        double[] scales = [.. Enumerable.Range(0, 200).Select(i => Math.Sqrt(Centroid(new Augmenter(new AugmentationSpec { Zoom = 0.2 }).Apply(image, SeededRandom.For(4, 0, (ulong)i))).Mass / whole))];
        Assert.All(scales, scale => Assert.InRange(scale, 0.79, 1.21));
        Assert.InRange(scales.Average(), 0.97, 1.03); // uniform in 1 ± 0.2: deviation 0.115, of the mean of 200 0.008
        Assert.True(scales.Min() < 0.85 && scales.Max() > 1.15);
    }

    [Fact]
    public void Apply_Shift_MovesWithinItsShareOfTheSide()
    {
        var image = new Image(101, 101, 3);
        image.FillCircle(50, 50, 10, Colour.White);
        double[] moves = [.. Enumerable.Range(0, 100).Select(i => Centroid(new Augmenter(new AugmentationSpec { Shift = 0.1 }).Apply(image, SeededRandom.For(4, 0, (ulong)i))).X - 50)];
        Assert.All(moves, move => Assert.InRange(move, -10.4, 10.4)); // 0.1 · 101
        Assert.True(moves.Min() < -7 && moves.Max() > 7);
    }

    [Fact]
    public void Apply_Rotation_TurnsAQuarterAsRotate90Does()
    {
        // Of many random angles within ±90 take the one nearest to a quarter turn; a bar along x must then lie along y.
        var image = new Image(61, 61, 3);
        image.FillRectangle(15, 28, 45, 32, Colour.White);
        var augmenter = new Augmenter(new AugmentationSpec { Rotation = 90 });
        double widest = 0;
        for (ulong i = 0; i < 100; i++)
        {
            Image turned = augmenter.Apply(image, SeededRandom.For(8, 0, i));
            int rows = Enumerable.Range(0, 61).Count(y => turned.Row(y)[3 * 30] > 128);
            widest = Math.Max(widest, rows);
        }
        Assert.InRange(widest, 29, 33); // the bar is 31 long
    }

    [Theory]
    [InlineData(Border.Constant, 0)]
    [InlineData(Border.Replicate, 100)]
    [InlineData(Border.Reflect101, 100)]
    public void Apply_Fill_IsWhatRotationUncovers(Border fill, int corner)
    {
        Image image = Image.Filled(40, 40, 3, new Colour(100, 100, 100));
        var augmenter = new Augmenter(new AugmentationSpec { Rotation = 45, Fill = fill });
        int least = Enumerable.Range(0, 30).Min(i => augmenter.Apply(image, SeededRandom.For(2, 0, (ulong)i)).Pixels[0]);
        Assert.Equal(corner, least);
    }

    [Fact]
    public void Apply_BrightnessAndContrast_FollowTheirFormula()
    {
        // Half 80, half 120: mean 100. Contrast keeps the mean and scales the difference, brightness scales both.
        var image = new Image(10, 10, 3);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(i < 150 ? 80 : 120);
        for (ulong i = 0; i < 40; i++)
        {
            Image contrast = new Augmenter(new AugmentationSpec { Contrast = 0.5 }).Apply(image, SeededRandom.For(1, 0, i));
            Assert.Equal(200, contrast.Pixels[0] + contrast.Pixels[^1]);
            Assert.InRange(contrast.Pixels[^1] - contrast.Pixels[0], 20, 60); // 40 · (1 ± 0.5)
            Image brightness = new Augmenter(new AugmentationSpec { Brightness = 0.5 }).Apply(image, SeededRandom.For(1, 0, i));
            Assert.InRange(brightness.Pixels[^1] / (double)brightness.Pixels[0], 1.45, 1.55); // 120 / 80, rounded to whole grey levels
        }
    }

    [Fact]
    public void Apply_TurningOneSettingOn_LeavesTheOthersAsTheyWere()
    {
        Image image = Textured(32, 32);
        Image both = new Augmenter(new AugmentationSpec { FlipHorizontal = true, Brightness = 0.3 }).Apply(image, SeededRandom.For(6, 1, 1));
        Image flipped = new Augmenter(new AugmentationSpec { FlipHorizontal = true }).Apply(image, SeededRandom.For(6, 1, 1));
        Image steps = new Augmenter(new AugmentationSpec { Brightness = 0.3 }).Apply(flipped, SeededRandom.For(6, 1, 1));
        Assert.True(both.HasSamePixels(steps));
    }

    [Fact]
    public void Problem_OutOfRange_IsNamed()
    {
        Assert.Null(Everything.Problem());
        Assert.Contains("rotation", new AugmentationSpec { Rotation = 400 }.Problem());
        Assert.Contains("zoom", new AugmentationSpec { Zoom = 1 }.Problem());
        Assert.Contains("shift", new AugmentationSpec { Shift = double.NaN }.Problem());
        Assert.Contains("brightness", new AugmentationSpec { Brightness = -0.1 }.Problem());
        Assert.Contains("contrast", new AugmentationSpec { Contrast = 2 }.Problem());
        Assert.Contains("fill", new AugmentationSpec { Fill = (Border)99 }.Problem());
    }

    private static Image Textured(int width, int height)
    {
        var image = new Image(width, height, 3);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)((i * 37 + i / width * 11) % 200 + 20);
        return image;
    }

    private static (double X, double Y, double Mass) Centroid(Image image)
    {
        double mass = 0, sumX = 0, sumY = 0;
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                double value = image.Row(y)[3 * x];
                (mass, sumX, sumY) = (mass + value, sumX + value * x, sumY + value * y);
            }
        }
        return (sumX / mass, sumY / mass, mass);
    }
}
