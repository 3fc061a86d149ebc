using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>What the class activation mappings have in common: the features A [N, C, h, w] of one stage and the derivatives ∂y/∂A, from one forward pass and the way back to that stage.</summary>
internal static class LayerGradients
{
    /// <summary>A network whose graph is cut at a layer of <see cref="Network.StageNames"/>; null for the last.</summary>
    internal static Func<Tensor, NetworkOutput> Cut(Network network, string? layer)
    {
        ArgumentNullException.ThrowIfNull(network);
        return x => network.CallCutAt(x, layer ?? network.StageNames[^1]);
    }

    /// <param name="cut">From [N, C, H, W], normalised, to the logits and the features that they can be derived by.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N].</param>
    /// <param name="formula">From A and ∂y/∂A to the maps [N, h, w], before they are scaled; what is below 0 is cut.</param>
    internal static IReadOnlyList<ActivationMap> Maps(Func<Tensor, NetworkOutput> cut, Tensor x, Func<Tensor, Tensor> target, Func<Tensor, Tensor, Tensor> formula)
    {
        ArgumentNullException.ThrowIfNull(target);
        using var scope = new TensorScope();
        var output = cut(x.Detach());
        var features = output.Stages[0].Value;
        Tensor? gradient;
        using (new EnableGrad()) gradient = Gradient.Of(target(output.Logits), [features])[0];
        using var noGrad = new NoGrad();
        var a = features.Detach().To(ScalarType.Float32);
        var maps = formula(a, gradient?.To(ScalarType.Float32) ?? a.ZerosLike());
        return ActivationMap.FromRaw(maps);
    }
}
