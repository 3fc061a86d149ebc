using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Fovea.Torch.Interop;
using Fovea.Torch.Serving;

namespace Fovea.Torch;

/// <summary>
/// An operator of libtorch, found by name in its dispatcher. Autograd and autocast are dispatcher keys, so they work through it.
/// Arguments that are left off take the schema's defaults.
/// </summary>
/// <example><code>static readonly Operator Relu = new("relu"); var y = Relu.Call(x);</code></example>
public sealed unsafe class Operator
{
    private static readonly ConcurrentBag<Operator> Known = [];
    private nint _op;

    /// <param name="name">The name without "aten::", as in native_functions.yaml.</param>
    /// <param name="overload">The overload after the dot; empty for the plain one.</param>
    public Operator(string name, string overload = "")
    {
        (Name, Overload) = (name.Contains("::", StringComparison.Ordinal) ? name : "aten::" + name, overload);
        Known.Add(this);
    }

    public string Name { get; }

    public string Overload { get; }

    /// <summary>The operators that code has named so far; a test resolves them all.</summary>
    public static IReadOnlyCollection<Operator> All => Known;

    /// <summary>libtorch's schema, e.g. <c>aten::relu(Tensor self) -> Tensor</c>.</summary>
    /// <exception cref="TorchException">This libtorch does not have the operator.</exception>
    public string Schema
    {
        get
        {
            var buffer = stackalloc byte[4096];
            NativeMethods.ftorch_schema(Resolve(), buffer, 4096);
            return Marshal.PtrToStringUTF8((nint)buffer)!;
        }
    }

    private nint Resolve()
    {
        if (_op == 0)
        {
            NativeMethods.ftorch_find(Name, Overload, out var op);
            _op = op;
        }
        return _op;
    }

    /// <summary>Calls an operator with one tensor as its result.</summary>
    public Tensor Call(params ReadOnlySpan<Value> args)
    {
        if (OperatorRecorder.Current is { } recorder && recorder.Imagine(this, args) is { } imagined) return imagined;
        NativeValue result;
        if (Invoke(args, &result, 1) != 1 || result.Tag != Tag.Tensor) throw new TorchException($"{Name} did not return one tensor");
        var tensor = new Tensor((nint)result.Bits);
        OperatorRecorder.Current?.Add(this, args, [tensor]);
        return tensor;
    }

    /// <summary>Calls an operator for its effect; what it returns (often its first argument) is dropped.</summary>
    public void Run(params ReadOnlySpan<Value> args)
    {
        var results = stackalloc NativeValue[8];
        var n = Invoke(args, results, 8);
        for (var i = 0; i < n; i++)
            if (results[i].Tag == Tag.Tensor) NativeMethods.ftorch_tensor_free((nint)results[i].Bits);
    }

    /// <summary>Calls an operator that returns several tensors, or a list of them; an undefined tensor comes as null.</summary>
    /// <param name="capacity">An upper bound on how many there are.</param>
    public Tensor?[] CallMany(int capacity, params ReadOnlySpan<Value> args)
    {
        var results = capacity <= 64 ? stackalloc NativeValue[capacity] : new NativeValue[capacity];
        fixed (NativeValue* p = results)
        {
            var n = Invoke(args, p, capacity);
            var tensors = new Tensor?[n];
            for (var i = 0; i < n; i++) tensors[i] = p[i].Tag == Tag.Tensor ? new Tensor((nint)p[i].Bits) : null;
            OperatorRecorder.Current?.Add(this, args, tensors);
            return tensors;
        }
    }

    /// <summary>Calls an operator that returns one number (bool as 0 or 1).</summary>
    public double CallNumber(params ReadOnlySpan<Value> args)
    {
        NativeValue result;
        Invoke(args, &result, 1);
        return result.Tag == Tag.Double ? BitConverter.Int64BitsToDouble(result.Bits) : result.Bits;
    }

    private int Invoke(ReadOnlySpan<Value> args, NativeValue* results, int capacity)
    {
        var op = Resolve();
        var words = 0;
        foreach (ref readonly var arg in args)
            words += arg.Tag switch { Tag.Tensors or Tag.OptionalTensors or Tag.Ints or Tag.Doubles => (int)arg.Bits, Tag.String or Tag.Device => (((byte[])arg.Reference!).Length + 7) / 8, _ => 0 };

        // Lists are copied into one scratch block: short lists live on the stack, the hundreds of tensors of a _foreach call in native memory.
        var native = stackalloc NativeValue[Math.Max(1, args.Length)];
        var onStack = words <= 64;
        var stackBlock = stackalloc long[onStack ? Math.Max(1, words) : 1];
        var scratch = onStack ? stackBlock : (long*)NativeMemory.Alloc((nuint)words, sizeof(long));
        var held = 0;
        try
        {
            var next = scratch;
            for (; held < args.Length; held++) next = Fill(args[held], ref native[held], next);
            NativeMethods.ftorch_call(op, native, args.Length, results, capacity, out var count);
            return count;
        }
        finally
        {
            for (var i = 0; i < held; i++) Release(args[i]);
            if (!onStack) NativeMemory.Free(scratch);
        }
    }

    private static long* Fill(in Value arg, ref NativeValue native, long* scratch)
    {
        native.Tag = arg.Tag;
        native.Length = 0;
        native.Bits = arg.Bits;
        switch (arg.Tag)
        {
            case Tag.Tensor:
                native.Bits = ((Tensor)arg.Reference!).Acquire();
                return scratch;
            case Tag.Ints:
                return Copy(MemoryMarshal.AsBytes<long>((long[])arg.Reference!), (int)arg.Bits, ref native, scratch);
            case Tag.Doubles:
                return Copy(MemoryMarshal.AsBytes<double>((double[])arg.Reference!), (int)arg.Bits, ref native, scratch);
            case Tag.String or Tag.Device:
                var text = (byte[])arg.Reference!;
                return Copy(text, text.Length, ref native, scratch);
            case Tag.Tensors or Tag.OptionalTensors:
                var tensors = (Tensor?[])arg.Reference!;
                var i = 0;
                try
                {
                    for (; i < tensors.Length; i++) scratch[i] = tensors[i]?.Acquire() ?? 0;
                }
                catch
                {
                    while (--i >= 0) tensors[i]?.Release();
                    throw;
                }
                native.Length = tensors.Length;
                native.Bits = (long)scratch;
                return scratch + tensors.Length;
            default:
                return scratch;
        }
    }

    private static long* Copy(ReadOnlySpan<byte> bytes, int length, ref NativeValue native, long* scratch)
    {
        bytes.CopyTo(new Span<byte>(scratch, bytes.Length));
        native.Length = length;
        native.Bits = (long)scratch;
        return scratch + (bytes.Length + 7) / 8;
    }

    private static void Release(in Value arg)
    {
        if (arg.Tag == Tag.Tensor) ((Tensor)arg.Reference!).Release();
        else if (arg.Tag is Tag.Tensors or Tag.OptionalTensors)
            foreach (var tensor in (Tensor?[])arg.Reference!) tensor?.Release();
    }

    public override string ToString() => Overload.Length == 0 ? Name : $"{Name}.{Overload}";
}
