using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.MadeUp;
using static Fovea.Training.Tests.Augmentation.TestPictures;

namespace Fovea.Training.Tests.Augmentation;

public sealed class PictureQualityTests
{
    private static readonly Image Retina = RetinaPainter.Paint(3, 2, 160).Image;

    [Fact]
    public void Blur_LowersTheLaplacianVarianceAndIsOpenCvsGaussian()
    {
        Image blurred = Retina.Augment(new AugmentationSpec { Blur = Strength.Exactly(1.5) });
        Assert.True(blurred.LaplacianVariance() < 0.5 * Retina.LaplacianVariance());
        Assert.True(Retina.GaussianBlur(1.5).HasSamePixels(blurred));
    }

    [Fact]
    public void Sharpen_RaisesTheLaplacianVarianceAndFollowsItsKernel()
    {
        Image sharp = Retina.Augment(new AugmentationSpec { Sharpen = Strength.Exactly(0.3) });
        Assert.True(sharp.LaplacianVariance() > 2 * Retina.LaplacianVariance());
        // One pixel of 100 on 50: 0.7·100 + 0.3·(9·100 − 8·50) = 220, its neighbour 0.7·50 + 0.3·(9·50 − 7·50 − 100) = 35.
        Image dot = Plain(7, 7, 50, 50, 50);
        dot.Pixels.AsSpan((3 * 7 + 3) * 3, 3).Fill(100);
        Image result = dot.Augment(new AugmentationSpec { Sharpen = Strength.Exactly(0.3) });
        Assert.Equal((220, 35, 50), (result.At(3, 3), result.At(2, 3), result.At(1, 3)));
    }

    [Fact]
    public void Emboss_MakesAReliefOfAStepEdge()
    {
        // 50 | 150 upright, α = 0.4: the kernel's columns sum to −2, 1 and 2 of α, so before the edge 0.4·(−2·50 + 50 + 2·150) + 0.6·50 = 130, after it 0.4·(−2·50 + 150 + 2·150) + 0.6·150 = 230.
        Image step = Plain(8, 8, 50, 50, 50);
        step.Paste(Plain(4, 8, 150, 150, 150), 4, 0);
        Image relief = step.Augment(new AugmentationSpec { Emboss = Strength.Exactly(0.4) });
        Assert.Equal((50, 130, 230, 150), (relief.At(1, 4), relief.At(3, 4), relief.At(4, 4), relief.At(6, 4)));
    }

    [Fact]
    public void Noise_HasItsMeanAndDeviation()
    {
        Image grey = Plain(200, 200, 128, 128, 128);
        var (mean, deviation) = grey.Augment(new AugmentationSpec { Noise = Strength.Exactly(10) }).MeanAndDeviation();
        for (int c = 0; c < 3; c++)
        {
            Assert.Equal(128, mean[c], 0.2); // 10/√40000 = 0.05 a standard error
            Assert.Equal(10, deviation[c], 0.15); // √(10² + 1/12) by rounding; a standard error of 0.035
        }
        Image one = grey.Augment(new AugmentationSpec { Noise = Strength.Exactly(10) });
        Assert.Contains(Enumerable.Range(0, 100), i => one.Pixels[3 * i] != one.Pixels[3 * i + 1]); // each channel by itself
        // Shares within 1, 2 and 3 deviations of a normal distribution (to half a grey level: 10.5, 20.5, 30.5).
        double Within(int d) => one.Pixels.Count(v => Math.Abs(v - 128) <= d) / (double)one.Pixels.Length;
        Assert.Equal(0.706, Within(10), 0.006);
        Assert.Equal(0.960, Within(20), 0.003);
        Assert.Equal(0.9977, Within(30), 0.001);
    }

    [Fact]
    public void Jpeg_ChangesWithinABoundAndMakesBlocks()
    {
        Image result = Retina.Augment(new AugmentationSpec { Jpeg = Strength.Exactly(80) });
        double difference = Retina.Pixels.Zip(result.Pixels, (a, b) => (double)Math.Abs(a - b)).Average();
        Assert.InRange(difference, 0.5, 8);
        Assert.True(Blockiness(result) > 1.3 * Blockiness(Retina), $"{Blockiness(result)} against {Blockiness(Retina)}");
        Image light = Retina.Augment(new AugmentationSpec { Jpeg = Strength.Exactly(5) });
        Assert.True(Retina.Pixels.Zip(light.Pixels, (a, b) => (double)Math.Abs(a - b)).Average() < difference / 2);

        // Mean step of luma across the borders of 8 × 8 blocks over that elsewhere; 1 without blocks.
        static double Blockiness(Image image)
        {
            Image grey = image.ToGrey();
            double onBorder = 0, inside = 0;
            for (int y = 0; y < grey.Height; y++)
            {
                for (int x = 1; x < grey.Width; x++)
                {
                    int step = Math.Abs(grey.Row(y)[x] - grey.Row(y)[x - 1]);
                    if (x % 8 == 0) onBorder += step;
                    else inside += step;
                }
            }
            return onBorder / (grey.Width / 8 - 1) / (inside / (grey.Width - grey.Width / 8));
        }
    }

    [Fact]
    public void Cutout_BlackensASquareInsideThePicture()
    {
        Image white = Plain(80, 60, 255, 255, 255);
        var places = new HashSet<int>();
        for (ulong i = 0; i < 30; i++)
        {
            Image result = white.Augment(new AugmentationSpec { Cutout = Strength.Exactly(0.25) }, i);
            int[] black = [.. Enumerable.Range(0, 80 * 60).Where(p => result.Pixels[3 * p] == 0)];
            Assert.Equal(15 * 15, black.Length); // 0.25·60
            Assert.Equal((14, 14), (black.Max(p => p % 80) - black.Min(p => p % 80), black.Max(p => p / 80) - black.Min(p => p / 80)));
            places.Add(black[0]);
        }
        Assert.True(places.Count > 20);
        Image all = Plain(9, 9, 255, 255, 255).Augment(new AugmentationSpec { Cutout = Strength.Exactly(1) });
        Assert.All(all.Pixels, v => Assert.Equal(0, v));
    }
}
