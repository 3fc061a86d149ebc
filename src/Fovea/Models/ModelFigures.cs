namespace Fovea.Models;

/// <summary>What a network of the catalogue costs, counted from its shapes; nothing of its size is allocated.</summary>
/// <param name="Parameters">Trainable numbers, as PyTorch counts.</param>
/// <param name="WithStatistics">With the running means and variances of batch norms, as Keras counts.</param>
/// <param name="MultiplyAdds">Multiplications of convolutions and linear layers for one image.</param>
/// <param name="Layers">Names of the stages.</param>
public sealed record ModelFigures(long Parameters, long WithStatistics, long MultiplyAdds, IReadOnlyList<string> Layers)
{
    /// <param name="options">Whose input size, else the native one, the multiplications are counted for.</param>
    public static ModelFigures Of(ModelEntry entry, NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(entry);
        using var network = ModelCatalog.CreateShapesOnly(entry.Name, options);
        var statistics = network.NamedBuffers().Where(b => !b.Path.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Sum(b => b.Tensor.Elements);
        var trace = NetworkTrace.Of(network, options.InputSize ?? entry.NativeInput, options.InputChannels);
        return new ModelFigures(network.ParameterCount, network.ParameterCount + statistics, trace.MultiplyAdds, network.StageNames);
    }
}
