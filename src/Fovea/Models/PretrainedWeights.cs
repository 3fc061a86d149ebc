using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>What came of loading weights that were trained for another task.</summary>
/// <param name="Loaded">Number of tensors taken from the file.</param>
/// <param name="FreshHead">Names of the head's parameters that keep their fresh values; empty when the head was loaded too.</param>
/// <param name="HeadReason">Why the head is fresh; null when it was loaded.</param>
public sealed record TransferReport(string File, string Network, int Loaded, IReadOnlyList<string> FreshHead, string? HeadReason)
{
    /// <summary>One line for people, e.g. <c>mobilenet_v2: 312 tensors from weights.pth; a fresh head (classifier.1), since the file has none.</c></summary>
    public override string ToString() =>
        $"{Network}: {Loaded} tensors from {File}{(FreshHead.Count == 0 ? ", the head included" : $"; a fresh head ({FreshHead[0][..FreshHead[0].LastIndexOf('.')]}), since {HeadReason}")}.";
}

/// <summary>Loads weights that others trained: safetensors, PyTorch <c>.pth</c>, or a model file of our own.</summary>
public static class PretrainedWeights
{
    private const string Remedy = "Check that the file belongs to this network.";

    /// <summary>Reads weights of any of the three kinds.</summary>
    /// <exception cref="WeightsFormatException">The file cannot be used, or a value in it is NaN or infinite.</exception>
    /// <exception cref="ModelFileException">The model file cannot be used.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> Read(string path)
    {
        if (ModelFile.Is(path)) return ModelFile.Read(path).Weights;
        var weights = StoredWeights.Read(path);
        return FirstNonFinite(weights) is { } key
            ? throw new WeightsFormatException(path, $"the tensor {key} holds NaN or infinity", "Use weights of a training that did not diverge.")
            : weights;
    }

    /// <summary>
    /// Loads a backbone for fine-tuning. The head may be missing, or have another number of outputs: it then stays fresh, and the report says so.
    /// Everything else must be there with its shape, and the file may hold nothing that the network has not.
    /// </summary>
    /// <exception cref="WeightsFormatException">Names or shapes outside of the head differ.</exception>
    public static TransferReport Load(Network network, string networkName, string path) => Load(network, networkName, Read(path), path);

    /// <inheritdoc cref="Load(Network, string, string)"/>
    /// <param name="weights">What <see cref="Read"/> gave.</param>
    /// <param name="path">Where they came from, for messages.</param>
    public static TransferReport Load(Network network, string networkName, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(weights);
        var report = network.LoadState(weights);
        bool Foreign(string name) => !network.IsHead(name);
        var rest = new StateReport([.. report.Missing.Where(Foreign)], [.. report.Unexpected.Where(Foreign)], [.. report.Mismatched.Where(Foreign)]);
        if (!rest.IsExact) throw DoesNotFit(networkName, path, rest);

        List<string> fresh = [.. report.Missing, .. report.Mismatched.Select(m => m[..m.IndexOf(':', StringComparison.Ordinal)])];
        var reason = report.Mismatched.Count > 0 ? $"shapes differ ({report.Mismatched[0]})" : fresh.Count > 0 ? "the file has none" : null;
        return new TransferReport(path, networkName, weights.Count - report.Mismatched.Count - report.Unexpected.Count, fresh, reason);
    }

    /// <summary>Loads a complete set of weights, the head included, for inference.</summary>
    /// <exception cref="WeightsFormatException">A name or a shape differs.</exception>
    public static void LoadExactly(Network network, string networkName, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        var report = network.LoadState(weights);
        if (!report.IsExact) throw DoesNotFit(networkName, path, report);
    }

    /// <summary>The name of a tensor with a NaN or infinity in it, or null.</summary>
    internal static string? FirstNonFinite(IReadOnlyDictionary<string, StoredTensor> weights) =>
        weights.Where(w => w.Value.FirstNonFinite() is not null).Select(w => ModelCard.OneLine(w.Key)).FirstOrDefault();

    private static WeightsFormatException DoesNotFit(string network, string path, StateReport report) =>
        new(path, $"its weights do not fit {network}: {ModelCard.OneLine(report.ToString(), 600)}", Remedy);
}
