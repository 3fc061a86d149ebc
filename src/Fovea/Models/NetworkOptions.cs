using Fovea.Torch;

namespace Fovea.Models;

/// <summary>What a network of the catalogue is built for.</summary>
/// <param name="Outputs">Number of logits.</param>
public sealed record NetworkOptions(int Outputs)
{
    /// <summary>The options that a head asks for.</summary>
    /// <param name="inputSize">Side of the input in pixels; only networks with dense layers over a flattened map need it.</param>
    public static NetworkOptions For(HeadSpec head, int? inputSize = null)
    {
        ArgumentNullException.ThrowIfNull(head);
        return new NetworkOptions(head.Outputs) { Head = head, Dropout = head.Dropout, SignedLogits = true, InputSize = inputSize is { } side ? side : null };
    }

    /// <summary>The head; its pooling and hidden layers take the place of the published classifier. Null, or without a pooling: the published one.</summary>
    public HeadSpec? Head { get; init; }

    /// <summary>No head at all: for detectors, which look at the stages alone. <see cref="Outputs"/> then means nothing. Default false.</summary>
    internal bool FeaturesOnly { get; init; }

    /// <summary>The last numbered stage that is built, with <see cref="FeaturesOnly"/>; mobilenet_v2 and resnet50_v2 heed it. Null (default): all, and what follows them.</summary>
    internal int? LastStage { get; init; }

    /// <summary>Channels of the input: 3 for RGB, 1 for grey.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Height and width of the input, for networks that fix it; null for the network's native size.</summary>
    public Extent? InputSize { get; init; }

    /// <summary>Dropout of the published classifier while training, in [0, 1); null for its published value.</summary>
    public double? Dropout { get; init; }

    /// <summary>Probability with which the last residual block is dropped while training, falling linearly to 0 at the first; null for the network's published value.</summary>
    public double? StochasticDepth { get; init; }

    /// <summary>
    /// Leaves out a rectifier behind the last layer (SqueezeNet's published head has one), with which no sigmoid could fall below one half. Default false: as published.
    /// </summary>
    public bool SignedLogits { get; init; }
}
