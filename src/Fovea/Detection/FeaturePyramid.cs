// Feature Pyramid Networks for Object Detection. Lin et al. 2016, arXiv 1612.03144, figure 3. Equals torchvision 0.14's FeaturePyramidNetwork with LastLevelMaxPool, the same keys.
//
//   stage of stride 32 → 1×1 → + → 3×3 → level of stride 32 → every second place → level of stride 64
//                              ↑ twice as large, nearest
//   stage of stride 16 → 1×1 → + → 3×3 → level of stride 16            … down to the first stage
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Detection;

/// <summary>Gives all stages of a backbone the same channels, and the early ones what the late ones know.</summary>
internal sealed class FeaturePyramid : Module
{
    private readonly Conv2d[] _inner, _layer;

    /// <param name="stages">Channels of the backbone's stages, large maps first.</param>
    /// <param name="channels">Of every level.</param>
    public FeaturePyramid(IReadOnlyList<int> stages, int channels)
    {
        _inner = [.. stages.Select((c, i) => Add($"inner_blocks.{i}.0", new Conv2d(c, channels, 1)))];
        _layer = [.. stages.Select((_, i) => Add($"layer_blocks.{i}.0", new Conv2d(channels, channels, 3, padding: 1)))];
        Initialisation.Apply(this, weight => Initialisation.KaimingUniform(weight, a: 1));
    }

    /// <returns>A level for each stage and one more of half the last one's size.</returns>
    public Tensor[] Call(IReadOnlyList<Tensor> stages, Phase phase)
    {
        using var scope = new TensorScope();
        var levels = new Tensor[stages.Count + 1];
        var last = _inner[^1].Call(stages[^1], phase);
        levels[stages.Count - 1] = _layer[^1].Call(last, phase);
        for (var i = stages.Count - 2; i >= 0; i--)
        {
            var lateral = _inner[i].Call(stages[i], phase);
            last = lateral + Functional.InterpolateNearest(last, (lateral.Size(2), lateral.Size(3)));
            levels[i] = _layer[i].Call(last, phase);
        }
        levels[^1] = Functional.MaxPool2d(levels[^2], 1, stride: 2);
        foreach (var level in levels) scope.Keep(level);
        return levels;
    }
}
