using Fovea.Imaging;
using Fovea.Training.Recipes;

namespace Fovea.Training.Augmentation;

/// <summary>
/// Named sets of augmentations: what the published systems did, and ours. In a recipe <c>"augmentation": "s1"</c>, or
/// <c>"augmentation": { "preset": "s1", "rotation": 20 }</c>, where what is said goes before the preset.
/// </summary>
public static class AugmentationPresets
{
    private static readonly (string Name, string What, AugmentationSpec Spec)[] All =
    [
        // Keras's zoom z is the scale from output to input, drawn for each axis: 0.8–1.2 shows the picture 1/1.2 to 1/0.8 times as large.
        ("s0", "APTOS grading, ten Keras backbones: both flips, ±180°, zoom 0.2, borders repeated", new()
        {
            FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(180), Zoom = new(1 / 1.2 - 1, 1 / 0.8 - 1), ZoomPerAxis = true, Fill = Border.Replicate,
        }),
        // Its ZCA whitening was switched on and never fitted, so that Keras left it out with a warning: there is none here. Zoom 1–1.2 makes the picture smaller, see s0.
        ("s1", "multi-task network on APTOS: both flips, ±360°, brightness 0.5–1.5, zoom 1–1.2, black borders", new()
        {
            FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(360), Zoom = new(1 / 1.2 - 1, 0), ZoomPerAxis = true, Brightness = Strength.PlusMinus(0.5),
        }),
        // The paper names the sixteen kinds and no strengths or probabilities: these are ours, after the defaults of the library that it used (Albumentations).
        ("s1-paper", "the paper behind s1: all sixteen kinds that it names; strengths are ours, it gives none", new()
        {
            FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(180), Zoom = Strength.PlusMinus(0.1), Shift = Strength.PlusMinus(0.06),
            OpticalDistortion = new(-0.1, 0.2, 0.3), GridDistortion = Strength.UpTo(0.3, 0.3), PiecewiseAffine = Strength.UpTo(0.12, 0.3),
            Blur = Strength.UpTo(1.2, 0.2), Brightness = Strength.PlusMinus(0.2, 0.5), Contrast = Strength.PlusMinus(0.2, 0.5), RgbShift = Strength.PlusMinus(20, 0.5),
            Gamma = Strength.PlusMinus(0.2, 0.5), Sharpen = new(0.2, 0.5, 0.2), Emboss = new(0.2, 0.5, 0.2), Noise = new(3, 8, 0.2), Cutout = new(0.1, 0.25, 0.5),
        }),
        ("s2", "OCT scans: nothing", new()),
        // Its samplewise centring (each picture less its own mean) is preparation, not chance: it belongs to the recipe's preprocessing.
        ("s3", "grading with a small network: both flips, ±180°, black borders", new() { FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(180) }),
        ("fundus-light", "ours: what a camera and its operator vary", new()
        {
            FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(180), Zoom = Strength.PlusMinus(0.1), Shift = Strength.PlusMinus(0.03),
            Brightness = Strength.PlusMinus(0.15), Contrast = Strength.PlusMinus(0.15),
        }),
        ("fundus-strong", "ours: wide variation of geometry, colour and quality, and cutmix", new()
        {
            FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(180), Zoom = Strength.PlusMinus(0.2), Shift = Strength.PlusMinus(0.05),
            Shear = Strength.PlusMinus(8, 0.3), OpticalDistortion = new(-0.1, 0.15, 0.3), GridDistortion = Strength.UpTo(0.25, 0.2),
            Blur = Strength.UpTo(1, 0.2), Brightness = Strength.PlusMinus(0.25), Contrast = Strength.PlusMinus(0.25), RgbShift = Strength.PlusMinus(12, 0.5),
            Gamma = Strength.PlusMinus(0.25, 0.5), Hue = Strength.PlusMinus(8, 0.5), Saturation = Strength.PlusMinus(0.25, 0.5), Sharpen = Strength.UpTo(0.15, 0.2),
            Noise = Strength.UpTo(6, 0.3), Jpeg = new(10, 50, 0.3), Cutout = new(0.1, 0.25, 0.3), Cutmix = new() { Alpha = 1, Probability = 0.3 },
        }),
    ];

    /// <summary>The names, with what each is.</summary>
    public static IEnumerable<(string Name, string What)> Names => All.Select(p => (p.Name, p.What));

    /// <summary>The preset of a name, with its name in it.</summary>
    /// <param name="asker">What an error message begins with: the recipe, or the option.</param>
    /// <exception cref="RecipeException">There is no such preset.</exception>
    public static AugmentationSpec Find(string name, string asker)
    {
        foreach (var preset in All)
        {
            if (preset.Name == name) return preset.Spec with { Preset = name };
        }
        var names = All.Select(p => p.Name).ToArray();
        throw new RecipeException(asker, $"no augmentation preset '{name}'", NearestName.Of(name, names) is { } near ? $"Did you mean '{near}'" : $"There are {string.Join(", ", names)}");
    }
}
