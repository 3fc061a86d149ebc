using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>Integrated gradients: how much of y(x) − y(baseline) each value of the input made. Sundararajan, Taly, Yan 2017, arXiv 1703.01365.</summary>
public static class IntegratedGradients
{
    /// <summary>
    /// Equation 1 by the midpoint rule: (x − x′) times the mean of ∂y/∂x at x′ + (k + ½)/m·(x − x′), k = 0 … m − 1. The attributions add up to y(x) − y(x′), but for the error of the rule
    /// (the axiom of completeness).
    /// </summary>
    /// <param name="x">[1, C, H, W], normalised.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N]; see <see cref="ExplanationTarget"/>.</param>
    /// <param name="baseline">x′, an input in which nothing is to be seen; of x's shape.</param>
    /// <param name="steps">m, at least 1.</param>
    /// <returns>Attributions [1, C, H, W], of both signs.</returns>
    /// <exception cref="ArgumentException">x is not one image that the network takes, or the baseline of another shape.</exception>
    public static Tensor Of(Network network, Tensor x, Func<Tensor, Tensor> target, Tensor baseline, int steps = 32)
    {
        ArgumentNullException.ThrowIfNull(network);
        PixelGradients.RequireOneImage(x);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        if (!baseline.Shape.SequenceEqual(x.Shape)) throw new ArgumentException($"the baseline is [{string.Join(", ", baseline.Shape)}], the image [{string.Join(", ", x.Shape)}]", nameof(baseline));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var difference = x - baseline;
        var sum = PixelGradients.Sum(network, target, steps, (start, count) =>
            baseline + difference * Tensor.From([.. Enumerable.Range(start, count).Select(k => (k + 0.5f) / steps)], count, 1, 1, 1));
        return scope.Keep(difference * sum / steps);
    }
}
