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
}

/// <summary>Why a person should look at a grade before anybody relies on it.</summary>
internal enum UnsureReason
{
    /// <summary>The conformal set holds grades that are referred and grades that are not.</summary>
    SetSpansReferral,

    /// <summary>The grade's probability is below the setting.</summary>
    LowProbability,
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
/// <param name="Grade">Null unless graded.</param>
/// <param name="Set">Grades of which one is the true one with the probability <paramref name="SetCoverage"/>; null where the model promises none.</param>
/// <param name="Lesions">Null where no detector is configured.</param>
/// <param name="Detail">Why it failed or could not be read.</param>
/// <param name="Seconds">From the start of decoding to the result.</param>
internal sealed record AnalysisResult(
    Outcome Outcome, FoundQuality? Quality, int? Grade, string? GradeName, IReadOnlyList<double>? Probabilities, double? Score, int ReferableFrom, IReadOnlyList<int>? Set, double? SetCoverage,
    IReadOnlyList<UnsureReason> UnsureReasons, IReadOnlyList<FoundLesion>? Lesions, UsedModel Model, string? Detail, double Seconds);

/// <summary>A heat map as the network made it, with the way back to the photograph: small enough for the database, and drawn when somebody looks.</summary>
/// <param name="Values">0–255, row-major.</param>
/// <param name="PreparedSize">Side of the network's input, pixels.</param>
/// <param name="ToPrepared">Six numbers of the transform from the photograph's pixels to the input's.</param>
internal sealed record StoredMap(int Width, int Height, byte[] Values, int PreparedSize, double[] ToPrepared);
