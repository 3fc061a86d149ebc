using System.Numerics;
using System.Runtime.InteropServices;
using Fovea.Torch;
using Fovea.Torch.Files;

namespace Fovea.Weights;

/// <summary>Shapes of a file's tensors brought to a network's, where both hold the same numbers or where the number of input channels alone differs.</summary>
public static class WeightFitting
{
    /// <summary>
    /// The first convolution's weight for another number of input channels. Fewer or more: the file's channels in turn, times n / m, which leaves the sum over channels, and so the response to a grey image,
    /// as it was (for a multiple exactly). One: the sum over channels.
    /// </summary>
    /// <param name="weight">[outputs, n, h, w], float32, float16, float64 or bfloat16.</param>
    /// <param name="channels">m, at least 1.</param>
    /// <returns>[outputs, m, h, w], float32; float64 for a float64.</returns>
    /// <exception cref="ArgumentException">Not four dimensions, not floating-point, or no channels.</exception>
    public static StoredTensor WithInputChannels(StoredTensor weight, int channels)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        if (weight.Shape is not [_, > 0, _, _]) throw new ArgumentException($"a convolution's weight has four dimensions, not [{string.Join(", ", weight.Shape)}]", nameof(weight));
        return weight.Type switch
        {
            ScalarType.Float64 => Resample(weight.Values<double>(), weight.Shape, channels),
            ScalarType.Float32 => Resample(weight.Values<float>(), weight.Shape, channels),
            ScalarType.Float16 => Resample<float>([.. weight.Values<Half>().ToArray().Select(h => (float)h)], weight.Shape, channels),
            ScalarType.BFloat16 => Resample<float>([.. MemoryMarshal.Cast<byte, ushort>(weight.Data).ToArray().Select(b => BitConverter.UInt32BitsToSingle((uint)b << 16))], weight.Shape, channels),
            _ => throw new ArgumentException($"a convolution's weight is floating-point, not {weight.Type}", nameof(weight)),
        };
    }

    /// <summary>
    /// The same numbers under another shape, where a layer is written as a convolution on one side and as a dense layer or a vector on the other ([4096, 512, 7, 7] and [4096, 25088]); else the tensor as it is.
    /// </summary>
    internal static StoredTensor Reshaped(StoredTensor tensor, long[] shape) =>
        tensor.Shape.Length != shape.Length && tensor.Shape.Length > 0 && shape.Length > 0 && tensor.Shape[0] == shape[0] && Product(tensor.Shape) == Product(shape)
            ? new StoredTensor(tensor.Type, shape, tensor.Data)
            : tensor;

    private static StoredTensor Resample<T>(ReadOnlySpan<T> values, long[] shape, int channels) where T : unmanaged, IFloatingPoint<T>
    {
        var (outputs, n, plane) = ((int)shape[0], (int)shape[1], (int)(shape[2] * shape[3]));
        var result = new T[outputs * channels * plane];
        var scale = T.CreateChecked(n) / T.CreateChecked(channels);
        for (var o = 0; o < outputs; o++)
        {
            for (var c = 0; c < (channels == 1 ? n : channels); c++)
            {
                var from = values.Slice((o * n + c % n) * plane, plane);
                var to = result.AsSpan((o * channels + (channels == 1 ? 0 : c)) * plane, plane);
                for (var i = 0; i < plane; i++) to[i] = channels == 1 ? to[i] + from[i] : from[i] * scale;
            }
        }
        return StoredTensor.From<T>(result, shape[0], channels, shape[2], shape[3]);
    }

    private static long Product(long[] shape) => shape.Aggregate(1L, (a, b) => a * b);
}
