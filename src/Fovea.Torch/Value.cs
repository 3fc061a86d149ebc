using Fovea.Torch.Interop;

namespace Fovea.Torch;

/// <summary>libtorch's memory layouts, with its own numbers.</summary>
public enum MemoryFormat { Contiguous = 0, Preserve = 1, ChannelsLast = 2 }

/// <summary>One argument of an operator. Made by implicit conversion from whatever the operator takes; null is "none".</summary>
public readonly struct Value
{
    internal readonly Tag Tag;
    internal readonly long Bits;
    internal readonly object? Reference;

    private Value(Tag tag, long bits, object? reference = null) => (Tag, Bits, Reference) = (tag, bits, reference);

    public static implicit operator Value(Tensor? tensor) => tensor is null ? default : new(Tag.Tensor, 0, tensor);
    public static implicit operator Value(long value) => new(Tag.Int, value);
    public static implicit operator Value(int value) => new(Tag.Int, value);
    public static implicit operator Value(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Value(bool value) => new(Tag.Bool, value ? 1 : 0);
    public static implicit operator Value(long[]? values) => values is null ? default : new(Tag.Ints, values.Length, values);
    public static implicit operator Value(double[]? values) => values is null ? default : new(Tag.Doubles, values.Length, values);
    public static implicit operator Value(Tensor[]? tensors) => tensors is null ? default : new(Tag.Tensors, tensors.Length, tensors);
    public static implicit operator Value(string? text) => text is null ? default : new(Tag.String, 0, System.Text.Encoding.UTF8.GetBytes(text));
    public static implicit operator Value(ScalarType type) => new(Tag.Int, (long)type);
    public static implicit operator Value(MemoryFormat format) => new(Tag.Int, (long)format);
    public static implicit operator Value(Device device) => new(Tag.Device, 0, System.Text.Encoding.UTF8.GetBytes(device.ToString()));

    /// <summary>The schema's "none".</summary>
    public static Value None => default;

    /// <summary>A list in which a missing tensor is allowed (indices of <c>aten::index</c>).</summary>
    public static Value Optional(params Tensor?[] tensors) => new(Tag.OptionalTensors, tensors.Length, tensors);
}
