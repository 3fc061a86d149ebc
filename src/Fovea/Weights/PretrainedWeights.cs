using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Weights;

/// <summary>What came of loading weights that were trained for another task.</summary>
/// <param name="Loaded">Number of tensors taken from the file.</param>
/// <param name="FreshHead">Names of the head's parameters that keep their fresh values; empty when the head was loaded too.</param>
/// <param name="HeadReason">Why the head is fresh; null when it was loaded.</param>
/// <param name="Remarks">What was done to the file's tensors on the way: names that were translated, a stem of another number of channels. Empty when nothing was.</param>
public sealed record TransferReport(string File, string Network, int Loaded, IReadOnlyList<string> FreshHead, string? HeadReason, IReadOnlyList<string> Remarks)
{
    /// <summary>One line for people, e.g. <c>mobilenet_v2: 312 tensors from weights.pth (names of timm); a fresh head (classifier.1), since the file has none.</c></summary>
    public override string ToString() =>
        $"{Network}: {Loaded} tensors from {File}{(Remarks.Count == 0 ? "" : $" ({string.Join("; ", Remarks)})")}" +
        $"{(FreshHead.Count == 0 ? ", the head included" : $"; a fresh head ({FreshHead[0][..FreshHead[0].LastIndexOf('.')]}), since {HeadReason}")}.";
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
    /// <param name="upTo">
    /// One of <see cref="Network.StageNames"/>: what comes after that stage may be missing too. For files that hold the first stages only; the rest keeps the values it has.
    /// </param>
    public static TransferReport Load(Network network, string networkName, IReadOnlyDictionary<string, StoredTensor> weights, string path, string? upTo = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(weights);
        var (translated, remarks) = Translate(network, weights);
        var report = network.LoadState(translated);
        var later = upTo is null ? null : LaterStages(network, upTo);
        bool Foreign(string name) => !network.IsHead(name) && !network.IsReplaced(name) && later?.Invoke(name) != true;
        var rest = new StateReport([.. report.Missing.Where(Foreign)], [.. report.Unexpected.Where(Foreign)], [.. report.Mismatched.Where(Foreign)]);
        if (!rest.IsExact) throw DoesNotFit(networkName, path, rest);

        List<string> fresh = [.. report.Missing.Where(network.IsHead), .. report.Mismatched.Select(m => m[..m.IndexOf(':', StringComparison.Ordinal)]).Where(network.IsHead)];
        var reason = report.Mismatched.Count > 0 ? $"shapes differ ({report.Mismatched[0]})" : fresh.Count > 0 ? "the file has none" : null;
        return new TransferReport(path, networkName, weights.Count - report.Mismatched.Count - report.Unexpected.Count, fresh, reason, remarks);
    }

    /// <summary>Loads a complete set of weights, the head included, for inference.</summary>
    /// <exception cref="WeightsFormatException">A name or a shape differs.</exception>
    public static void LoadExactly(Network network, string networkName, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(weights);
        var report = network.LoadState(Translate(network, weights).Weights);
        if (!report.IsExact) throw DoesNotFit(networkName, path, report);
    }

    /// <summary>The weights under the network's own names, and in its shapes where only the writing differs, or the number of the input's channels.</summary>
    /// <returns>The tensors, and what was done to them in a few words each.</returns>
    public static (IReadOnlyDictionary<string, StoredTensor> Weights, IReadOnlyList<string> Remarks) Translate(Module network, IReadOnlyDictionary<string, StoredTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(weights);
        var shapes = network.NamedParameters().Concat(network.NamedBuffers()).ToDictionary(t => t.Path, t => t.Tensor.Shape, StringComparer.Ordinal);
        var stem = network.NamedParameters().Where(p => p.Tensor.Dimensions == 4).Select(p => p.Path).FirstOrDefault();
        var naming = KeyNaming.Recognise(weights.Keys, shapes.Keys.ToHashSet(StringComparer.Ordinal));
        var translated = new Dictionary<string, StoredTensor>(weights.Count, StringComparer.Ordinal);
        List<string> remarks = naming.Remark() is { } remark ? [remark] : [];
        foreach (var (name, tensor) in weights)
        {
            var path = naming.Names[name];
            translated[path] = tensor;
            if (!shapes.TryGetValue(path, out var shape) || tensor.Shape.AsSpan().SequenceEqual(shape)) continue;
            if (naming.Scheme != KeyNaming.Own) translated[path] = WeightFitting.Reshaped(tensor, shape);
            // Only the number of channels may differ.
            if (path != stem || tensor.Shape is not [_, > 0, _, _] || tensor.Shape[0] != shape[0] || !tensor.Shape.AsSpan(2).SequenceEqual(shape.AsSpan(2))) continue;
            translated[path] = WeightFitting.WithInputChannels(tensor, (int)shape[1]);
            remarks.Add($"{path} for {shape[1]} instead of {tensor.Shape[1]} channels");
        }
        return (translated, remarks);
    }

    /// <summary>How many outputs weights of a network of the catalogue were made for, whatever naming they use; null when they have no classifier.</summary>
    public static int? OutputsOf(ModelEntry entry, IReadOnlyDictionary<string, StoredTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(entry);
        using var probe = ModelCatalog.CreateShapesOnly(entry.Name, new NetworkOptions(1));
        return Translate(probe, weights).Weights.TryGetValue(probe.HeadPath + ".weight", out var weight) && weight.Shape is [> 0 and <= 100_000, ..] ? (int)weight.Shape[0] : null;
    }

    /// <summary>The name of a tensor with a NaN or infinity in it, or null.</summary>
    internal static string? FirstNonFinite(IReadOnlyDictionary<string, StoredTensor> weights) =>
        weights.Where(w => w.Value.FirstNonFinite() is not null).Select(w => ModelCard.OneLine(w.Key)).FirstOrDefault();

    /// <summary>Whether a tensor's path lies behind a stage.</summary>
    private static Func<string, bool> LaterStages(Network network, string upTo)
    {
        var trace = NetworkTrace.Of(network, network.FixedInput ?? Math.Max(network.MinimumInput, 64), (int)network.NamedParameters().First(p => p.Tensor.Dimensions == 4).Tensor.Size(1));
        var stages = network.StageNames.TakeWhile(s => s != upTo).Append(upTo).ToHashSet(StringComparer.Ordinal);
        return path => !(trace.StageOf(path) is { } stage && stages.Contains(stage));
    }

    private static WeightsFormatException DoesNotFit(string network, string path, StateReport report) =>
        new(path, $"its weights do not fit {network}: {ModelCard.OneLine(report.ToString(), 600)}", Remedy);
}
