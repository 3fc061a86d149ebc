using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Weights;

/// <summary>Whether weights fit a network, found without loading them.</summary>
/// <param name="Network">The catalogue's name.</param>
/// <param name="Outputs">How many outputs the weights' classifier has; null without one.</param>
/// <param name="Remarks">What loading would do to the tensors on the way.</param>
/// <param name="Backbone">What is missing, left over or of another shape outside of the head.</param>
/// <param name="Matching">Number of the file's tensors that the network takes.</param>
public sealed record WeightsFit(string Network, int? Outputs, IReadOnlyList<string> Remarks, StateReport Backbone, int Matching)
{
    /// <summary>A fine-tuning can start from them.</summary>
    public bool Fits => Backbone.IsExact;

    /// <summary>Compares names and shapes with a network of the catalogue.</summary>
    public static WeightsFit Of(ModelEntry entry, IReadOnlyDictionary<string, StoredTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(entry);
        using var network = ModelCatalog.CreateShapesOnly(entry.Name, new NetworkOptions(1)); // names and shapes are all that is asked
        var (translated, remarks) = PretrainedWeights.Translate(network, weights);
        List<string> missing = [], mismatched = [];
        var matching = 0;
        foreach (var (path, tensor) in network.NamedParameters().Concat(network.NamedBuffers()))
        {
            if (network.IsHead(path)) continue;
            if (!translated.TryGetValue(path, out var stored))
            {
                if (!path.EndsWith("num_batches_tracked", StringComparison.Ordinal)) missing.Add(path);
            }
            else if (stored.Shape.AsSpan().SequenceEqual(tensor.Shape)) matching++;
            else mismatched.Add($"{path}: file [{string.Join(", ", stored.Shape)}], {entry.Name} [{string.Join(", ", tensor.Shape)}]");
        }
        var here = network.NamedParameters().Concat(network.NamedBuffers()).Select(t => t.Path).ToHashSet(StringComparer.Ordinal);
        string[] unexpected = [.. translated.Keys.Where(k => !here.Contains(k) && !network.IsHead(k)).Order(StringComparer.Ordinal)];
        var outputs = translated.TryGetValue(network.HeadPath + ".weight", out var head) && head.Shape is [> 0 and <= 100_000, ..] ? (int?)head.Shape[0] : null;
        return new WeightsFit(entry.Name, outputs, remarks, new StateReport(missing, unexpected, mismatched), matching);
    }
}
