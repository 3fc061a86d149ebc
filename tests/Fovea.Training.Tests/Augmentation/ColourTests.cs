using Fovea.Imaging;
using Fovea.Training.Augmentation;
using static Fovea.Training.Tests.Augmentation.TestPictures;

namespace Fovea.Training.Tests.Augmentation;

public sealed class ColourTests
{
    [Fact]
    public void Brightness_MultipliesAndClamps()
    {
        Image result = Plain(4, 4, 40, 100, 200).Augment(new AugmentationSpec { Brightness = Strength.Exactly(0.5) });
        Assert.Equal((60, 150, 255), (result.At(0, 0, 0), result.At(0, 0, 1), result.At(0, 0, 2)));
    }

    [Fact]
    public void Contrast_ScalesAboutTheMeanOfTheImage()
    {
        var image = new Image(10, 10, 3);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)(i < 150 ? 80 : 120);
        Image result = image.Augment(new AugmentationSpec { Contrast = Strength.Exactly(0.5) });
        Assert.Equal((70, 130), (result.Pixels[0], result.Pixels[^1])); // 100 ∓ 1.5·20
    }

    [Fact]
    public void RgbShift_MovesEachChannelByItself()
    {
        Image image = Plain(4, 4, 100, 100, 100);
        Image same = image.Augment(new AugmentationSpec { RgbShift = Strength.Exactly(20) });
        Assert.Equal((120, 120, 120), (same.At(0, 0, 0), same.At(0, 0, 1), same.At(0, 0, 2)));
        var shifts = Enumerable.Range(0, 50).Select(i => image.Augment(new AugmentationSpec { RgbShift = Strength.PlusMinus(20) }, (ulong)i)).Select(r => (r.At(0, 0, 0), r.At(0, 0, 1), r.At(0, 0, 2))).ToArray();
        Assert.All(shifts, s => Assert.True(s.Item1 is >= 80 and <= 120 && s.Item2 is >= 80 and <= 120 && s.Item3 is >= 80 and <= 120));
        Assert.Contains(shifts, s => s.Item1 > 105 && s.Item2 < 95);
        Assert.Contains(shifts, s => s.Item2 > 105 && s.Item3 < 95);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(-0.3)]
    public void Gamma_IsThePowerOfTheShareOf255(double gamma)
    {
        var image = new Image(256, 1, 3);
        for (int v = 0; v < 256; v++) image.Pixels.AsSpan(v * 3, 3).Fill((byte)v);
        Image result = image.Augment(new AugmentationSpec { Gamma = Strength.Exactly(gamma) });
        for (int v = 0; v < 256; v++) Assert.Equal((byte)Math.Round(255 * Math.Pow(v / 255.0, 1 + gamma)), result.Pixels[v * 3]);
    }

    [Theory]
    [InlineData(255, 0, 0, 120, 0, 255, 0)] // red to green
    [InlineData(255, 0, 0, -120, 0, 0, 255)] // red to blue
    [InlineData(0, 200, 100, 180, 200, 0, 100)] // across the circle: 150° to 330°
    [InlineData(90, 90, 90, 77, 90, 90, 90)] // grey has no hue
    public void Hue_TurnsOnTheColourCircle(byte r, byte g, byte b, double degrees, byte toR, byte toG, byte toB)
    {
        Image result = Plain(2, 2, r, g, b).Augment(new AugmentationSpec { Hue = Strength.Exactly(degrees) });
        Assert.Equal((toR, toG, toB), (result.At(0, 0, 0), result.At(0, 0, 1), result.At(0, 0, 2)));
    }

    [Fact]
    public void Hue_AndSaturation_EqualTheTextbookHsv()
    {
        // The definition, by float: h from the largest channel, s = c/v, back by the six sectors.
        Image image = Textured(40, 40);
        Image result = image.Augment(new AugmentationSpec { Hue = Strength.Exactly(33), Saturation = Strength.Exactly(-0.4) });
        for (int i = 0; i < image.Pixels.Length; i += 3)
        {
            var (r, g, b) = (image.Pixels[i] / 255.0, image.Pixels[i + 1] / 255.0, image.Pixels[i + 2] / 255.0);
            double v = Math.Max(r, Math.Max(g, b)), c = v - Math.Min(r, Math.Min(g, b));
            double h = c == 0 ? 0 : v == r ? 60 * ((g - b) / c) : v == g ? 120 + 60 * ((b - r) / c) : 240 + 60 * ((r - g) / c);
            h = (h + 33 + 360) % 360;
            double chroma = c * 0.6, x = chroma * (1 - Math.Abs(h / 60 % 2 - 1)), m = v - chroma;
            double[] rgb = (int)(h / 60) switch { 0 => [chroma, x, 0], 1 => [x, chroma, 0], 2 => [0, chroma, x], 3 => [0, x, chroma], 4 => [x, 0, chroma], _ => [chroma, 0, x] };
            for (int channel = 0; channel < 3; channel++) Assert.Equal(255 * (rgb[channel] + m), result.Pixels[i + channel], 0.51);
        }
    }

    [Fact]
    public void Saturation_None_IsTheLargestChannelAsGrey()
    {
        Image result = Plain(2, 2, 200, 100, 50).Augment(new AugmentationSpec { Saturation = Strength.Exactly(-1) });
        Assert.Equal((200, 200, 200), (result.At(0, 0, 0), result.At(0, 0, 1), result.At(0, 0, 2)));
        Image more = Plain(2, 2, 200, 100, 50).Augment(new AugmentationSpec { Saturation = Strength.Exactly(0.2) });
        Assert.Equal((200, 80, 20), (more.At(0, 0, 0), more.At(0, 0, 1), more.At(0, 0, 2))); // chroma 150·1.2 = 180; green keeps its third: 200 − 180·⅔
    }

    [Fact]
    public void Tables_OfAllFour_RoundOnce()
    {
        Image image = Textured(20, 20);
        Image result = image.Augment(new AugmentationSpec { Contrast = Strength.Exactly(0.3), Brightness = Strength.Exactly(0.1), RgbShift = Strength.Exactly(-5), Gamma = Strength.Exactly(0.2) });
        double mean = image.Pixels.Average(v => (double)v);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            double value = Math.Clamp(((image.Pixels[i] - mean) * 1.3 + mean) * 1.1 - 5, 0, 255);
            Assert.Equal((byte)Math.Round(255 * Math.Pow(value / 255, 1.2)), result.Pixels[i]);
        }
    }
}
