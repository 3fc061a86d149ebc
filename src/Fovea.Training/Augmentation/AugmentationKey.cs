namespace Fovea.Training.Augmentation;

/// <summary>
/// What the chance of one image depends on, and nothing else: neither the order of workers nor what else is in the recipe. Each augmentation has a stream of its own,
/// so that turning one on leaves the draws of all others as they are.
/// </summary>
public readonly record struct AugmentationKey(ulong Seed, ulong Epoch, ulong Sample)
{
    /// <summary>Apart from the other uses of a run's seed.</summary>
    private const ulong Stream = 2;

    internal SeededRandom Restart(SeededRandom random, AugmentationKind kind) => random.Restart(Seed, Stream, Epoch, Sample, (ulong)kind);
}

/// <summary>The streams of chance. The numbers are part of what a seed means: they never change.</summary>
internal enum AugmentationKind : ulong
{
    FlipHorizontal = 1,
    FlipVertical = 2,
    Rotation = 3,
    Zoom = 4,
    Shift = 5,
    Shear = 6,
    OpticalDistortion = 7,
    GridDistortion = 8,
    PiecewiseAffine = 9,
    Blur = 10,
    Brightness = 11,
    Contrast = 12,
    RgbShift = 13,
    Gamma = 14,
    Hue = 15,
    Saturation = 16,
    Sharpen = 17,
    Emboss = 18,
    Noise = 19,
    Jpeg = 20,
    Cutout = 21,
    Mixup = 22,
    Cutmix = 23,
}
