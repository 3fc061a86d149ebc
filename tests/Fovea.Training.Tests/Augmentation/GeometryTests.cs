using Fovea.Imaging;
using Fovea.Training.Augmentation;
using static Fovea.Training.Tests.Augmentation.TestPictures;

namespace Fovea.Training.Tests.Augmentation;

public sealed class GeometryTests
{
    [Fact]
    public void Flip_Horizontal_IsTheImageOrItsExactMirror()
    {
        Image image = Textured(33, 20), mirror = image.FlipHorizontal();
        int mirrored = 0;
        for (ulong i = 0; i < 200; i++)
        {
            Image result = image.Augment(new AugmentationSpec { FlipHorizontal = true }, i);
            bool flipped = result.HasSamePixels(mirror);
            Assert.True(flipped || result.HasSamePixels(image), $"sample {i} is neither");
            if (flipped) mirrored++;
        }
        Assert.InRange(mirrored, 75, 125); // 100 ± 3.5 standard deviations of 7.07
    }

    [Fact]
    public void Flip_Both_GiveAllFourOrientations()
    {
        Image image = Textured(24, 24);
        Image[] orientations = [image, image.FlipHorizontal(), image.FlipVertical(), image.FlipHorizontal().FlipVertical()];
        var seen = Enumerable.Range(0, 60).Select(i => Array.FindIndex(orientations, image.Augment(new AugmentationSpec { FlipHorizontal = true, FlipVertical = true }, (ulong)i).HasSamePixels));
        Assert.Equal([0, 1, 2, 3], seen.Distinct().Order());
    }

    [Theory]
    [InlineData(90, 1)]
    [InlineData(180, 2)]
    [InlineData(-90, 3)]
    public void Rotation_ByQuarterTurns_IsRotate90PixelForPixel(double degrees, int turns)
    {
        Image image = Textured(31, 31);
        Assert.True(image.Rotate90(turns).HasSamePixels(image.Augment(new AugmentationSpec { Rotation = Strength.Exactly(degrees) })));
        // So the top-left corner goes to the top right by a quarter turn clockwise.
        if (degrees == 90) Assert.Equal(image.At(0, 0), image.Augment(new AugmentationSpec { Rotation = Strength.Exactly(90) }).At(30, 0));
    }

    [Fact]
    public void Rotation_By30Degrees_TurnsAPointAboutTheCentre()
    {
        var image = new Image(101, 101, 3);
        image.FillCircle(80, 50, 4, Colour.White);
        var (x, y, _) = Centroid(image.Augment(new AugmentationSpec { Rotation = Strength.Exactly(30) }));
        Assert.Equal(50 + 30 * Math.Cos(Math.PI / 6), x, 0.1); // 75.98
        Assert.Equal(50 + 30 * Math.Sin(Math.PI / 6), y, 0.1); // 65: clockwise, y points down
    }

    [Fact]
    public void Zoom_ScalesDistancesFromTheCentre()
    {
        var image = new Image(101, 101, 3);
        image.FillCircle(70, 40, 5, Colour.White);
        var (x, y, mass) = Centroid(image.Augment(new AugmentationSpec { Zoom = Strength.Exactly(0.5) }));
        Assert.Equal((80, 35), (Math.Round(x, 1), Math.Round(y, 1))); // 50 + 1.5·20, 50 − 1.5·10
        Assert.Equal(1.5, Math.Sqrt(mass / Centroid(image).Mass), 0.02);
    }

    [Fact]
    public void Zoom_Range_IsUniformInIt()
    {
        var image = new Image(101, 101, 3);
        image.FillCircle(50, 50, 20, Colour.White);
        double whole = Centroid(image).Mass;
        double[] scales = [.. Enumerable.Range(0, 200).Select(i => Math.Sqrt(Centroid(image.Augment(new AugmentationSpec { Zoom = new(0, 0.2) }, (ulong)i)).Mass / whole))];
        Assert.All(scales, scale => Assert.InRange(scale, 0.99, 1.21));
        Assert.InRange(scales.Average(), 1.085, 1.115); // deviation 0.058, of the mean of 200 0.0041
    }

    [Fact]
    public void ZoomPerAxis_DrawsTheAxesSeparately()
    {
        var image = new Image(81, 81, 3);
        image.FillCircle(40, 40, 15, Colour.White);
        double[] aspects = [.. Enumerable.Range(0, 50).Select(i => Aspect(image.Augment(new AugmentationSpec { Zoom = Strength.PlusMinus(0.2), ZoomPerAxis = true }, (ulong)i)))];
        Assert.True(aspects.Min() < 0.85 && aspects.Max() > 1.15);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(1, Aspect(image.Augment(new AugmentationSpec { Zoom = Strength.PlusMinus(0.2) }, (ulong)i)), 0.05));

        static double Aspect(Image picture)
        {
            int columns = Enumerable.Range(0, 81).Count(x => picture.At(x, 40) > 127), rows = Enumerable.Range(0, 81).Count(y => picture.At(40, y) > 127);
            return (double)columns / rows;
        }
    }

    [Fact]
    public void Shift_MovesBothAxesByShareOfTheSide()
    {
        Image image = Textured(50, 40);
        Image moved = image.Augment(new AugmentationSpec { Shift = Strength.Exactly(0.1) });
        for (int y = 4; y < 40; y++)
        {
            for (int x = 5; x < 50; x++) Assert.Equal(image.At(x - 5, y - 4), moved.At(x, y)); // 0.1·50, 0.1·40
        }
        Assert.Equal(0, moved.At(4, 20));
    }

    [Fact]
    public void Shear_LeansAnUprightLineByItsSlope()
    {
        var image = new Image(101, 101, 3);
        image.FillRectangle(48, 0, 52, 100, Colour.White);
        Image leaning = image.Augment(new AugmentationSpec { Shear = Strength.Exactly(20) });
        foreach (int y in (int[])[10, 50, 90])
        {
            double middle = Enumerable.Range(0, 101).Sum(x => (double)x * leaning.At(x, y)) / Enumerable.Range(0, 101).Sum(x => (double)leaning.At(x, y));
            Assert.Equal(50 + Math.Tan(20 * Math.PI / 180) * (y - 50), middle, 0.1);
        }
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(-0.12)]
    public void OpticalDistortion_FollowsBrownsLaw(double k)
    {
        // Red is 2x and green 2y, so a pixel says where it was taken from.
        Image result = Slopes(101, 101).Augment(new AugmentationSpec { OpticalDistortion = Strength.Exactly(k) });
        foreach (var (x, y) in ((int, int)[])[(50, 50), (60, 50), (50, 25), (30, 70), (75, 75)])
        {
            var (u, v) = ((x - 50) / 50.5, (y - 50) / 50.5);
            var stretch = 1 + k * (u * u + v * v);
            Assert.Equal(2 * (50 + (x - 50) * stretch), result.At(x, y, 0), 1.0);
            Assert.Equal(2 * (50 + (y - 50) * stretch), result.At(x, y, 1), 1.0);
        }
    }

    [Fact]
    public void GridDistortion_KeepsBordersAndOrder()
    {
        Image image = Slopes(100, 100);
        for (ulong i = 0; i < 20; i++)
        {
            Image result = image.Augment(new AugmentationSpec { GridDistortion = new(0.8, 0.9) }, i);
            foreach (var (x, y) in ((int, int)[])[(0, 0), (99, 0), (0, 99), (99, 99)])
            {
                Assert.Equal(image.At(x, y, 0), result.At(x, y, 0));
                Assert.Equal(image.At(x, y, 1), result.At(x, y, 1));
            }
            for (int x = 1; x < 100; x++) Assert.True(result.At(x, 50, 0) >= result.At(x - 1, 50, 0), "columns change places");
            Assert.Contains(Enumerable.Range(0, 100), x => Math.Abs(result.At(x, 50, 0) - 2 * x) > 6);
            for (int x = 0; x < 100; x++) Assert.Equal(result.At(x, 20, 0), result.At(x, 80, 0)); // columns stay upright
        }
    }

    [Fact]
    public void PiecewiseAffine_IsAffineInsideATriangleAndLeavesTheBorder()
    {
        Image image = Slopes(100, 100);
        Image result = image.Augment(new AugmentationSpec { PiecewiseAffine = Strength.Exactly(0.2) });
        for (int i = 0; i < 100; i++) Assert.Equal(image.At(i, 0, 0), result.At(i, 0, 0));
        // Cell (2, 2) reaches from 39.6 to 59.4; (42, 42) … (50, 42) lie in its upper left triangle: equal steps.
        double step = (result.At(50, 42, 0) - result.At(42, 42, 0)) / 8.0;
        for (int x = 42; x <= 50; x++) Assert.Equal(result.At(42, 42, 0) + step * (x - 42), result.At(x, 42, 0), 1.5);
        Assert.Contains(Enumerable.Range(0, 100), x => Math.Abs(result.At(x, 40, 0) - 2 * x) > 3);
    }

    [Theory]
    [InlineData(Border.Constant, 0)]
    [InlineData(Border.Replicate, 100)]
    [InlineData(Border.Reflect101, 100)]
    public void Fill_IsWhatTheWarpUncovers(Border fill, int corner)
    {
        Image image = Plain(40, 40, 100, 100, 100);
        Assert.Equal(corner, image.Augment(new AugmentationSpec { Rotation = Strength.Exactly(45), Fill = fill }).At(0, 0));
        Assert.Equal(corner, image.Augment(new AugmentationSpec { OpticalDistortion = Strength.Exactly(0.4), Fill = fill }).At(0, 0)); // the same by the other warp
    }

    [Fact]
    public void Warp_ThereAndBack_IsTheSamePoint()
    {
        // Boxes go forth, pixels are fetched back: the two must be one map.
        var spec = new AugmentationSpec
        {
            FlipHorizontal = true, Rotation = Strength.PlusMinus(180), Zoom = Strength.PlusMinus(0.3), ZoomPerAxis = true, Shear = Strength.PlusMinus(20), Shift = Strength.PlusMinus(0.1),
            OpticalDistortion = new(-0.15, 0.5), GridDistortion = Strength.UpTo(0.9), PiecewiseAffine = Strength.UpTo(0.24),
        };
        var (warp, random) = (new ImageWarp(), new SeededRandom(0));
        for (ulong i = 0; i < 200; i++)
        {
            warp.Draw(spec, Key(i), random, 300, 200);
            var (x, y) = (SeededRandom.For(7, i).NextDouble(20, 280), SeededRandom.For(8, i).NextDouble(20, 180));
            var (rx, ry) = warp.ToResult(x, y);
            var (sx, sy) = warp.ToSource(rx, ry);
            Assert.Equal(x, sx, 0.5); // the steps back are exact to 0.01 pixel, times what zoom and grid magnify
            Assert.Equal(y, sy, 0.5);
        }
    }

    [Fact]
    public void Mask_GoesWithTheImageAndIsNeverBlended()
    {
        // Where the mask is 7 the image is white: still so after every geometry, except on the blended seam.
        var (image, mask) = (new Image(96, 96, 3), new Image(96, 96, 1));
        image.FillRectangle(30, 40, 60, 70, Colour.White);
        for (int i = 0; i < mask.Pixels.Length; i++) mask.Pixels[i] = image.Pixels[i * 3] > 127 ? (byte)7 : (byte)0;
        var spec = new AugmentationSpec
        {
            FlipVertical = true, Rotation = Strength.PlusMinus(180), Shear = Strength.PlusMinus(10), OpticalDistortion = new(-0.1, 0.2, 0.5), GridDistortion = Strength.UpTo(0.4, 0.5),
            PiecewiseAffine = Strength.UpTo(0.2, 0.5), Fill = Border.Replicate,
        };
        for (ulong i = 0; i < 20; i++)
        {
            AugmentedImage result = new Augmenter(spec).Apply(image, [], mask, Key(i));
            Assert.DoesNotContain(result.Mask!.Pixels, v => v is not (0 or 7));
            for (int p = 0; p < result.Mask.Pixels.Length; p++)
            {
                byte value = result.Image.Pixels[p * 3];
                if (value > 240) Assert.Equal(7, result.Mask.Pixels[p]);
                if (value < 15) Assert.Equal(0, result.Mask.Pixels[p]);
            }
        }
    }
}
