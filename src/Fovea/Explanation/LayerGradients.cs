using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>What the class activation mappings have in common: the features A [N, C, h, w] of one stage and the derivatives ∂y/∂A, from one forward pass and the way back to that stage.</summary>
internal static class LayerGradients
{
    /// <param name="x">[N, C, H, W], normalised.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N].</param>
    /// <param name="layer">One of <see cref="Network.StageNames"/>; null for the last.</param>
    /// <param name="formula">From A and ∂y/∂A to the maps [N, h, w], before they are scaled; what is below 0 is cut.</param>
    internal static IReadOnlyList<ActivationMap> Maps(Network network, Tensor x, Func<Tensor, Tensor> target, string? layer, Func<Tensor, Tensor, Tensor> formula)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(target);
        using var scope = new TensorScope();
        var output = network.CallCutAt(x.Detach(), layer ?? network.StageNames[^1]);
        var features = output.Stages[0].Value;
        Tensor? gradient;
        using (new EnableGrad()) gradient = Gradient.Of(target(output.Logits), [features])[0];
        using var noGrad = new NoGrad();
        var a = features.Detach().To(ScalarType.Float32);
        var maps = formula(a, gradient?.To(ScalarType.Float32) ?? a.ZerosLike());
        return ActivationMap.FromRaw(maps);
    }
}
