using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Explanation;

/// <summary>Gradient-weighted class activation mapping. Selvaraju et al. 2017, arXiv 1610.02391.</summary>
public static class GradCam
{
    /// <summary>Equations 1 and 2: the layer's channels A(c), weighted by the mean over the plane of ∂y/∂A(c), added up, and cut at zero.</summary>
    /// <param name="x">One image, [1, C, H, W], normalised.</param>
    /// <param name="target">From logits [1, outputs] to the number y; see <see cref="ExplanationTarget"/>.</param>
    /// <param name="layer">One of <see cref="Network.StageNames"/>; null for the last, the deepest features.</param>
    /// <exception cref="ArgumentException">There is no such layer, or x is not one image.</exception>
    public static ActivationMap Of(Network network, Tensor x, Func<Tensor, Tensor> target, string? layer = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        layer ??= network.StageNames[^1];
        if (!network.StageNames.Contains(layer)) throw new ArgumentException($"no layer of this network; {string.Join(", ", network.StageNames)} are", nameof(layer));
        if (x.Dimensions != 4 || x.Size(0) != 1) throw new ArgumentException($"one image [1, C, H, W] is needed, not [{string.Join(", ", x.Shape)}]", nameof(x));

        using var enableGrad = new EnableGrad();
        using var scope = new TensorScope();
        // A network that serves has no parameter that records; the input starts the graph instead.
        var input = x.Detach();
        input.RequiresGrad = true;
        var output = network.Call(input, Phase.Inference, withStages: true);
        var features = output.Stages.Single(s => s.Name == layer).Value;
        var gradient = Gradient.Of(target(output.Logits), [features])[0] ?? features.ZerosLike();
        var weights = gradient.Mean([2, 3], keep: true);                                              // [1, C, 1, 1]
        var map = Functional.Relu((weights * features).Sum([1])).Detach();                            // [1, h, w]
        return ActivationMap.FromRaw((int)map.Size(2), (int)map.Size(1), map.To(ScalarType.Float32).ToArray<float>());
    }
}
