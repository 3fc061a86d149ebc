using System.Numerics;
using System.Runtime.InteropServices;

namespace Fovea.Torch.Files;

/// <summary>A tensor as files hold it: what every reader here gives and every writer takes. It knows nothing of libtorch.</summary>
public sealed record StoredTensor
{
    /// <param name="type">Element type.</param>
    /// <param name="shape">Sizes, outermost first, none negative; empty for a scalar. Taken over, not copied.</param>
    /// <param name="data">Elements, little-endian, contiguous, row-major. Taken over, not copied.</param>
    /// <exception cref="ArgumentException"><paramref name="data"/> is not as long as type and shape say, or a size is negative.</exception>
    public StoredTensor(ScalarType type, long[] shape, byte[] data)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(data);
        long expected = TryByteCount(type, shape)
            ?? throw new ArgumentException($"shape [{string.Join(", ", shape)}] is not possible", nameof(shape));
        if (data.Length != expected)
        {
            throw new ArgumentException($"{data.Length} bytes given; {type} [{string.Join(", ", shape)}] takes {expected}", nameof(data));
        }

        (Type, Shape, Data) = (type, shape, data);
    }

    public ScalarType Type { get; }

    /// <summary>Sizes, outermost first; empty for a scalar. Shared, not copied.</summary>
    public long[] Shape { get; }

    /// <summary>Elements, little-endian, contiguous, row-major. Shared, not copied.</summary>
    public byte[] Data { get; }

    /// <summary>Number of elements.</summary>
    public long Count => Data.Length / Type.ElementSize();

    /// <summary>Copies values into a stored tensor of <typeparamref name="T"/>'s scalar type.</summary>
    /// <typeparam name="T">byte, sbyte, short, int, long, Half, float, double or bool. .NET 10 has no bfloat16: build those from <see
    /// cref="Data"/>.</typeparam>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    public static StoredTensor From<T>(ReadOnlySpan<T> values, params ReadOnlySpan<long> shape) where T : unmanaged =>
        new(ScalarTypeOf<T>(), shape.ToArray(), MemoryMarshal.Cast<T, byte>(values).ToArray());

    /// <summary>The elements, without a copy.</summary>
    /// <exception cref="InvalidOperationException"><typeparamref name="T"/> is not what <see cref="Type"/> says.</exception>
    public ReadOnlySpan<T> Values<T>() where T : unmanaged => ScalarTypeOf<T>() == Type
        ? MemoryMarshal.Cast<byte, T>(Data)
        : throw new InvalidOperationException($"the tensor holds {Type}, not {typeof(T).Name}");

    /// <summary>Row-major index of the first NaN or infinity; null when there is none, or when the type cannot hold one.</summary>
    public long? FirstNonFinite()
    {
        long index = Type switch
        {
            ScalarType.Float32 => FirstNonFinite(Values<float>()),
            ScalarType.Float64 => FirstNonFinite(Values<double>()),
            ScalarType.Float16 => FirstNonFinite(Values<Half>()),
            ScalarType.BFloat16 => FirstNonFiniteBFloat16(),
            _ => -1,
        };
        return index < 0 ? null : index;
    }

    /// <summary>A tensor from a file's bytes: booleans become 0 or 1, because other values make code that tests them go both ways.</summary>
    internal static StoredTensor FromFile(ScalarType type, long[] shape, byte[] data)
    {
        if (type == ScalarType.Bool && data.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            for (int i = 0; i < data.Length; i++) data[i] = data[i] == 0 ? (byte)0 : (byte)1;
        }

        return new StoredTensor(type, shape, data);
    }

    /// <summary>Bytes that a tensor takes; null when a size is negative or the product passes 2^62.</summary>
    internal static long? TryByteCount(ScalarType type, ReadOnlySpan<long> shape)
    {
        Int128 bytes = type.ElementSize();
        bool empty = false;
        foreach (long size in shape)
        {
            if (size < 0) return null;
            empty |= size == 0;
        }

        if (empty) return 0;
        foreach (long size in shape)
        {
            bytes *= size;
            if (bytes > 1L << 62) return null;
        }

        return (long)bytes;
    }

    private static ScalarType ScalarTypeOf<T>() =>
        typeof(T) == typeof(byte) ? ScalarType.UInt8
        : typeof(T) == typeof(sbyte) ? ScalarType.Int8
        : typeof(T) == typeof(short) ? ScalarType.Int16
        : typeof(T) == typeof(int) ? ScalarType.Int32
        : typeof(T) == typeof(long) ? ScalarType.Int64
        : typeof(T) == typeof(Half) ? ScalarType.Float16
        : typeof(T) == typeof(float) ? ScalarType.Float32
        : typeof(T) == typeof(double) ? ScalarType.Float64
        : typeof(T) == typeof(bool) ? ScalarType.Bool
        : throw new NotSupportedException($"{typeof(T).Name} is not the type of any tensor");

    private static int FirstNonFinite<T>(ReadOnlySpan<T> values) where T : INumberBase<T>
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!T.IsFinite(values[i])) return i;
        }

        return -1;
    }

    private int FirstNonFiniteBFloat16()
    {
        const ushort exponent = 0x7F80;
        ReadOnlySpan<ushort> bits = MemoryMarshal.Cast<byte, ushort>(Data);
        for (int i = 0; i < bits.Length; i++)
        {
            if ((bits[i] & exponent) == exponent) return i;
        }

        return -1;
    }
}
