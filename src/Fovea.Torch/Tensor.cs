using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Torch.Interop;

namespace Fovea.Torch;

/// <summary>
/// An n-dimensional array of libtorch. Made by an operator inside a <see cref="TensorScope"/> it is disposed with that scope; otherwise its holder disposes it.
/// Images are NCHW: batch, channel, y down, x right, whatever the memory format.
/// </summary>
public sealed unsafe partial class Tensor : IDisposable
{
    private readonly TensorHandle _handle;
    private TensorInfo _info;
    private long[]? _shape;

    internal Tensor(nint handle)
    {
        _handle = new TensorHandle(handle);
        TensorScope.Register(this);
    }

    internal TensorHandle Handle => Live;

    private TensorHandle Live => !_handle.IsClosed ? _handle : throw new ObjectDisposedException(nameof(Tensor),
        "the tensor was disposed, by its holder or with the scope it was made in; let it outlive the scope with TensorScope.Keep or OutliveScopes");

    /// <summary>The depth of the scope that disposes the tensor, from 1; 0 for none.</summary>
    internal int ScopeDepth { get; set; }

    /// <summary>Sizes by dimension; empty for a scalar. The array is shared: do not write to it.</summary>
    public long[] Shape
    {
        get
        {
            if (_shape is null) ReadInfo();
            return _shape!;
        }
    }

    public ScalarType Type
    {
        get
        {
            if (_shape is null) ReadInfo();
            return (ScalarType)_info.Dtype;
        }
    }

    public Device Device
    {
        get
        {
            if (_shape is null) ReadInfo();
            return _info.DeviceType == 1 ? Device.Cuda(_info.DeviceIndex) : Device.Cpu;
        }
    }

    public int Dimensions => Shape.Length;

    public long Elements
    {
        get
        {
            if (_shape is null) ReadInfo();
            return _info.Elements;
        }
    }

    /// <summary>True where the memory order is N, H, W, C.</summary>
    public bool IsChannelsLast
    {
        get
        {
            ReadInfo();
            return _info.ChannelsLast != 0;
        }
    }

    public bool IsContiguous
    {
        get
        {
            ReadInfo();
            return _info.Contiguous != 0;
        }
    }

    public bool RequiresGrad
    {
        get
        {
            ReadInfo();
            return _info.RequiresGrad != 0;
        }
        set => NativeMethods.ftorch_set_requires_grad(Live, value ? 1 : 0);
    }

    /// <summary>The accumulated gradient, of this tensor's shape; null before the first backward pass. Each read gives a new handle to the same memory.</summary>
    public Tensor? Grad
    {
        get
        {
            NativeMethods.ftorch_grad(Live, out var gradient);
            return gradient == 0 ? null : new Tensor(gradient);
        }
    }

    private void ReadInfo()
    {
        var shape = stackalloc long[16];
        NativeMethods.ftorch_tensor_info(Live, out _info, shape, 16);
        if (_info.Dims > 16) throw new TorchException($"a tensor of {_info.Dims} dimensions; the bridge carries 16");
        _shape ??= new ReadOnlySpan<long>(shape, _info.Dims).ToArray();
    }

    /// <summary>After its data were exchanged: type and device are read anew.</summary>
    internal void ForgetInfo() => _shape = null;

    internal nint Acquire()
    {
        var added = false;
        var handle = Live;
        handle.DangerousAddRef(ref added);
        return handle.DangerousGetHandle();
    }

    internal void Release() => _handle.DangerousRelease();

    /// <summary>Takes the tensor out of every scope: parameters, buffers, anything that is stored. Its holder disposes it.</summary>
    /// <returns>The same tensor.</returns>
    public Tensor OutliveScopes()
    {
        ScopeDepth = 0;
        return this;
    }

    /// <summary>A second handle to the same memory and the same place in the autograd graph.</summary>
    public Tensor Alias()
    {
        NativeMethods.ftorch_tensor_alias(Live, out var alias);
        return new Tensor(alias);
    }

    /// <summary>Runs the backward pass from this tensor (a scalar, unless a gradient of its shape is given); adds to the <see cref="Grad"/> of every leaf.</summary>
    public void Backward(Tensor? gradient = null, bool keepGraph = false)
    {
        var g = gradient?.Acquire() ?? 0;
        try
        {
            NativeMethods.ftorch_backward(Live, g, keepGraph ? 1 : 0);
        }
        finally
        {
            gradient?.Release();
        }
    }

    /// <summary>Drops the gradients of many tensors in one call.</summary>
    public static void ClearGradients(ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.IsEmpty) return;
        var handles = new nint[tensors.Length];
        var held = 0;
        try
        {
            for (; held < tensors.Length; held++) handles[held] = tensors[held].Acquire();
            fixed (nint* p = handles) NativeMethods.ftorch_set_grad(p, handles.Length, 0);
        }
        finally
        {
            for (var i = 0; i < held; i++) tensors[i].Release();
        }
    }

    /// <summary>Copies the elements out in row-major order. <typeparamref name="T"/> must be the tensor's own type (bfloat16: convert first).</summary>
    public T[] ToArray<T>() where T : unmanaged
    {
        var array = new T[Elements];
        CopyTo<T>(array);
        return array;
    }

    public void CopyTo<T>(Span<T> destination) where T : unmanaged
    {
        CheckType<T>();
        if (destination.Length != Elements) throw new ArgumentException($"a tensor of {Elements} elements does not fit a span of {destination.Length}", nameof(destination));
        fixed (T* p = destination) NativeMethods.ftorch_tensor_read(Live, p, (long)destination.Length * sizeof(T));
    }

    /// <summary>Overwrites the elements, row-major, whatever the memory format.</summary>
    public void CopyFrom<T>(ReadOnlySpan<T> source) where T : unmanaged
    {
        CheckType<T>();
        if (source.Length != Elements) throw new ArgumentException($"a tensor of {Elements} elements cannot be filled from {source.Length}", nameof(source));
        fixed (T* p = source) NativeMethods.ftorch_tensor_write(Live, p, (long)source.Length * sizeof(T));
    }

    /// <summary>The raw little-endian bytes, row-major: what weight files hold.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Elements * Type.ElementSize()];
        fixed (byte* p = bytes) NativeMethods.ftorch_tensor_read(Live, p, bytes.Length);
        return bytes;
    }

    /// <summary>The value of a tensor with one element, as double.</summary>
    public double Item()
    {
        if (Elements != 1) throw new InvalidOperationException($"Item needs one element, the shape is [{string.Join(", ", Shape)}]");
        return Operators.Item.CallNumber(this);
    }

    private void CheckType<T>() where T : unmanaged
    {
        var expected = TypeOf<T>();
        if (Type != expected) throw new InvalidOperationException($"the tensor holds {Type}, not {expected}");
    }

    internal static ScalarType TypeOf<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? ScalarType.Float32
        : typeof(T) == typeof(double) ? ScalarType.Float64
        : typeof(T) == typeof(long) ? ScalarType.Int64
        : typeof(T) == typeof(byte) ? ScalarType.UInt8
        : typeof(T) == typeof(bool) ? ScalarType.Bool
        : typeof(T) == typeof(int) ? ScalarType.Int32
        : throw new NotSupportedException($"tensors of {typeof(T).Name} do not exist here; use float, double, long, int, byte or bool");

    public void Dispose() => _handle.Dispose();

    public override string ToString() => _handle.IsClosed ? "Tensor (disposed)" : $"Tensor {Type} [{string.Join(", ", Shape)}]";
}
