using Fovea.Imaging;

namespace Fovea.Training.Augmentation;

/// <summary>Random changes to training images. All geometry is one warp; defaults change nothing.</summary>
public sealed record AugmentationSpec
{
    public bool FlipHorizontal { get; init; }
    public bool FlipVertical { get; init; }

    /// <summary>Degrees; the angle is uniform in ±this.</summary>
    public double Rotation { get; init; }

    /// <summary>The scale is uniform in 1 ± this.</summary>
    public double Zoom { get; init; }

    /// <summary>The shift along each axis is uniform in ± this share of the side.</summary>
    public double Shift { get; init; }

    /// <summary>Values are multiplied by 1 ± this.</summary>
    public double Brightness { get; init; }

    /// <summary>Deviations from the image's mean are multiplied by 1 ± this.</summary>
    public double Contrast { get; init; }

    /// <summary>What fills the corners that a rotation uncovers.</summary>
    public Border Fill { get; init; } = Border.Constant;

    internal bool HasGeometry => FlipHorizontal || FlipVertical || Rotation != 0 || Zoom != 0 || Shift != 0;

    /// <summary>The reason why this cannot be done, or null.</summary>
    public string? Problem() =>
        !(Rotation is >= 0 and <= 360) ? $"a rotation of {Rotation} degrees is not possible (0 to 360 are)"
        : !(Zoom is >= 0 and < 1) ? $"a zoom of {Zoom} is not possible (0 to below 1 are)"
        : !(Shift is >= 0 and <= 1) ? $"a shift of {Shift} is not possible (0 to 1 are)"
        : !(Brightness is >= 0 and <= 1) ? $"a brightness of {Brightness} is not possible (0 to 1 are)"
        : !(Contrast is >= 0 and <= 1) ? $"a contrast of {Contrast} is not possible (0 to 1 are)"
        : !Enum.IsDefined(Fill) ? "the fill does not exist"
        : null;
}
