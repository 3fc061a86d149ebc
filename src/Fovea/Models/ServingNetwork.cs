using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Torch.Serving;

namespace Fovea.Models;

/// <summary>
/// A network in the form that serves: batch norms folded into convolutions, activations and shortcuts computed in the same pass, weights packed once for this processor.
/// It gives what <see cref="Network.Call(Tensor, Phase, bool)"/> gives in <see cref="Phase.Inference"/>, up to float32's rounding, and gradients of the head alone (<see cref="CallCut"/>).
/// Safe for concurrent calls; what a call answers does not depend on what else is asked. Weights that change later are not seen.
/// </summary>
public sealed class ServingNetwork : IDisposable
{
    /// <summary>Images that are computed at once; larger batches go through in parts, so that memory stays bounded.</summary>
    public const int MaxBatch = 32;

    private readonly Network _network;
    private readonly bool _owns, _takesWeights;
    private readonly ServingForms<Extent> _forms = new();
    private Extent? _only; // the size that weights which were taken are packed for

    /// <param name="owns">Dispose the network with this.</param>
    /// <param name="takesWeights">The plain weights are given up as they are packed, which halves the memory: the network is of no use afterwards, and all images must have the first one's size.</param>
    public ServingNetwork(Network network, bool owns = false, bool takesWeights = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        (_network, _owns, _takesWeights) = (network, owns, takesWeights);
    }

    /// <inheritdoc cref="Network.StageNames"/>
    public IReadOnlyList<string> StageNames => _network.StageNames;

    /// <summary>Runs the network in a scope of its own, out of which only the logits and the deepest features come.</summary>
    /// <param name="x">[N, C, H, W] float32 on the CPU, normalised as the network was trained. The first call with a new size of image takes longer: it makes the form for it.</param>
    /// <returns>The logits, and of the stages the last.</returns>
    /// <exception cref="ArgumentException">H or W is not a size that this network takes.</exception>
    public NetworkOutput Call(Tensor x) => Call(x, cut: false);

    /// <summary>As <see cref="Call(Tensor)"/>, with the graph cut at the last stage: the logits can be derived by it.</summary>
    /// <returns>The logits, and as the only stage the last, a leaf of the graph; both live as long as the scope around the call.</returns>
    /// <exception cref="ArgumentException">H or W is not a size that this network takes.</exception>
    public NetworkOutput CallCut(Tensor x) => Call(x, cut: true);

    private NetworkOutput Call(Tensor x, bool cut)
    {
        ArgumentNullException.ThrowIfNull(x);
        _network.CheckInput(x);
        using var scope = new TensorScope();
        var (logits, features) = _forms.Use((x.Size(2), x.Size(3)), () => Make(x.Shape[1..]), program =>
        {
            var outputs = new List<Tensor[]>();
            for (var first = 0L; first == 0 || first < x.Size(0); first += MaxBatch)
                outputs.Add(program.Run(x.Size(0) <= MaxBatch ? x : x.Narrow(0, first, Math.Min(MaxBatch, x.Size(0) - first))));
            Tensor[] joined = outputs.Count == 1 ? outputs[0] : [.. Enumerable.Range(0, outputs[0].Length).Select(i => Tensor.Cat([.. outputs.Select(o => o[i])], 0))];
            if (!cut) return (joined[0], joined[1]);
            using var enableGrad = new EnableGrad();
            var leaf = joined[1].Detach();
            leaf.RequiresGrad = true;
            return (program.Continue(leaf), leaf);
        });
        return new NetworkOutput(scope.Keep(logits), [(_network.StageNames[^1], scope.Keep(features))]);
    }

    // Called by one thread at a time.
    private ServingProgram Make(long[] shape)
    {
        if (_takesWeights && _only is { } only)
            throw new ArgumentException($"{_network.Name}: it serves images of {only.Height}×{only.Width} pixels, not {shape[1]}×{shape[2]}; its weights were packed for them");
        _only = (shape[1], shape[2]);
        return new ServingProgram(Forward, shape, _takesWeights);
    }

    private IReadOnlyList<Tensor> Forward(Tensor x)
    {
        var output = _network.Call(x, Phase.Inference, withStages: true);
        return [output.Logits, output.Stages[^1].Value];
    }

    public void Dispose()
    {
        _forms.Dispose();
        if (_owns) _network.Dispose();
    }
}
