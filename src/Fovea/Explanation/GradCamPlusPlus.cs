using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>Grad-CAM++: weights that do justice to several places that speak for the same grade. Chattopadhay et al. 2017, arXiv 1710.11063.</summary>
public static class GradCamPlusPlus
{
    /// <summary>
    /// Equations 2, 5 and 19 with Y = exp(y): α = g² / (2g² + ΣA·g³) for g = ∂y/∂A, the weight of a channel is Σ α·relu(g) over the plane, and the map the weighted sum of the channels, cut at zero.
    /// </summary>
    /// <remarks>
    /// The factor exp(y) of all weights is left out: it is cancelled when the map is divided by its maximum, and overflows before. α is computed as 1 / (2 + ΣA·g), the same where g is not 0,
    /// since g³ of a deep network is below what float32 holds; where the denominator is 0 it counts as 1, as in the authors' code.
    /// </remarks>
    /// <inheritdoc cref="GradCam.Of(Network, Tensor, Func{Tensor, Tensor}, string)"/>
    public static IReadOnlyList<ActivationMap> Of(Network network, Tensor x, Func<Tensor, Tensor> target, string? layer = null) => Of(LayerGradients.Cut(network, layer), x, target);

    internal static IReadOnlyList<ActivationMap> Of(Func<Tensor, NetworkOutput> cut, Tensor x, Func<Tensor, Tensor> target) =>
        LayerGradients.Maps(cut, x, target, (features, gradient) =>
        {
            var denominator = features.Sum([2, 3], keep: true) * gradient + 2;
            denominator = denominator.OnesLike().Where(denominator.EqualTo(0), denominator);
            // Where g is not above 0, relu(g) is 0 whatever α is.
            var weights = (Functional.Relu(gradient) / denominator).Sum([2, 3], keep: true);
            return (weights * features).Sum([1]);
        });
}
