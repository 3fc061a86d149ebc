using Fovea.Quality;

namespace Fovea.Web.Analysis;

internal enum Outcome
{
    Graded,

    /// <summary>The photograph is too poor to be graded; a result with a reason, not an error.</summary>
    Ungradable,

    /// <summary>The pixels are damaged.</summary>
    Unreadable,

    /// <summary>The analysis itself failed.</summary>
    Failed,

    /// <summary>A kind of image for which this service has no model.</summary>
    NoModel,
}

/// <summary>What an image shows. It decides which model looks at it.</summary>
internal enum ImageKind
{
    Fundus,
    Oct,
}

/// <summary>Why a person should look at a grade before anybody relies on it.</summary>
internal enum UnsureReason
{
    /// <summary>The conformal set holds grades that are referred and grades that are not.</summary>
    SetSpansReferral,

    /// <summary>The grade's probability is below the setting.</summary>
    LowProbability,

    /// <summary>A measure of quality lies close to its limit.</summary>
    NearUngradable,
}

internal sealed record FoundProblem(QualityReason Code, string Finding, string Advice);

internal sealed record FoundQuality(bool Gradable, IReadOnlyList<FoundProblem> Problems);

/// <summary>A lesion that a detector marked, pixels of the photograph, x right, y down, half-open.</summary>
internal sealed record FoundLesion(string Kind, double X, double Y, double Width, double Height, double Score);

/// <summary>What graded.</summary>
/// <param name="Id">Twelve digits of the hash: short enough to be read out.</param>
/// <param name="Sha256">Of the weights.</param>
/// <param name="Version">Of Fovea.</param>
internal sealed record UsedModel(string Id, string Name, string Sha256, string Architecture, string Version);

/// <summary>Everything that the analysis of one image said, as it is stored.</summary>
/// <param name="Grade">Of an OCT scan its class, in the order of <paramref name="Classes"/>. Null unless graded.</param>
/// <param name="Set">Grades of which one is the true one with the probability <paramref name="SetCoverage"/>; null where the model promises none.</param>
/// <param name="Lesions">Null where no detector is configured.</param>
/// <param name="Detail">Why it failed or could not be read.</param>
/// <param name="Model">That graded; where none did, the one that would have.</param>
/// <param name="Seconds">From the start of decoding to the result.</param>
/// <param name="Classes">Names of an OCT scan's classes; null for a photograph, whose grades are everybody's.</param>
internal sealed record AnalysisResult(
    Outcome Outcome, FoundQuality? Quality, int? Grade, string? GradeName, IReadOnlyList<double>? Probabilities, double? Score, int ReferableFrom, IReadOnlyList<int>? Set, double? SetCoverage,
    IReadOnlyList<UnsureReason> UnsureReasons, IReadOnlyList<FoundLesion>? Lesions, UsedModel Model, string? Detail, double Seconds, ImageKind Kind = ImageKind.Fundus, IReadOnlyList<string>? Classes = null)
{
    /// <summary>What an OCT model calls a scan without disease.</summary>
    public const string Normal = "normal";

    /// <summary>Whether the patient is to be referred for it: grades from a limit on, and every class of an OCT scan but the normal one.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool Referable => Grade is { } grade && (Kind == ImageKind.Oct ? !Normal.Equals(GradeName, StringComparison.OrdinalIgnoreCase) : grade >= ReferableFrom);
}

/// <summary>A heat map as the network made it, with the way back to the photograph: small enough for the database, and drawn when somebody looks.</summary>
/// <param name="Values">0–255, row-major.</param>
/// <param name="PreparedSize">Side of the network's input, pixels.</param>
/// <param name="ToPrepared">Six numbers of the transform from the photograph's pixels to the input's.</param>
internal sealed record StoredMap(int Width, int Height, byte[] Values, int PreparedSize, double[] ToPrepared);
