using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Torch;

namespace Fovea.Models;

/// <summary>Prepared pixels as a network's input: the one place where both training and serving normalise.</summary>
public static class ImageBatch
{
    /// <param name="prepared">RGB images of one size.</param>
    /// <returns>[N, 3, H, W] float32 in channels-last memory order: (value/255, less the image's own mean where the specification centres, − mean) / std by channel.</returns>
    public static Tensor ToTensor(IReadOnlyList<Image> prepared, PreprocessingSpec spec)
    {
        var (w, h) = (prepared[0].Width, prepared[0].Height);
        var bytes = new byte[prepared.Count * prepared[0].Pixels.Length];
        for (var i = 0; i < prepared.Count; i++)
        {
            if (prepared[i].Width != w || prepared[i].Height != h || prepared[i].Channels != 3) throw new ArgumentException("a batch needs RGB images of one size", nameof(prepared));
            prepared[i].Pixels.CopyTo(bytes, i * prepared[0].Pixels.Length);
        }
        return ToTensor(bytes, w, h, spec);
    }

    /// <param name="pixels">[N, H, W, RGB].</param>
    /// <inheritdoc cref="ToTensor(IReadOnlyList{Image}, PreprocessingSpec)"/>
    public static Tensor ToTensor(ReadOnlySpan<byte> pixels, int width, int height, PreprocessingSpec spec)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        // Interleaved pixels are channels-last memory already; the permutation only renames the dimensions.
        var x = Tensor.From(pixels, pixels.Length / (3 * width * height), height, width, 3).To(ScalarType.Float32).Permute(0, 3, 1, 2);
        if (spec.Centring == Centring.Sample) x -= x.Mean([1, 2, 3], keep: true);
        var scale = Tensor.From<float>([.. spec.Std.Select(s => (float)(1 / (255 * s)))], 1, 3, 1, 1);
        var shift = Tensor.From<float>([.. spec.Mean.Zip(spec.Std, (m, s) => (float)(-m / s))], 1, 3, 1, 1);
        return scope.Keep(x * scale + shift);
    }
}
