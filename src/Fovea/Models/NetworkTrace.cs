using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>One layer with weights, in the order of computation.</summary>
/// <param name="Path">Where it lies in the network.</param>
/// <param name="Stage">The stage it belongs to: the first that ends after it; null behind the last stage.</param>
/// <param name="MultiplyAdds">Multiplications of a convolution or linear layer for one image; 0 for others.</param>
public sealed record TracedLayer(string Path, string? Stage, long MultiplyAdds);

/// <summary>
/// What a forward pass of an empty batch tells of a network: nothing is computed, but every layer runs and every shape is known.
/// </summary>
public sealed class NetworkTrace
{
    private readonly Dictionary<string, string?> _stages = new(StringComparer.Ordinal);

    private NetworkTrace(Network network, IReadOnlyList<TracedLayer> layers, Dictionary<Module, string?> stages)
    {
        Layers = layers;
        foreach (var (path, module) in network.NamedModules())
        {
            // A parameter's stage is that of the layer that holds it; what is never called while inferring belongs to no stage.
            var stage = stages.GetValueOrDefault(module);
            foreach (var (name, _) in module.NamedParameters().Concat(module.NamedBuffers()))
                if (!name.Contains('.', StringComparison.Ordinal)) _stages[path.Length == 0 ? name : $"{path}.{name}"] = stage;
        }
    }

    /// <summary>The layers that hold parameters themselves.</summary>
    public IReadOnlyList<TracedLayer> Layers { get; }

    /// <summary>Multiplications (each with its addition) of convolutions and linear layers for one image, as papers count them; norms and activations are not counted.</summary>
    public long MultiplyAdds => Layers.Sum(l => l.MultiplyAdds);

    /// <summary>The stage that a parameter or buffer belongs to; null for the head and for what only training uses.</summary>
    public string? StageOf(string parameter) => _stages.GetValueOrDefault(parameter);

    /// <summary>Traces a network as it stands; also one without weights (<see cref="WeightCreation.ShapesOnly"/>).</summary>
    /// <param name="input">Height and width.</param>
    public static NetworkTrace Of(Network network, Extent input, int channels = 3)
    {
        ArgumentNullException.ThrowIfNull(network);
        var paths = network.NamedModules().ToDictionary(m => m.Module, m => m.Path);
        var waiting = new List<(Module Module, long MultiplyAdds)>();
        var layers = new List<TracedLayer>();
        var stages = new Dictionary<Module, string?>();
        void Called(Layer layer, Tensor result)
        {
            if (!paths.ContainsKey(layer) || stages.ContainsKey(layer) || waiting.Any(w => w.Module == layer)) return;
            waiting.Add((layer, MultiplyAddsOf(layer, result)));
        }
        void Marked(string? stage)
        {
            foreach (var (module, count) in waiting)
            {
                stages[module] = stage;
                if (module.NamedParameters().Any(p => !p.Path.Contains('.', StringComparison.Ordinal))) layers.Add(new TracedLayer(paths[module], stage, count));
            }
            waiting.Clear();
        }

        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        using (new LayerObserver(Called))
        {
            network.Call(Tensor.Empty(ScalarType.Float32, 0, channels, input.Height, input.Width), Phase.Inference, withStages: false, Marked);
            Marked(null);
        }
        return new NetworkTrace(network, layers, stages);
    }

    private static long MultiplyAddsOf(Layer layer, Tensor result)
    {
        // Each weight is used once at each place of the result: rows × columns, all but batch and channels.
        static long Places(IEnumerable<long> sizes) => sizes.Aggregate(1L, (a, b) => a * b);
        return layer switch
        {
            Conv2d conv => conv.Weight.Elements * Places(result.Shape.Skip(2)),
            Linear linear => linear.Weight.Elements * Places(result.Shape.Skip(1).SkipLast(1)),
            _ => 0,
        };
    }
}
