using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>Gradient-weighted class activation mapping. Selvaraju et al. 2017, arXiv 1610.02391.</summary>
public static class GradCam
{
    /// <summary>Equations 1 and 2: the layer's channels A(c), weighted by the mean over the plane of ∂y/∂A(c), added up, and cut at zero.</summary>
    /// <param name="x">[N, C, H, W], normalised.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N]; see <see cref="ExplanationTarget"/>.</param>
    /// <param name="layer">One of <see cref="Network.StageNames"/>; null for the last, the deepest features.</param>
    /// <returns>One map an image.</returns>
    /// <exception cref="ArgumentException">There is no such layer, or x is no batch that the network takes.</exception>
    public static IReadOnlyList<ActivationMap> Of(Network network, Tensor x, Func<Tensor, Tensor> target, string? layer = null) => Of(LayerGradients.Cut(network, layer), x, target);

    internal static IReadOnlyList<ActivationMap> Of(Func<Tensor, NetworkOutput> cut, Tensor x, Func<Tensor, Tensor> target) =>
        LayerGradients.Maps(cut, x, target, (features, gradient) => (gradient.Mean([2, 3], keep: true) * features).Sum([1]));
}
