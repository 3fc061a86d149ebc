using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>
/// Gradient SHAP: Shapley values approximated by expected gradients, which are integrated gradients averaged over many baselines. Erion et al. 2019, arXiv 1906.10670;
/// Lundberg, Lee 2017, arXiv 1705.07874.
/// </summary>
public static class GradientShap
{
    /// <summary>
    /// Equation 3: the mean over the samples of (x − x′)·∂y/∂x at x′ + α(x − x′). In expectation the attributions add up to y(x) less the mean of y(x′).
    /// </summary>
    /// <param name="x">[1, C, H, W], normalised.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N]; see <see cref="ExplanationTarget"/>.</param>
    /// <param name="baselines">[B, C, H, W], drawn from what the image is compared with.</param>
    /// <param name="samples">The baseline x′ and the place α in 0 … 1 of each sample.</param>
    /// <returns>Attributions [1, C, H, W], of both signs.</returns>
    /// <exception cref="ArgumentException">x is not one image that the network takes, or the baselines are of another shape.</exception>
    public static Tensor Of(Network network, Tensor x, Func<Tensor, Tensor> target, Tensor baselines, IReadOnlyList<(int Baseline, double Alpha)> samples)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(baselines);
        ArgumentNullException.ThrowIfNull(samples);
        PixelGradients.RequireOneImage(x);
        if (baselines.Dimensions != 4 || !baselines.Shape.Skip(1).SequenceEqual(x.Shape.Skip(1)))
            throw new ArgumentException($"the baselines are [{string.Join(", ", baselines.Shape)}], the image [{string.Join(", ", x.Shape)}]", nameof(baselines));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Tensor Differences(int start, int count) => x - baselines.IndexSelect(0, Tensor.From([.. samples.Skip(start).Take(count).Select(s => (long)s.Baseline)]));
        Tensor Inputs(int start, int count) => x - Differences(start, count) * Tensor.From([.. samples.Skip(start).Take(count).Select(s => (float)(1 - s.Alpha))], count, 1, 1, 1);
        return scope.Keep(PixelGradients.Sum(network, target, samples.Count, Inputs, (gradients, start) => gradients * Differences(start, (int)gradients.Size(0))) / samples.Count);
    }

    /// <inheritdoc cref="Of(Network, Tensor, Func{Tensor, Tensor}, Tensor, IReadOnlyList{ValueTuple{int, double}})"/>
    /// <param name="samples">How many. Each baseline is used as often as the others, give or take one, and its α are spread over 0 … 1: one in each of as many equal parts.</param>
    /// <param name="seed">The same seed draws the same α.</param>
    public static Tensor Of(Network network, Tensor x, Func<Tensor, Tensor> target, Tensor baselines, int samples = 32, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(baselines);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        var random = new Random(seed);
        var count = (int)Math.Min(samples, baselines.Size(0));
        return Of(network, x, target, baselines, [.. Enumerable.Range(0, samples).Select(k =>
        {
            var uses = (samples - k % count + count - 1) / count;
            return (k % count, (k / count + random.NextDouble()) / uses);
        })]);
    }
}
