using Fovea.Torch.Files;

namespace Fovea.Torch.Modules;

/// <summary>Whether a forward pass trains (dropout drops, batch norm measures its batch) or infers. An argument, not hidden state: one instance may serve concurrent requests.</summary>
public enum Phase { Training, Inference }

/// <summary>What <see cref="Module.LoadState"/> found: empty lists mean that every name and shape agreed.</summary>
/// <param name="Missing">Names the module has and the file has not.</param>
/// <param name="Unexpected">Names the file has and the module has not.</param>
/// <param name="Mismatched">"name: file [2, 3], module [2, 4]".</param>
public sealed record StateReport(IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Mismatched)
{
    public bool IsExact => Missing.Count + Unexpected.Count + Mismatched.Count == 0;

    public override string ToString()
    {
        static string List(string title, IReadOnlyList<string> names) =>
            names.Count == 0 ? "" : $"{names.Count} {title}: {string.Join(", ", names.Take(5))}{(names.Count > 5 ? ", …" : "")}; ";
        return (List("missing", Missing) + List("unexpected", Unexpected) + List("of another shape", Mismatched)).TrimEnd(' ', ';');
    }
}

/// <summary>
/// A tree of parameters (trained), buffers (kept, not trained) and child modules, each under a name.
/// The path of names joined with dots is the key in the reference checkpoint, so that weights load without a mapping table.
/// </summary>
public abstract class Module : IDisposable
{
    private readonly List<(string Name, Module Module)> _children = [];
    private readonly List<(string Name, Tensor Tensor)> _parameters = [];
    private readonly List<(string Name, Tensor Tensor)> _buffers = [];

    public IReadOnlyList<(string Name, Module Module)> Children => _children;

    /// <summary>All parameters of the tree with their paths, parents first, in order of registration.</summary>
    public IEnumerable<(string Path, Tensor Tensor)> NamedParameters(string prefix = "") =>
        _parameters.Select(p => (prefix + p.Name, p.Tensor)).Concat(_children.SelectMany(c => c.Module.NamedParameters(prefix + c.Name + ".")));

    /// <summary>All buffers of the tree with their paths.</summary>
    public IEnumerable<(string Path, Tensor Tensor)> NamedBuffers(string prefix = "") =>
        _buffers.Select(b => (prefix + b.Name, b.Tensor)).Concat(_children.SelectMany(c => c.Module.NamedBuffers(prefix + c.Name + ".")));

    /// <summary>This module and all below it, with their paths; this one's path is the prefix without its dot.</summary>
    public IEnumerable<(string Path, Module Module)> NamedModules(string path = "") =>
        _children.SelectMany(c => c.Module.NamedModules(path.Length == 0 ? c.Name : $"{path}.{c.Name}")).Prepend((path, this));

    public Tensor[] Parameters() => [.. NamedParameters().Select(p => p.Tensor)];

    /// <summary>The number of trainable numbers.</summary>
    public long ParameterCount => NamedParameters().Sum(p => p.Tensor.Elements);

    /// <summary>Adds a child under a name and returns it: <c>_conv = Add("conv1", new Conv2d(…))</c>.</summary>
    protected T Add<T>(string name, T module) where T : Module
    {
        _children.Add((name, module));
        return module;
    }

    /// <summary>Adds a parameter: it outlives scopes and records gradients.</summary>
    protected Tensor AddParameter(string name, Tensor tensor)
    {
        tensor.OutliveScopes().RequiresGrad = true;
        _parameters.Add((name, tensor));
        return tensor;
    }

    protected Tensor AddBuffer(string name, Tensor tensor)
    {
        _buffers.Add((name, tensor.OutliveScopes()));
        return tensor;
    }

    /// <summary>Parameters and buffers by path, copied to managed memory, as a weight file stores them.</summary>
    public IReadOnlyDictionary<string, StoredTensor> State() =>
        NamedParameters().Concat(NamedBuffers()).ToDictionary(t => t.Path, t => t.Tensor.ToStored(), StringComparer.Ordinal);

    /// <summary>
    /// Copies values in by name, converting the floating-point type where it differs. Nothing is copied for names that are missing or whose shape differs;
    /// the caller decides whether the report is acceptable. <c>num_batches_tracked</c> may be absent: it is never read.
    /// </summary>
    public StateReport LoadState(IReadOnlyDictionary<string, StoredTensor> state)
    {
        using var noGrad = new NoGrad();
        List<string> missing = [], mismatched = [];
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, tensor) in NamedParameters().Concat(NamedBuffers()))
        {
            if (!state.TryGetValue(path, out var stored))
            {
                if (!path.EndsWith("num_batches_tracked", StringComparison.Ordinal)) missing.Add(path);
                continue;
            }
            used.Add(path);
            if (!stored.Shape.AsSpan().SequenceEqual(tensor.Shape))
            {
                mismatched.Add($"{path}: file [{string.Join(", ", stored.Shape)}], module [{string.Join(", ", tensor.Shape)}]");
                continue;
            }
            using var scope = new TensorScope();
            tensor.CopyInPlace(Tensor.From(stored));
        }
        return new StateReport(missing, [.. state.Keys.Where(k => !used.Contains(k)).Order(StringComparer.Ordinal)], mismatched);
    }

    /// <summary>Moves convolution weights (four dimensions) to channels-last memory order, in which oneDNN and cuDNN are fastest. Shapes stay.</summary>
    public void UseChannelsLast()
    {
        using var noGrad = new NoGrad();
        foreach (var (_, tensor) in NamedParameters())
        {
            if (tensor.Dimensions != 4) continue;
            using var scope = new TensorScope();
            Operators.SetData.Run(tensor, tensor.Detach().To(MemoryFormat.ChannelsLast));
        }
    }

    /// <summary>Freezes (false) or trains (true) every parameter below.</summary>
    public void RequireGrad(bool value)
    {
        foreach (var (_, tensor) in NamedParameters()) tensor.RequiresGrad = value;
    }

    /// <summary>Converts parameters and buffers of floating-point types to another: float64 to check a network against another to the last digit.</summary>
    public void To(ScalarType type)
    {
        using var noGrad = new NoGrad();
        foreach (var (_, tensor) in NamedParameters().Concat(NamedBuffers()))
        {
            if (tensor.Type == type || tensor.Type == ScalarType.Int64) continue;
            using var scope = new TensorScope();
            Operators.SetData.Run(tensor, tensor.Detach().To(type));
            tensor.ForgetInfo();
        }
    }

    public void To(Device device)
    {
        using var noGrad = new NoGrad();
        foreach (var (_, tensor) in NamedParameters().Concat(NamedBuffers()))
        {
            if (tensor.Device == device) continue;
            using var scope = new TensorScope();
            Operators.SetData.Run(tensor, tensor.Detach().To(device));
            tensor.ForgetInfo();
        }
    }

    public void Dispose()
    {
        foreach (var (_, tensor) in _parameters.Concat(_buffers)) tensor.Dispose();
        foreach (var (_, module) in _children) module.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>A module from one tensor to one tensor: what layers and blocks derive from.</summary>
public abstract class Layer : Module
{
    /// <summary>The computation. Tensors it makes along the way are disposed by <see cref="Call"/>.</summary>
    protected abstract Tensor Forward(Tensor x, Phase phase);

    /// <summary>Runs <see cref="Forward"/> in a scope of its own, out of which only the result comes.</summary>
    public Tensor Call(Tensor x, Phase phase)
    {
        using var scope = new TensorScope();
        var y = scope.Keep(Forward(x, phase));
        LayerObserver.Current?.Invoke(this, y);
        return y;
    }
}
