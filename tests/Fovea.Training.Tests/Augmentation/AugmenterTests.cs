using Fovea.Imaging;
using Fovea.Training.Augmentation;
using static Fovea.Training.Tests.Augmentation.TestPictures;

namespace Fovea.Training.Tests.Augmentation;

/// <summary>What holds for all augmentations together.</summary>
public sealed class AugmenterTests
{
    /// <summary>Each one alone, as strong as its tests need.</summary>
    internal static readonly Dictionary<string, AugmentationSpec> Alone = new()
    {
        ["flipHorizontal"] = new() { FlipHorizontal = true }, ["flipVertical"] = new() { FlipVertical = true }, ["rotation"] = new() { Rotation = Strength.PlusMinus(180) },
        ["zoom"] = new() { Zoom = Strength.PlusMinus(0.3) }, ["shift"] = new() { Shift = Strength.PlusMinus(0.2) }, ["shear"] = new() { Shear = Strength.PlusMinus(20) },
        ["optical"] = new() { OpticalDistortion = new(-0.1, 0.3) }, ["grid"] = new() { GridDistortion = Strength.UpTo(0.4) }, ["piecewise"] = new() { PiecewiseAffine = Strength.UpTo(0.2) },
        ["blur"] = new() { Blur = Strength.UpTo(3) }, ["brightness"] = new() { Brightness = Strength.PlusMinus(0.3) }, ["contrast"] = new() { Contrast = Strength.PlusMinus(0.5) },
        ["rgbShift"] = new() { RgbShift = Strength.PlusMinus(40) }, ["gamma"] = new() { Gamma = Strength.PlusMinus(0.5) }, ["hue"] = new() { Hue = Strength.PlusMinus(60) },
        ["saturation"] = new() { Saturation = Strength.PlusMinus(0.8) }, ["sharpen"] = new() { Sharpen = Strength.UpTo(0.6) }, ["emboss"] = new() { Emboss = Strength.UpTo(0.6) },
        ["noise"] = new() { Noise = new(5, 10) }, ["jpeg"] = new() { Jpeg = new(40, 80) }, ["cutout"] = new() { Cutout = new(0.2, 0.5) },
    };

    private static readonly AugmentationSpec Everything = new()
    {
        FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(180), Zoom = Strength.PlusMinus(0.2), Shift = Strength.PlusMinus(0.05), Shear = Strength.PlusMinus(10, 0.5),
        OpticalDistortion = new(-0.1, 0.2, 0.5), GridDistortion = Strength.UpTo(0.3, 0.5), PiecewiseAffine = Strength.UpTo(0.2, 0.5), Blur = Strength.UpTo(1, 0.5),
        Brightness = Strength.PlusMinus(0.2), Contrast = Strength.PlusMinus(0.2), RgbShift = Strength.PlusMinus(10), Gamma = Strength.PlusMinus(0.2), Hue = Strength.PlusMinus(10),
        Saturation = Strength.PlusMinus(0.2), Sharpen = Strength.UpTo(0.4, 0.5), Emboss = Strength.UpTo(0.4, 0.5), Noise = Strength.UpTo(5), Jpeg = Strength.UpTo(50, 0.5), Cutout = Strength.UpTo(0.3, 0.5),
    };

    public static TheoryData<string> Names => [.. Alone.Keys];

    [Fact]
    public void Apply_Defaults_GiveTheSameImage()
    {
        Image image = Textured(40, 30);
        Assert.Same(image, image.Augment(new AugmentationSpec()));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Apply_EachAlone_ChangesTheImageAndKeepsItsSize(string name)
    {
        Image image = Textured(48, 36);
        Image[] results = [.. Enumerable.Range(0, 8).Select(i => image.Augment(Alone[name], (ulong)i))];
        Assert.All(results, r => Assert.Equal((48, 36, 3), (r.Width, r.Height, r.Channels)));
        Assert.Contains(results, r => !r.HasSamePixels(image));
    }

    [Fact]
    public void Apply_SameSeedEpochSample_SameImageWhateverTheOrderAndTheScratch()
    {
        Image image = Textured(48, 48);
        Image Draw(ulong epoch, ulong sample) => new Augmenter(Everything).Apply(image, Key(sample, epoch));
        var forwards = Enumerable.Range(0, 8).Select(sample => Draw(1, (ulong)sample)).ToArray();
        // One scratch for all, backwards: what an earlier image left in it must not show.
        var (scratch, augmenter) = (new AugmentationScratch(48, 48), new Augmenter(Everything));
        for (int i = 7; i >= 0; i--)
        {
            var again = new Image(48, 48, 3);
            augmenter.Apply(image.Pixels, again.Pixels, Key((ulong)i, 1), scratch);
            Assert.True(forwards[i].HasSamePixels(again));
        }
        Assert.False(Draw(1, 0).HasSamePixels(Draw(1, 1)), "another sample");
        Assert.False(Draw(1, 0).HasSamePixels(Draw(2, 0)), "another epoch");
        Assert.False(Draw(1, 0).HasSamePixels(new Augmenter(Everything).Apply(image, Key(0, 1, seed: 2))), "another seed");
    }

    [Fact]
    public void Apply_DoesNotChangeItsInput()
    {
        Image image = Textured(48, 48), before = image.Clone();
        for (ulong i = 0; i < 5; i++) image.Augment(Everything, i);
        Assert.True(before.HasSamePixels(image));
    }

    [Fact]
    public void Apply_AllTogether_IsTheStagesInTheirOrder()
    {
        // Geometry, blur, colour, sharpening, embossing, noise, JPEG, cutout: each stage alone draws what it draws with the others.
        Image image = Textured(64, 48);
        AugmentationSpec e = Everything;
        AugmentationSpec[] stages =
        [
            new()
            {
                FlipHorizontal = true, FlipVertical = true, Rotation = e.Rotation, Zoom = e.Zoom, Shift = e.Shift, Shear = e.Shear, OpticalDistortion = e.OpticalDistortion,
                GridDistortion = e.GridDistortion, PiecewiseAffine = e.PiecewiseAffine,
            },
            new() { Blur = e.Blur },
            new() { Brightness = e.Brightness, Contrast = e.Contrast, RgbShift = e.RgbShift, Gamma = e.Gamma, Hue = e.Hue, Saturation = e.Saturation },
            new() { Sharpen = e.Sharpen }, new() { Emboss = e.Emboss }, new() { Noise = e.Noise }, new() { Jpeg = e.Jpeg }, new() { Cutout = e.Cutout },
        ];
        for (ulong i = 0; i < 12; i++)
        {
            Image step = image;
            foreach (AugmentationSpec stage in stages) step = step.Augment(stage, i);
            Assert.True(step.HasSamePixels(image.Augment(Everything, i)), $"sample {i}");
        }
    }

    [Fact]
    public void Apply_Probability_IsTheShareOfImagesThatChange()
    {
        Image image = Textured(8, 8);
        var spec = new AugmentationSpec { Brightness = new Strength(0.5, 0.6, 0.3) };
        int changed = Enumerable.Range(0, 1000).Count(i => !image.HasSamePixels(image.Augment(spec, (ulong)i)));
        Assert.InRange(changed, 249, 351); // 300 ± 3.5 standard deviations of 14.5
    }

    [Fact]
    public void Apply_GreyImage_IsRefused() => Assert.Throws<ArgumentException>(() => new Augmenter(Everything).Apply(new Image(8, 8, 1), Key()));

    [Fact]
    public void Apply_MaskOfAnotherSize_IsRefused() => Assert.Throws<ArgumentException>(() => new Augmenter(Everything).Apply(new Image(8, 8, 3), [], new Image(8, 9, 1), Key()));
}
