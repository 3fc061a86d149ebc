using System.Text.Json.Serialization;

namespace Fovea.Training.MadeUp;

[JsonConverter(typeof(JsonStringEnumConverter<Eye>))]
public enum Eye
{
    Right,
    Left,
}

/// <summary>How the round field of view sits in the rectangular picture; the four families that the APTOS pictures fall into.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Framing>))]
public enum Framing
{
    /// <summary>The whole disc in a square.</summary>
    Square,

    /// <summary>Full width; top and bottom of the disc are cut off.</summary>
    VerticalCrop,

    /// <summary>The disc is cut off on all four sides.</summary>
    Tight,

    /// <summary>The whole disc with much black beside it.</summary>
    Spacious,
}

[JsonConverter(typeof(JsonStringEnumConverter<CameraFault>))]
public enum CameraFault
{
    None,
    Dark,
    Overexposed,
    BlueCast,
    PinkCast,
    GreenCast,
    Blur,
}

/// <summary>Retinal quadrants, divided by the vertical and horizontal lines through the fovea.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Quadrant>))]
public enum Quadrant
{
    SuperiorNasal,
    SuperiorTemporal,
    InferiorNasal,
    InferiorTemporal,
}

/// <summary>A box in the picture's pixels, x right, y down, half-open: it covers columns X … X + Width − 1.</summary>
public readonly record struct PixelBox(int X, int Y, int Width, int Height)
{
    public bool Contains(double x, double y) => x >= X && x < X + Width && y >= Y && y < Y + Height;
}

/// <summary>An axis-parallel ellipse in the picture's pixels; the centre of the top-left pixel is (0, 0).</summary>
public readonly record struct PixelEllipse(double X, double Y, double RadiusX, double RadiusY);

/// <summary>A point in the picture's pixels; the centre of the top-left pixel is (0, 0).</summary>
public readonly record struct PixelPoint(double X, double Y);

/// <summary>One lesion as painted.</summary>
/// <param name="Area">Pixels covered, at least 1.</param>
public sealed record PaintedLesion(LesionKind Kind, Quadrant Quadrant, PixelBox Box, int Area);

/// <summary>What is known of a made-up retina because it was painted so. All places in pixels of the finished picture.</summary>
/// <param name="Grade">International Clinical Diabetic Retinopathy grade, 0–4 (Wilkinson et al. 2003).</param>
/// <param name="DmeRisk">IDRiD's scale: 0 no hard exudate, 1 hard exudates, 2 hard exudates within one disc diameter of the fovea.</param>
/// <param name="Field">The round field of view; it may reach beyond the picture.</param>
/// <param name="FaultStrength">0 … 1; 0 when there is no fault.</param>
public sealed record RetinaTruth(
    ulong Seed, int Grade, int DmeRisk, Eye Eye, Framing Framing, CameraFault Fault, double FaultStrength, int Width, int Height,
    PixelEllipse Field, PixelEllipse Disc, PixelEllipse Cup, PixelPoint Fovea, IReadOnlyList<PaintedLesion> Lesions)
{
    public int Count(LesionKind kind) => Lesions.Count(lesion => lesion.Kind == kind);

    public int Count(LesionKind kind, Quadrant quadrant) => Lesions.Count(lesion => lesion.Kind == kind && lesion.Quadrant == quadrant);
}
