namespace Fovea.Models;

/// <summary>What a network of the catalogue is built for.</summary>
/// <param name="Outputs">Number of logits.</param>
public sealed record NetworkOptions(int Outputs)
{
    /// <summary>The options that a head asks for.</summary>
    public static NetworkOptions For(HeadSpec head)
    {
        ArgumentNullException.ThrowIfNull(head);
        return new NetworkOptions(head.Outputs) { Dropout = head.Dropout, SignedLogits = true };
    }

    /// <summary>Channels of the input: 3 for RGB, 1 for grey.</summary>
    public int InputChannels { get; init; } = 3;

    /// <summary>Dropout before the logits while training, in [0, 1); null for the network's published value.</summary>
    public double? Dropout { get; init; }

    /// <summary>
    /// Leaves out a rectifier behind the last layer (SqueezeNet's published head has one), with which no sigmoid could fall below one half. Default false: as published.
    /// </summary>
    public bool SignedLogits { get; init; }
}

/// <summary>One network of the catalogue.</summary>
/// <param name="Name">What recipes, model files and the command line call it.</param>
/// <param name="Summary">One line.</param>
/// <param name="Reference">Paper with its arXiv number, or the reference system.</param>
/// <param name="MinimumInput">Smallest side of the input in pixels that leaves features to pool.</param>
/// <param name="Create">Builds it with freshly initialised weights.</param>
public sealed record ModelEntry(string Name, string Summary, string Reference, int MinimumInput, Func<NetworkOptions, Network> Create);

/// <summary>Every network that Fovea has. A new one is a file, a line here and a parity fixture.</summary>
public static class ModelCatalog
{
    /// <summary>The networks, by family and size.</summary>
    public static IReadOnlyList<ModelEntry> Entries { get; } =
    [
        new("baseline_cnn", "three convolutions and three dense layers, from scratch", "APTOS case study, baseline", 15, o => new BaselineCnn(o)),
        new("squeezenet1_1", "fire modules, no batch norm; quick on a CPU", "Iandola et al. 2016, arXiv 1602.07360", 32, o => new SqueezeNet(o)),
        new("mobilenet_v2", "inverted residuals with depthwise convolutions", "Sandler et al. 2018, arXiv 1801.04381", 32, o => new MobileNetV2(o)),
        new("resnet18", "residual network of 18 layers", "He et al. 2015, arXiv 1512.03385", 32, o => new ResNet(ResNetLayout.ResNet18, o)),
        new("resnet34", "residual network of 34 layers", "He et al. 2015, arXiv 1512.03385", 32, o => new ResNet(ResNetLayout.ResNet34, o)),
        new("resnet50", "residual network of 50 layers with bottlenecks", "He et al. 2015, arXiv 1512.03385", 32, o => new ResNet(ResNetLayout.ResNet50, o)),
        new("resnet18_small", "resnet18 with a small stem, for images of about 28 px", "Yang et al. 2023, arXiv 2110.14795", 8, o => new ResNet(ResNetLayout.ResNet18Small, o)),
    ];

    /// <exception cref="UnknownModelException">No network has this name.</exception>
    public static ModelEntry Find(string name) =>
        Entries.FirstOrDefault(e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new UnknownModelException(name, NearestName.Of(name, Entries.Select(e => e.Name)));

    /// <summary>Builds a network with freshly initialised weights.</summary>
    /// <exception cref="UnknownModelException">No network has this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The options are impossible.</exception>
    public static Network Create(string name, NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Outputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.InputChannels, 1);
        return Find(name).Create(options);
    }
}

/// <summary>A network's name that the catalogue does not have. The message is one line: <c>NAME: reason. Remedy.</c></summary>
public sealed class UnknownModelException(string name, string? nearest)
    : Exception($"{name}: no network has this name. {(nearest is null ? "" : $"Did you mean {nearest}? ")}`fovea models list` shows them all.")
{
    /// <summary>The name as it was given.</summary>
    public string Name { get; } = name;
}
