using System.Collections.Concurrent;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Torch.Serving;

namespace Fovea.Models;

/// <summary>
/// A network in the form that serves: batch norms folded into convolutions, activations and shortcuts computed in the same pass, weights packed once for this processor.
/// It gives what <see cref="Network.Call(Tensor, Phase, bool)"/> gives in <see cref="Phase.Inference"/>, up to float32's rounding, and no gradients.
/// Safe for concurrent calls; what a call answers does not depend on what else is asked. Weights that change later are not seen.
/// </summary>
public sealed class ServingNetwork : IDisposable
{
    /// <summary>Images that are computed at once; larger batches go through in parts, so that memory stays bounded.</summary>
    public const int MaxBatch = 32;

    private const int MaxForms = 4;
    private readonly bool _owns;
    private readonly Lock _lock = new();
    private readonly List<Form> _forms = []; // the one used last at the end

    /// <param name="owns">Dispose the network with this.</param>
    public ServingNetwork(Network network, bool owns = false)
    {
        ArgumentNullException.ThrowIfNull(network);
        (Network, _owns) = (network, owns);
    }

    /// <summary>The plain form, for what needs gradients.</summary>
    public Network Network { get; }

    /// <summary>Runs the network in a scope of its own, out of which only the logits, and the stages when asked for, come.</summary>
    /// <param name="x">[N, C, H, W] float32 on the CPU, normalised as the network was trained. The first call with a new size of image takes longer: it makes the form for it.</param>
    /// <param name="withStages">Also give the feature maps; this takes a form of its own.</param>
    /// <exception cref="ArgumentException">H or W is not a size that this network takes.</exception>
    public NetworkOutput Call(Tensor x, bool withStages = false)
    {
        ArgumentNullException.ThrowIfNull(x);
        Network.CheckInput(x);
        using var scope = new TensorScope();
        var form = Rent(x.Shape[1..], withStages);
        try
        {
            var outputs = new List<Tensor[]>();
            for (var first = 0L; first == 0 || first < x.Size(0); first += MaxBatch)
                outputs.Add(form.Program.Run(x.Size(0) <= MaxBatch ? x : x.Narrow(0, first, Math.Min(MaxBatch, x.Size(0) - first))));
            Tensor[] joined = outputs.Count == 1 ? outputs[0] : [.. Enumerable.Range(0, outputs[0].Length).Select(i => Tensor.Cat([.. outputs.Select(o => o[i])], 0))];
            foreach (var tensor in joined) scope.Keep(tensor);
            return new NetworkOutput(joined[0], withStages ? [.. Network.StageNames.Zip(joined.Skip(1))] : []);
        }
        finally
        {
            Return(form);
        }
    }

    private Form Rent(long[] shape, bool withStages)
    {
        lock (_lock)
        {
            var form = _forms.Find(f => f.WithStages == withStages && f.Shape.AsSpan().SequenceEqual(shape));
            if (form is null)
            {
                form = new Form(shape, withStages, new ServingProgram(x => Forward(x, withStages), shape));
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

    private IReadOnlyList<Tensor> Forward(Tensor x, bool withStages)
    {
        var output = Network.Call(x, Phase.Inference, withStages);
        return [output.Logits, .. output.Stages.Select(s => s.Value)];
    }

    public void Dispose()
    {
        lock (_lock)
            while (_forms.Count > 0) Drop(_forms[0]);
        if (_owns) Network.Dispose();
    }

    private sealed record Form(long[] Shape, bool WithStages, ServingProgram Program)
    {
        public int Users { get; set; }
    }
}
