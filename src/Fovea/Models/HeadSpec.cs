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

    /// <summary>
    /// One logit for each k in 0 … K−2: its sigmoid is P(grade &gt; k given grade &gt; k−1), so that the probabilities cannot contradict each other.
    /// CORN: Shi, Cao, Raschka 2021, arXiv 2111.08851.
    /// </summary>
    Corn,

    /// <summary>
    /// Three heads side by side, as the multi-task network of Tymchenko et al. 2020 (arXiv 2003.02261): a regression's number, K softmax logits, and the ordinal logits, in this order.
    /// </summary>
    ThreeHeads,
}

/// <summary>How a feature map [N, C, H, W] becomes a vector.</summary>
public enum PoolingKind
{
    /// <summary>Means over the plane: C features.</summary>
    Average,

    /// <summary>Maxima over the plane: C features.</summary>
    Max,

    /// <summary>Means and maxima, each through a batch norm of its own, side by side: 2C features.</summary>
    AverageMax,

    /// <summary>Generalised mean with a learnt exponent: (mean over the plane of xᵖ)^(1/p), p from 3. Radenović et al. 2017, arXiv 1711.02512. C features.</summary>
    Gem,

    /// <summary>Maxima over grids of several sizes, <see cref="HeadSpec.Levels"/>; takes any input size. He et al. 2014, arXiv 1406.4729. C·Σ level² features.</summary>
    Pyramid,

    /// <summary>Means over one grid, the first of <see cref="HeadSpec.Levels"/>: C·level² features. Where the map has just that size, it is Keras's Flatten.</summary>
    Grid,
}

/// <summary>A fully connected layer with a rectifier, and what follows it.</summary>
/// <param name="Width">Number of outputs.</param>
/// <param name="Dropout">Probability of dropping an output while training, in [0, 1).</param>
/// <param name="BatchNorm">Whether a batch norm stands between rectifier and dropout.</param>
public sealed record HiddenLayer(int Width, double Dropout = 0, bool BatchNorm = false)
{
    internal string? Problem() =>
        Width is < 1 or > 65536 ? $"a hidden layer of {Width} is not possible (1 to 65536 are)"
        : Dropout is not (>= 0 and < 1) ? $"a dropout of {Dropout} is not possible (0 to below 1 is)"
        : null;
}

/// <summary>
/// The head of a network: what it puts out and how that is trained and read. Without a <see cref="Pooling"/> the network keeps its published classifier, with the head's number of outputs and dropout;
/// with one it is features → pooling → dropout → hidden layers → logits.
/// </summary>
/// <param name="Kind">What the logits mean.</param>
/// <param name="Classes">Number of grades or classes, at least 2.</param>
/// <param name="Dropout">Probability with which the head's dropout drops a (pooled) feature while training, in [0, 1).</param>
public sealed record HeadSpec(HeadKind Kind, int Classes, double Dropout = 0.2)
{
    /// <summary>
    /// Ordinal and three heads only: a bit for "grade ≥ 0" comes first, so that there are K outputs as in the APTOS case study (grade 2 of 5 is 11100).
    /// It is always on and carries no information; decoding ignores it.
    /// </summary>
    public bool AlwaysOnBit { get; init; }

    /// <summary>How the feature map is pooled; null for the network's published classifier.</summary>
    public PoolingKind? Pooling { get; init; }

    /// <summary>Sides of the grids of <see cref="PoolingKind.Pyramid"/> and <see cref="PoolingKind.Grid"/>. Default 4, 2, 1.</summary>
    public IReadOnlyList<int> Levels { get; init; } = [4, 2, 1];

    /// <summary>Fully connected layers in front of the logits; of three heads each has its own. Needs a <see cref="Pooling"/>.</summary>
    public IReadOnlyList<HiddenLayer> Hidden { get; init; } = [];

    /// <summary>Three heads only: fully connected layers that the heads share, in front of their own.</summary>
    public IReadOnlyList<HiddenLayer> Shared { get; init; } = [];

    /// <summary>Number of logits.</summary>
    [JsonIgnore]
    public int Outputs => Kind switch
    {
        HeadKind.Softmax => Classes,
        HeadKind.Regression => 1,
        HeadKind.ThreeHeads => 1 + Classes + OrdinalOutputs,
        _ => OrdinalOutputs,
    };

    /// <summary>Number of logits of the ordinal kinds, the always-on bit included.</summary>
    [JsonIgnore]
    public int OrdinalOutputs => AlwaysOnBit ? Classes : Classes - 1;

    /// <summary>The reason why this head is impossible, or null.</summary>
    public string? Problem() =>
        Classes is < 2 or > 1000 ? $"a head of {Classes} classes is not possible (2 to 1000 are)"
        : Dropout is not (>= 0 and < 1) ? $"a dropout of {Dropout} is not possible (0 to below 1 is)"
        : AlwaysOnBit && Kind is not (HeadKind.Ordinal or HeadKind.ThreeHeads) ? "alwaysOnBit belongs to ordinal heads only"
        : !Enum.IsDefined(Kind) ? $"the head's kind {(int)Kind} does not exist"
        : Pooling is { } pooling && !Enum.IsDefined(pooling) ? $"the pooling {(int)pooling} does not exist"
        : Pooling is null && Hidden.Count + Shared.Count > 0 ? "hidden layers need a pooling"
        : Kind == HeadKind.ThreeHeads && Pooling is null ? "three heads need a pooling"
        : Kind != HeadKind.ThreeHeads && Shared.Count > 0 ? "shared layers belong to three heads only"
        : Hidden.Count + Shared.Count > 16 ? $"{Hidden.Count + Shared.Count} hidden layers are not possible (up to 16 are)"
        : Hidden.Concat(Shared).Any(h => h is null) || Levels.Count is < 1 or > 8 || Levels.Any(l => l is < 1 or > 64) ? "levels must be 1 to 8 numbers from 1 to 64, and no hidden layer null"
        : Hidden.Concat(Shared).Select(h => h.Problem()).FirstOrDefault(p => p is not null);

    // Lists compare by content, as a record's other members do.
    public bool Equals(HeadSpec? other) =>
        other is not null && (Kind, Classes, Dropout, AlwaysOnBit, Pooling) == (other.Kind, other.Classes, other.Dropout, other.AlwaysOnBit, other.Pooling)
        && Levels.SequenceEqual(other.Levels) && Hidden.SequenceEqual(other.Hidden) && Shared.SequenceEqual(other.Shared);

    public override int GetHashCode() => HashCode.Combine(Kind, Classes, Dropout, AlwaysOnBit, Pooling, Levels.Count, Hidden.Count, Shared.Count);
}
