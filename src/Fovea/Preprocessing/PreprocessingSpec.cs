namespace Fovea.Preprocessing;

public enum PreprocessingKind
{
    /// <summary>Resized to the square, whatever the shape. For images that are square and cropped already, such as RetinaMNIST.</summary>
    Plain,

    /// <summary>Cropped to the field of view, padded to a square so that the aspect stays, resized.</summary>
    FieldOfView,

    /// <summary>The APTOS case study's: crop, resize, disc mask, local mean subtracted.</summary>
    BenGraham,

    /// <summary>The multi-task replication's: resize, crop, disc mask, crop again to the disc, local mean subtracted, resize. It used sigma 30.</summary>
    BenGrahamTight,
}

/// <summary>
/// What is done to a photograph before a network sees it. Part of the model file, never of the caller: what a network was trained with is what it is served with.
/// </summary>
public sealed record PreprocessingSpec
{
    public PreprocessingKind Kind { get; init; } = PreprocessingKind.FieldOfView;

    /// <summary>Side of the prepared square in pixels.</summary>
    public int Size { get; init; } = 224;

    /// <summary>Grey values up to this one count as the black border (0–255).</summary>
    public int Tolerance { get; init; } = 7;

    /// <summary>Ben Graham: standard deviation of the blur in prepared pixels. The case study used 14 at 512 pixels.</summary>
    public double Sigma { get; init; } = 14;

    /// <summary>Subtracted from each channel (R, G, B) of value/255; default ImageNet's.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>Divides each channel afterwards; default ImageNet's.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.229, 0.224, 0.225];

    /// <summary>The reason why this cannot be done, or null.</summary>
    public string? Problem() =>
        !Enum.IsDefined(Kind) ? $"the preprocessing kind {(int)Kind} does not exist"
        : Size is < 8 or > 4096 ? $"a prepared size of {Size} pixels is not possible (8 to 4096 are)"
        : Tolerance is < 0 or > 254 ? $"a tolerance of {Tolerance} is not possible (0 to 254 are)"
        : !(Sigma > 0 && Sigma <= 1000) ? $"a sigma of {Sigma} is not possible (above 0, up to 1000 are)"
        : Mean.Count != 3 || !Mean.All(double.IsFinite) ? "mean needs three finite numbers"
        : Std.Count != 3 || !Std.All(s => double.IsFinite(s) && s > 0) ? "std needs three numbers above 0"
        : null;
}
