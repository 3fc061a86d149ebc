using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Detection;

/// <summary>From pictures to feature maps of one number of channels: a classifier's stages without its head (under <c>body</c>), and what brings them together.</summary>
public abstract class DetectionBackbone : Module
{
    private protected DetectionBackbone(Network body, int channels)
    {
        Body = Add("body", body);
        Channels = channels;
    }

    /// <summary>The classifier's stages; what pretrained weights are loaded into.</summary>
    public Network Body { get; }

    /// <summary>C of every level.</summary>
    public int Channels { get; }

    /// <summary>Whether the last level is for proposals only, and not looked at again for their class.</summary>
    internal abstract bool LastForProposalsOnly { get; }

    /// <param name="x">[N, 3, H, W], normalised.</param>
    /// <returns>[N, C, h, w] each, large to small; they live as long as the scope around the call.</returns>
    public abstract Tensor[] Call(Tensor x, Phase phase);

    private protected List<Tensor> Stages(Tensor x, Phase phase, IReadOnlyList<string> names)
    {
        var all = Body.CallStages(x, phase).ToDictionary(s => s.Name, s => s.Value);
        return [.. names.Select(name => all[name])];
    }
}

/// <summary>Several stages, joined by a feature pyramid (under <c>fpn</c>).</summary>
internal sealed class PyramidBackbone : DetectionBackbone
{
    private readonly IReadOnlyList<string> _stages;
    private readonly FeaturePyramid _pyramid;

    /// <param name="stages">Names of the body's stages, large maps first, with their channels.</param>
    public PyramidBackbone(Network body, IReadOnlyList<(string Name, int Channels)> stages, int channels) : base(body, channels)
    {
        _stages = [.. stages.Select(s => s.Name)];
        _pyramid = Add("fpn", new FeaturePyramid([.. stages.Select(s => s.Channels)], channels));
    }

    internal override bool LastForProposalsOnly => true;

    public override Tensor[] Call(Tensor x, Phase phase)
    {
        using var scope = new TensorScope();
        var levels = _pyramid.Call(Stages(x, phase, _stages), phase);
        foreach (var level in levels) scope.Keep(level);
        return levels;
    }
}

/// <summary>One stage alone, as Faster R-CNN was published; where it has many channels, a 1×1 convolution (<c>reduce</c>) lessens them.</summary>
internal sealed class SingleMapBackbone : DetectionBackbone
{
    private readonly string _stage;
    private readonly Conv2d? _reduce;

    public SingleMapBackbone(Network body, string stage, int stageChannels, int channels) : base(body, channels)
    {
        _stage = stage;
        if (channels == stageChannels) return;
        _reduce = Add("reduce", new Conv2d(stageChannels, channels, 1));
        Initialisation.Apply(_reduce, weight => Initialisation.KaimingUniform(weight, a: 1));
    }

    internal override bool LastForProposalsOnly => false;

    public override Tensor[] Call(Tensor x, Phase phase)
    {
        using var scope = new TensorScope();
        var map = Stages(x, phase, [_stage])[0];
        return [scope.Keep(_reduce?.Call(map, phase) ?? map)];
    }
}
