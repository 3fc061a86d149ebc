namespace Fovea.Quality;

public enum QualityReason
{
    /// <summary>No round field of view, or not a retina's colours: another kind of picture.</summary>
    NotAFundusPhotograph,
    TooSmall,
    TooDark,
    Overexposed,
    Blurred,
    ColourCast,

    /// <summary>A lid or the frame takes a large part of the field of view. Only the network for quality finds it.</summary>
    FieldCutOff,
}

/// <summary>One reason why a photograph cannot be graded.</summary>
/// <param name="Finding">What was found, with the number and its limit, without a full stop.</param>
/// <param name="Advice">What the photographer can do, a sentence.</param>
public sealed record QualityProblem(QualityReason Reason, string Finding, string Advice);

/// <summary>Whether a photograph is good enough to be graded, why not, and what was measured.</summary>
public sealed record QualityReport(IReadOnlyList<QualityProblem> Problems, QualityMeasures Measures)
{
    public bool Gradable => Problems.Count == 0;

    /// <summary>What a gradable photograph nearly fails by: measures within <see cref="QualityAssessor.Margin"/> of their limits. Empty for an ungradable one.</summary>
    public IReadOnlyList<QualityProblem> Near { get; init; } = [];

    /// <exception cref="UngradableException">There are problems; the message names the first, which is the one to mend first.</exception>
    public void ThrowIfUngradable(string name)
    {
        if (!Gradable) throw new UngradableException(name, this);
    }
}

/// <summary>A photograph that must not be graded. Message: <c>NAME: reason. Remedy.</c></summary>
public sealed class UngradableException(string name, QualityReport report)
    : Exception($"{name}: ungradable, {report.Problems[0].Finding}. {report.Problems[0].Advice}")
{
    public QualityReport Report { get; } = report;
}
