using System.Text.Json.Serialization;
using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>
/// One thing that is done to a photograph. Pixels are 8-bit RGB; lengths are pixels of the image as it arrives at the step. In JSON an object whose
/// <c>step</c> names it: <c>{ "step": "resize", "interpolation": "linear" }</c>; what is left out takes the default.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "step")]
[JsonDerivedType(typeof(CropToBright), "cropToBright")]
[JsonDerivedType(typeof(CropToFieldOfView), "cropToFieldOfView")]
[JsonDerivedType(typeof(ResizeStep), "resize")]
[JsonDerivedType(typeof(Centre), "centre")]
[JsonDerivedType(typeof(Disc), "disc")]
[JsonDerivedType(typeof(SubtractLocalMean), "subtractLocalMean")]
[JsonDerivedType(typeof(Clahe), "clahe")]
[JsonDerivedType(typeof(CorrectIllumination), "correctIllumination")]
[JsonDerivedType(typeof(GreyWorld), "greyWorld")]
public abstract record PreprocessingStep
{
    /// <summary>The reason why this cannot be done, or null.</summary>
    internal virtual string? Problem() => null;

    internal abstract void Apply(Canvas canvas);

    /// <summary>Whether the image has the prepared size after this step; null where the step leaves the size as it was.</summary>
    internal virtual bool? GivesPreparedSize => null;
}

/// <summary>Takes away every row and column without a pixel brighter than the tolerance, inside the picture, too: the reference systems' crop of the black border.</summary>
public sealed record CropToBright : PreprocessingStep
{
    /// <summary>Grey values up to this one are dark (0–254).</summary>
    public int Tolerance { get; init; } = 7;

    /// <summary>Weigh red as blue and blue as red, as the sources did by taking BGR for RGB.</summary>
    public bool SwapRedAndBlue { get; init; }

    internal override string? Problem() => Tolerance is < 0 or > 254 ? $"a tolerance of {Tolerance} is not possible (0 to 254 are)" : null;

    internal override void Apply(Canvas canvas) => BorderCrop.AnyBright(canvas, Tolerance, SwapRedAndBlue);

    internal override bool? GivesPreparedSize => false;
}

/// <summary>
/// Takes the square around the camera's round field of view, black where the picture ends: the aspect stays, and the retina has one size and place however the
/// picture was cut. The square around what is bright where no circle is seen.
/// </summary>
public sealed record CropToFieldOfView : PreprocessingStep
{
    internal override void Apply(Canvas canvas) => canvas.Crop(FieldOfView.Find(canvas.Pixels()).Square);

    internal override bool? GivesPreparedSize => false;
}

/// <summary>How <see cref="ResizeStep"/> finds values between pixels.</summary>
public enum ResizeInterpolation
{
    /// <summary>Area where both sides shrink, linear otherwise.</summary>
    Auto,

    /// <summary>The four nearest pixels, whatever the scale: small things flicker when it shrinks, and the sources did so.</summary>
    Linear,

    /// <summary>The mean of the covered area.</summary>
    Area,

    Cubic,

    /// <summary>Lanczos over 8×8 pixels.</summary>
    Lanczos,
}

/// <summary>Stretches the image to a square; the aspect stays only where it was square before.</summary>
public sealed record ResizeStep : PreprocessingStep
{
    public ResizeInterpolation Interpolation { get; init; } = ResizeInterpolation.Auto;

    /// <summary>Pixels, 8–4096; null for the prepared size.</summary>
    public int? Side { get; init; }

    internal override string? Problem() => Side is < 8 or > 4096 ? $"a side of {Side} pixels is not possible (8 to 4096 are)"
        : !Enum.IsDefined(Interpolation) ? $"the interpolation {(int)Interpolation} does not exist" : null;

    internal override void Apply(Canvas canvas)
    {
        var side = Side ?? canvas.Size;
        canvas.Resize(side, side, Interpolation switch
        {
            ResizeInterpolation.Linear => Imaging.Interpolation.Linear,
            ResizeInterpolation.Area => Imaging.Interpolation.Area,
            ResizeInterpolation.Cubic => Imaging.Interpolation.Cubic,
            ResizeInterpolation.Lanczos => Imaging.Interpolation.Lanczos,
            _ => canvas.Width >= side && canvas.Height >= side ? Imaging.Interpolation.Area : Imaging.Interpolation.Linear,
        });
    }

    internal override bool? GivesPreparedSize => Side is null;
}

/// <summary>Cuts or pads to the prepared size about the middle, without scaling.</summary>
public sealed record Centre : PreprocessingStep
{
    /// <summary>Grey value (0–255) of what is padded.</summary>
    public byte Fill { get; init; }

    internal override void Apply(Canvas canvas)
    {
        var (x, y) = ((canvas.Width - canvas.Size) / 2, (canvas.Height - canvas.Size) / 2);
        var image = Image.Filled(canvas.Size, canvas.Size, 3, new Colour(Fill, Fill, Fill));
        var from = new PixelBox(x, y, canvas.Size, canvas.Size).Intersect(new(0, 0, canvas.Width, canvas.Height));
        image.Paste(canvas.Pixels().Crop(from.X, from.Y, from.Width, from.Height), from.X - x, from.Y - y);
        canvas.Replace(image, AffineTransform.Translation(-x, -y));
    }

    internal override bool? GivesPreparedSize => true;
}

/// <summary>Paints over what lies outside of the disc in the middle.</summary>
public sealed record Disc : PreprocessingStep
{
    /// <summary>Radius as a share of half the shorter side, above 0 up to 1.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Grey value (0–255) of what is painted.</summary>
    public byte Fill { get; init; }

    internal override string? Problem() => !(Share > 0 && Share <= 1) ? $"a disc of {Share} is not possible (above 0, up to 1 are)" : null;

    internal override void Apply(Canvas canvas) => DiscMask.Apply(canvas.Editable(), Share, Fill);
}

/// <summary>Ben Graham's: gain · (image − its Gaussian blur) + 128, clamped to 0–255.</summary>
public sealed record SubtractLocalMean : PreprocessingStep
{
    /// <summary>Standard deviation of the blur in pixels.</summary>
    public double Sigma { get; init; } = 14;

    public double Gain { get; init; } = 4;

    internal override string? Problem() => !(Sigma > 0 && Sigma <= 1000) ? $"a sigma of {Sigma} is not possible (above 0, up to 1000 are)"
        : !(Gain > 0 && Gain <= 100) ? $"a gain of {Gain} is not possible (above 0, up to 100 are)" : null;

    internal override void Apply(Canvas canvas)
    {
        var image = canvas.Pixels();
        canvas.Repaint(Image.AddWeighted(image, Gain, image.GaussianBlur(Sigma), -Gain, 128));
    }
}

/// <summary>Contrast-limited adaptive histogram equalisation of the lightness (L of CIE Lab).</summary>
public sealed record Clahe : PreprocessingStep
{
    public double ClipLimit { get; init; } = 2;

    /// <summary>Regions a side, 1–64.</summary>
    public int Tiles { get; init; } = 8;

    internal override string? Problem() => !(ClipLimit > 0 && ClipLimit <= 1000) ? $"a clip limit of {ClipLimit} is not possible (above 0, up to 1000 are)"
        : Tiles is < 1 or > 64 ? $"{Tiles} tiles a side are not possible (1 to 64 are)" : null;

    internal override void Apply(Canvas canvas) => canvas.Repaint(canvas.Pixels().Clahe(ClipLimit, Tiles));
}

/// <summary>Evens out the light: each channel by its wide local mean within the field of view, which takes the mean of the whole field. The border becomes black.</summary>
public sealed record CorrectIllumination : PreprocessingStep
{
    /// <summary>Standard deviation of the neighbourhood, as a share of the longer side.</summary>
    public double Sigma { get; init; } = 0.1;

    /// <summary>Subtract the mean instead of dividing by it: keeps differences in grey levels, where division keeps ratios.</summary>
    public bool Subtract { get; init; }

    internal override string? Problem() => !(Sigma >= 0.005 && Sigma <= 1) ? $"a sigma of {Sigma} of the side is not possible (0.005 to 1 are)" : null;

    internal override void Apply(Canvas canvas) => Illumination.Correct(canvas.Editable(), Sigma * Math.Max(canvas.Width, canvas.Height), divide: !Subtract);
}

/// <summary>Takes a colour cast away: the channels get one mean within the field of view.</summary>
public sealed record GreyWorld : PreprocessingStep
{
    internal override void Apply(Canvas canvas) => Illumination.GreyWorld(canvas.Editable());
}
