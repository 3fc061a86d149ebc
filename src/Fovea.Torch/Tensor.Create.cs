using Fovea.Torch.Files;
using Fovea.Torch.Interop;

namespace Fovea.Torch;

public sealed unsafe partial class Tensor
{
    /// <summary>A CPU tensor with a copy of <paramref name="data"/>, row-major.</summary>
    /// <param name="shape">Sizes whose product is the length of the data; none makes one dimension of that length (a scalar: <see cref="Scalar"/>).</param>
    public static Tensor From<T>(ReadOnlySpan<T> data, params ReadOnlySpan<long> shape) where T : unmanaged
    {
        nint handle;
        if (shape.IsEmpty) shape = [data.Length];
        fixed (T* p = data)
        fixed (long* s = shape)
            NativeMethods.ftorch_tensor_create(data.IsEmpty ? null : p, (long)data.Length * sizeof(T), (int)TypeOf<T>(), s, shape.Length, out handle);
        return new Tensor(handle);
    }

    public static Tensor From<T>(T[] data, params ReadOnlySpan<long> shape) where T : unmanaged => From((ReadOnlySpan<T>)data, shape);

    /// <summary>A one-dimensional tensor.</summary>
    public static Tensor From(params float[] data) => From((ReadOnlySpan<float>)data, data.Length);

    public static Tensor From(params long[] data) => From((ReadOnlySpan<long>)data, data.Length);

    public static Tensor Scalar(double value, ScalarType type = ScalarType.Float32) => Full(value, type, []);

    /// <summary>A tensor with the bytes of a weight or array file.</summary>
    public static Tensor From(StoredTensor stored)
    {
        nint handle;
        fixed (byte* p = stored.Data)
        fixed (long* s = stored.Shape)
            NativeMethods.ftorch_tensor_create(stored.Data.Length == 0 ? null : p, stored.Data.LongLength, (int)stored.Type, s, stored.Shape.Length, out handle);
        return new Tensor(handle);
    }

    /// <summary>The tensor as a weight file stores it.</summary>
    public StoredTensor ToStored() => new(Type, Shape, ToBytes());

    public static Tensor Zeros(params ReadOnlySpan<long> shape) => Full(0, ScalarType.Float32, shape);

    public static Tensor Ones(params ReadOnlySpan<long> shape) => Full(1, ScalarType.Float32, shape);

    public static Tensor Full(double value, ScalarType type, params ReadOnlySpan<long> shape) => Operators.Full.Call(shape.ToArray(), value, type);

    /// <summary>Uninitialised memory.</summary>
    public static Tensor Empty(ScalarType type, params ReadOnlySpan<long> shape) => Operators.Empty.Call(shape.ToArray(), type);

    /// <summary>0, 1, … n−1 as int64.</summary>
    public static Tensor Arange(long n) => Operators.Arange.Call(n, ScalarType.Int64);

    /// <summary>Independent standard normal numbers.</summary>
    public static Tensor Randn(params ReadOnlySpan<long> shape) => Operators.Randn.Call(shape.ToArray(), ScalarType.Float32);

    /// <summary>Independent uniform numbers in [0, 1).</summary>
    public static Tensor Rand(params ReadOnlySpan<long> shape) => Operators.Rand.Call(shape.ToArray(), ScalarType.Float32);

    public Tensor ZerosLike() => Operators.ZerosLike.Call(this);

    public Tensor OnesLike() => Operators.OnesLike.Call(this);

    public Tensor Clone() => Operators.Clone.Call(this);

    /// <summary>The same memory, cut off from the autograd graph.</summary>
    public Tensor Detach() => Operators.Detach.Call(this);

    /// <summary>Another dtype; the same tensor where it has it already.</summary>
    public Tensor To(ScalarType type) => Operators.ToDtype.Call(this, type);

    public Tensor To(Device device) => Operators.ToDevice.Call(this, device, Type);

    /// <summary>Another memory order; the shape stays N, C, H, W.</summary>
    public Tensor To(MemoryFormat format) => Operators.Contiguous.Call(this, format);

    public Tensor Contiguous() => Operators.Contiguous.Call(this, MemoryFormat.Contiguous);
}
