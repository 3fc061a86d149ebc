using System.Collections.Concurrent;
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

    private const int MaxForms = 4;
    private readonly Network _network;
    private readonly bool _owns, _takesWeights;
    private readonly Lock _lock = new();
    private readonly List<Form> _forms = []; // the one used last at the end

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
        var form = Rent(x.Shape[1..]);
        try
        {
            var outputs = new List<Tensor[]>();
            for (var first = 0L; first == 0 || first < x.Size(0); first += MaxBatch)
                outputs.Add(form.Program.Run(x.Size(0) <= MaxBatch ? x : x.Narrow(0, first, Math.Min(MaxBatch, x.Size(0) - first))));
            Tensor[] joined = outputs.Count == 1 ? outputs[0] : [.. Enumerable.Range(0, outputs[0].Length).Select(i => Tensor.Cat([.. outputs.Select(o => o[i])], 0))];
            var (logits, features) = (joined[0], joined[1]);
            if (cut)
            {
                using var enableGrad = new EnableGrad();
                features = features.Detach();
                features.RequiresGrad = true;
                logits = form.Program.Continue(features);
            }
            return new NetworkOutput(scope.Keep(logits), [(_network.StageNames[^1], scope.Keep(features))]);
        }
        finally
        {
            Return(form);
        }
    }

    private Form Rent(long[] shape)
    {
        lock (_lock)
        {
            var form = _forms.Find(f => f.Shape.AsSpan().SequenceEqual(shape));
            if (form is null)
            {
                if (_takesWeights && _forms.Count > 0)
                    throw new ArgumentException($"{_network.Name}: it serves images of {_forms[0].Shape[1]}×{_forms[0].Shape[2]} pixels, not {shape[1]}×{shape[2]}; its weights were packed for them");
                form = new Form(shape, new ServingProgram(Forward, shape, _takesWeights));
                TorchMemory.ReleaseCache(); // what folding and packing took for a moment
                while (_forms.Count >= MaxForms && _forms.Find(f => f.Users == 0) is { } idle) Drop(idle);
            }
            _forms.Remove(form);
            _forms.Add(form);
            form.Users++;
            return form;
        }
    }

    private void Return(Form form)
    {
        lock (_lock) form.Users--;
    }

    private void Drop(Form form)
    {
        _forms.Remove(form);
        form.Program.Dispose();
    }

    private IReadOnlyList<Tensor> Forward(Tensor x)
    {
        var output = _network.Call(x, Phase.Inference, withStages: true);
        return [output.Logits, output.Stages[^1].Value];
    }

    public void Dispose()
    {
        lock (_lock)
            while (_forms.Count > 0) Drop(_forms[0]);
        if (_owns) _network.Dispose();
    }

    private sealed record Form(long[] Shape, ServingProgram Program)
    {
        public int Users { get; set; }
    }
}
