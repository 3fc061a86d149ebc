using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>SmoothGrad: the mean of the gradients at noisy copies of an image. Smilkov et al. 2017, arXiv 1706.03825.</summary>
public static class SmoothGrad
{
    /// <summary>The mean of ∂y/∂x at x + noise(k).</summary>
    /// <param name="x">[1, C, H, W], normalised.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N]; see <see cref="ExplanationTarget"/>.</param>
    /// <param name="noise">[n, C, H, W]; the paper's is normal, its deviation 10 to 20 % of the range of x.</param>
    /// <returns>The mean gradient [1, C, H, W], of both signs.</returns>
    /// <exception cref="ArgumentException">x is not one image that the network takes.</exception>
    public static Tensor Of(Network network, Tensor x, Func<Tensor, Tensor> target, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(noise);
        PixelGradients.RequireOneImage(x);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var count = (int)noise.Size(0);
        return scope.Keep(PixelGradients.Sum(network, target, count, (start, n) => x + noise.Narrow(0, start, n)) / count);
    }

    /// <inheritdoc cref="Of(Network, Tensor, Func{Tensor, Tensor}, Tensor)"/>
    /// <param name="samples">Noisy copies. The paper finds little change beyond 50.</param>
    /// <param name="level">The noise's deviation as a share of the range of x.</param>
    /// <param name="seed">The same seed makes the same noise.</param>
    public static Tensor Of(Network network, Tensor x, Func<Tensor, Tensor> target, int samples = 24, double level = 0.15, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        PixelGradients.RequireOneImage(x);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var range = x.Amax([0, 1, 2, 3]).Item() - x.Amin([0, 1, 2, 3]).Item();
        var values = new float[samples * x.Elements];
        // Of its own, so that explaining neither depends on nor moves libtorch's generator, which all threads share.
        var random = new Random(seed);
        for (var i = 0; i < values.Length; i++) values[i] = (float)(level * range * Normal(random));
        return scope.Keep(Of(network, x, target, Tensor.From(values, [samples, .. x.Shape[1..]])));
    }

    /// <summary>Box and Muller 1958.</summary>
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
