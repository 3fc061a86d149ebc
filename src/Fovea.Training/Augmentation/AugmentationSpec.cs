using System.Text.Json.Serialization;
using Fovea.Imaging;

namespace Fovea.Training.Augmentation;

/// <summary>
/// Random changes to training images; the defaults change nothing. Every strength is counted from "no change" = 0, so that a number is ± that much
/// (see <see cref="Strength"/>). docs/augmentation.md shows each. In order: geometry (one warp), blur, colour, sharpening, embossing, noise, JPEG, cutout; then mixing.
/// </summary>
public sealed record AugmentationSpec
{
    /// <summary>The preset of <see cref="AugmentationPresets"/> that fills in what is not said; null: none.</summary>
    public string? Preset { get; init; }

    /// <summary>Left and right exchanged for half of the images.</summary>
    public bool FlipHorizontal { get; init; }

    /// <summary>Top and bottom exchanged for half of the images.</summary>
    public bool FlipVertical { get; init; }

    /// <summary>Degrees clockwise about the centre, ±360.</summary>
    public Strength Rotation { get; init; }

    /// <summary>The picture is scaled by 1 + this about its centre; above 0 enlarges. −0.9 to 4.</summary>
    public Strength Zoom { get; init; }

    /// <summary>Draws the zoom of x and y separately, as Keras does: circles become ellipses.</summary>
    public bool ZoomPerAxis { get; init; }

    /// <summary>Moves along each axis by this share of the side, drawn separately. ±1.</summary>
    public Strength Shift { get; init; }

    /// <summary>Degrees by which upright lines lean: x moves by tan(this)·y. ±60.</summary>
    public Strength Shear { get; init; }

    /// <summary>
    /// k of Brown's radial law: what is seen at a distance r from the centre (1 = half of the longer side) comes from r·(1 + k·r²). Above 0 barrel, below pincushion.
    /// −0.15 to 0.5, so that nothing folds over.
    /// </summary>
    public Strength OpticalDistortion { get; init; }

    /// <summary>A grid of 5 × 5: the widths of columns and rows change by ± this share and are scaled back to the whole. 0 to 0.9.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength GridDistortion { get; init; }

    /// <summary>A grid of 5 × 5: inner nodes move by ± this share of a cell, each triangle between nodes is an affine map. 0 to 0.24, below what can fold over.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength PiecewiseAffine { get; init; }

    /// <summary>What fills the places that the warp uncovers.</summary>
    public Border Fill { get; init; } = Border.Constant;

    /// <summary>Standard deviation of a Gaussian blur, pixels. 0 to 20.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength Blur { get; init; }

    /// <summary>Values are multiplied by 1 + this. −1 to 2.</summary>
    public Strength Brightness { get; init; }

    /// <summary>Deviations from the image's mean are multiplied by 1 + this. −1 to 2.</summary>
    public Strength Contrast { get; init; }

    /// <summary>Grey levels added to each channel, drawn separately. ±255.</summary>
    public Strength RgbShift { get; init; }

    /// <summary>The exponent is 1 + this: v → 255·(v/255)^(1+γ); above 0 darkens. −0.9 to 4.</summary>
    public Strength Gamma { get; init; }

    /// <summary>Degrees on the colour circle of HSV. ±180.</summary>
    public Strength Hue { get; init; }

    /// <summary>The saturation of HSV is multiplied by 1 + this. −1 to 2.</summary>
    public Strength Saturation { get; init; }

    /// <summary>Share of a sharpening kernel (9 in the centre, −1 around) mixed into the picture. 0 to 1.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength Sharpen { get; init; }

    /// <summary>Share of a relief lit from the top left mixed into the picture. 0 to 1.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength Emboss { get; init; }

    /// <summary>Standard deviation of Gaussian noise, grey levels, each value by itself. 0 to 100.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength Noise { get; init; }

    /// <summary>Loss by JPEG: the quality is 100 − this. 0 to 99.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength Jpeg { get; init; }

    /// <summary>Side of a black square, share of the shorter side; it lies inside the picture. 0 to 1.</summary>
    [JsonConverter(typeof(MagnitudeConverter))]
    public Strength Cutout { get; init; }

    /// <summary>Adds another image of the batch, and its label, in shares λ and 1 − λ (Zhang et al. 2018); null: never.</summary>
    public Mixing? Mixup { get; init; }

    /// <summary>Pastes a rectangle of another image of the batch; labels in shares of the area (Yun et al. 2019); null: never.</summary>
    public Mixing? Cutmix { get; init; }

    internal bool HasGeometry => FlipHorizontal || FlipVertical || HasDistortion
        || !(Rotation.IsOff && Zoom.IsOff && Shift.IsOff && Shear.IsOff);

    internal bool HasDistortion => !(OpticalDistortion.IsOff && GridDistortion.IsOff && PiecewiseAffine.IsOff);

    internal bool HasMixing => Mixup is { Probability: > 0 } || Cutmix is { Probability: > 0 };

    /// <summary>The reason why this cannot be done, or null.</summary>
    public string? Problem() =>
        Rotation.Problem("rotation", -360, 360)
        ?? Zoom.Problem("zoom", -0.9, 4)
        ?? Shift.Problem("shift", -1, 1)
        ?? Shear.Problem("shear", -60, 60)
        ?? OpticalDistortion.Problem("optical distortion", -0.15, 0.5)
        ?? GridDistortion.Problem("grid distortion", 0, 0.9)
        ?? PiecewiseAffine.Problem("piecewise affine", 0, 0.24)
        ?? Blur.Problem("blur", 0, 20)
        ?? Brightness.Problem("brightness", -1, 2)
        ?? Contrast.Problem("contrast", -1, 2)
        ?? RgbShift.Problem("RGB shift", -255, 255)
        ?? Gamma.Problem("gamma", -0.9, 4)
        ?? Hue.Problem("hue", -180, 180)
        ?? Saturation.Problem("saturation", -1, 2)
        ?? Sharpen.Problem("sharpening", 0, 1)
        ?? Emboss.Problem("embossing", 0, 1)
        ?? Noise.Problem("noise", 0, 100)
        ?? Jpeg.Problem("JPEG loss", 0, 99)
        ?? Cutout.Problem("cutout", 0, 1)
        ?? Mixup?.Problem("mixup")
        ?? Cutmix?.Problem("cutmix")
        ?? (Enum.IsDefined(Fill) ? null : "the fill does not exist");
}

/// <summary>How often an image is mixed with another of its batch, and how evenly.</summary>
public sealed record Mixing
{
    /// <summary>λ, the first image's share, is drawn from Beta(α, α): small α mixes little, 1 is uniform. 0.05 to 2.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>Share of the images that are mixed.</summary>
    public double Probability { get; init; } = 0.5;

    internal string? Problem(string name) =>
        !(Alpha is >= 0.05 and <= 2) ? $"the {name} has an alpha of {Alpha} (0.05 to 2 are possible)"
        : !(Probability is >= 0 and <= 1) ? $"the {name} has the probability {Probability} (0 to 1 are possible)"
        : null;
}
