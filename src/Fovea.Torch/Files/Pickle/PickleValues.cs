namespace Fovea.Torch.Files.Pickle;

// What the unpickler puts on its stack: null (None), bool, long, double, string, object?[] (tuple), PickleList, PickleDict and the types below.
// Nothing else exists,
// so there is nothing that a pickle could run.

internal sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>A dict or an OrderedDict. Keys may be of any type, so it is a list of pairs; a later pair replaces an earlier one of the same
/// key.</summary>
internal sealed class PickleDict
{
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>One of the few globals that a state dict needs.</summary>
internal sealed record PickleGlobal(string Name, PickleCallable Callable, ScalarType StorageType = default)
{
    private static readonly Dictionary<(string Module, string Name), PickleGlobal> Allowed = new PickleGlobal[]
    {
        new("collections.OrderedDict", PickleCallable.OrderedDict),
        new("torch._utils._rebuild_tensor_v2", PickleCallable.RebuildTensor),
        new("torch._utils._rebuild_parameter", PickleCallable.RebuildParameter),
        new("torch.Size", PickleCallable.Size),
        new("torch.device", PickleCallable.Device),
        new("torch.FloatStorage", PickleCallable.None, ScalarType.Float32),
        new("torch.DoubleStorage", PickleCallable.None, ScalarType.Float64),
        new("torch.HalfStorage", PickleCallable.None, ScalarType.Float16),
        new("torch.BFloat16Storage", PickleCallable.None, ScalarType.BFloat16),
        new("torch.LongStorage", PickleCallable.None, ScalarType.Int64),
        new("torch.IntStorage", PickleCallable.None, ScalarType.Int32),
        new("torch.ShortStorage", PickleCallable.None, ScalarType.Int16),
        new("torch.CharStorage", PickleCallable.None, ScalarType.Int8),
        new("torch.ByteStorage", PickleCallable.None, ScalarType.UInt8),
        new("torch.BoolStorage", PickleCallable.None, ScalarType.Bool),
    }.ToDictionary(g => (g.Name[..g.Name.LastIndexOf('.')], g.Name[(g.Name.LastIndexOf('.') + 1)..]));

    /// <exception cref="FormatFault">The global is not on the list.</exception>
    public static PickleGlobal Find(string module, string name)
    {
        if (Allowed.TryGetValue((module, name), out PickleGlobal? global)) return global;

        // os.system pickles under the name of the module that implements it.
        string shown = FormatFault.Printable($"{(module is "posix" or "nt" ? "os" : module)}.{name}");
        throw new FormatFault($"the pickle wants to call {shown}, which a state dict never needs",
            "Do not trust this file; if it is your own, save it again with torch.save(model.state_dict(), path).");
    }
}

internal enum PickleCallable
{
    /// <summary>A storage class: it names an element type and is never called.</summary>
    None,
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Size,
    Device,
}

/// <summary>The bytes of one or several tensors: the archive's entry <c>data/KEY</c>.</summary>
internal sealed record PickleStorage(ScalarType Type, string Key, long Count);

/// <summary>A view of a storage; offset and strides in elements.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long Offset, long[] Shape, long[] Strides);
