using System.Text.Json.Serialization;

namespace Fovea.Models;

/// <summary>How a network's logits speak about grades.</summary>
public enum HeadKind
{
    /// <summary>One logit a grade; softmax.</summary>
    Softmax,

    /// <summary>One number, the grade itself, without an activation.</summary>
    Regression,

    /// <summary>One logit for each k in 0 … K−2: its sigmoid is P(grade &gt; k).</summary>
    Ordinal,
}

/// <summary>The head of a network: what it puts out and how that is trained and read.</summary>
/// <param name="Kind">What the logits mean.</param>
/// <param name="Classes">Number of grades or classes, at least 2.</param>
/// <param name="Dropout">Probability with which the head's dropout drops a feature while training, in [0, 1).</param>
public sealed record HeadSpec(HeadKind Kind, int Classes, double Dropout = 0.2)
{
    /// <summary>
    /// Ordinal only: a bit for "grade ≥ 0" comes first, so that there are K outputs as in the APTOS case study (grade 2 of 5 is 11100).
    /// It is always on and carries no information; decoding ignores it.
    /// </summary>
    public bool AlwaysOnBit { get; init; }

    /// <summary>Number of logits.</summary>
    [JsonIgnore]
    public int Outputs => Kind switch
    {
        HeadKind.Softmax => Classes,
        HeadKind.Regression => 1,
        _ => AlwaysOnBit ? Classes : Classes - 1,
    };

    /// <summary>The reason why this head is impossible, or null.</summary>
    public string? Problem() =>
        Classes is < 2 or > 1000 ? $"a head of {Classes} classes is not possible (2 to 1000 are)"
        : Dropout is not (>= 0 and < 1) ? $"a dropout of {Dropout} is not possible (0 to below 1 is)"
        : AlwaysOnBit && Kind != HeadKind.Ordinal ? "alwaysOnBit belongs to ordinal heads only"
        : !Enum.IsDefined(Kind) ? $"the head's kind {(int)Kind} does not exist"
        : null;
}
