using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>LayerCAM: each cell of a channel has a weight of its own, so that shallow layers with their fine grids give usable maps. Jiang et al. 2021, IEEE Trans. Image Processing 30:5875.</summary>
public static class LayerCam
{
    /// <summary>Equations 5 to 7: the sum over the channels of relu(∂y/∂A)·A, cut at zero.</summary>
    /// <inheritdoc cref="GradCam.Of(Network, Tensor, Func{Tensor, Tensor}, string)"/>
    public static IReadOnlyList<ActivationMap> Of(Network network, Tensor x, Func<Tensor, Tensor> target, string? layer = null) => Of(LayerGradients.Cut(network, layer), x, target);

    internal static IReadOnlyList<ActivationMap> Of(Func<Tensor, NetworkOutput> cut, Tensor x, Func<Tensor, Tensor> target) =>
        LayerGradients.Maps(cut, x, target, (features, gradient) => (Functional.Relu(gradient) * features).Sum([1]));
}
