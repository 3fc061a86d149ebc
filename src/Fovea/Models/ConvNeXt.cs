// A ConvNet for the 2020s. Liu, Mao, Wu, Feichtenhofer, Darrell, Xie 2022, arXiv 2201.03545.
//
// Equals torchvision 0.14 convnext_tiny, the same keys; 28,589,128 parameters with 1000 outputs.
// Deviation: dropout before the last layer, when the options ask for it.
//
//   stem     conv 4×4/4, 96, layer norm                 side 56 at 224
//   stage1   3 blocks, 96                                    56
//   stage2   layer norm, conv 2×2/2, 3 blocks, 192           28
//   stage3   layer norm, conv 2×2/2, 9 blocks, 384           14
//   stage4   layer norm, conv 2×2/2, 3 blocks, 768            7
//   head     global average, layer norm, linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>A 7×7 depthwise convolution, layer norm, and two dense layers at each pixel, scaled channel by channel and added to the input.</summary>
internal sealed class ConvNeXtBlock : Layer
{
    private const double LayerScale = 1e-6;
    private readonly Conv2d _depthwise;
    private readonly LayerNorm _norm;
    private readonly Linear _widen, _narrow;
    private readonly Tensor _scale;
    private readonly double _drop;

    public ConvNeXtBlock(int channels, double drop)
    {
        _scale = AddParameter("layer_scale", Tensor.Full(LayerScale, ScalarType.Float32, channels, 1, 1));
        _depthwise = Add("block.0", new Conv2d(channels, channels, 7, padding: 3, groups: channels));
        _norm = Add("block.2", new LayerNorm(channels, eps: 1e-6));
        _widen = Add("block.3", new Linear(channels, 4 * channels));
        _narrow = Add("block.5", new Linear(4 * channels, channels));
        _drop = drop;
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = _norm.Call(_depthwise.Call(x, phase).Permute(0, 2, 3, 1), phase);                 // [N, H, W, C]
        y = _narrow.Call(Functional.Gelu(_widen.Call(y, phase)), phase);
        return StochasticDepth.Drop(_scale * y.Permute(0, 3, 1, 2), _drop, phase) + x;
    }
}

/// <summary>A residual network brought up to date with what vision transformers taught.</summary>
internal sealed class ConvNeXt : Network
{
    private static readonly (int Channels, int Blocks)[] Tiny = [(96, 3), (192, 3), (384, 9), (768, 3)];

    private readonly Sequential _stem;
    private readonly Sequential[] _stages = new Sequential[Tiny.Length];

    public ConvNeXt(NetworkOptions options)
    {
        _stem = Add("features.0", new Sequential(new Conv2d(options.InputChannels, Tiny[0].Channels, 4, stride: 4), new LayerNorm2d(Tiny[0].Channels)));
        var (channels, block, last) = (Tiny[0].Channels, 0, Tiny.Sum(s => s.Blocks) - 1);
        for (var stage = 0; stage < Tiny.Length; stage++)
        {
            _stages[stage] = new Sequential(); // not in the tree: the reference has downsampling and blocks side by side
            var (width, count) = Tiny[stage];
            if (stage > 0) _stages[stage].Append(Add($"features.{2 * stage}", new Sequential(new LayerNorm2d(channels), new Conv2d(channels, width, 2, stride: 2))));
            var blocks = Add($"features.{2 * stage + 1}", new Sequential());
            for (var i = 0; i < count; i++, block++) blocks.Append(new ConvNeXtBlock(width, (options.StochasticDepth ?? 0.1) * block / last));
            _stages[stage].Append(blocks);
            channels = width;
        }
        UseHead(options, channels, "classifier.2", () => new Classifier(
            Add("classifier.0", new LayerNorm2d(channels)), Add("classifier.2", new Linear(channels, options.Outputs)), options.Dropout ?? 0), classifier: ["classifier"]);
        foreach (var (path, module) in NamedModules())
            if (module is Conv2d or Linear && !path.StartsWith("head.", StringComparison.Ordinal)) Initialisation.Apply(module, weight => Initialisation.TruncatedNormal(weight, 0, 0.02));
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3", "stage4"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem", _stem.Call(x, phase));                                            // [N, 96, H/4, W/4]
        for (var stage = 0; stage < Tiny.Length; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return x;                                                                                 // [N, 768, H/32, W/32]
    }

    private sealed class Classifier(LayerNorm2d norm, Linear linear, double dropout) : Layer
    {
        protected override Tensor Forward(Tensor x, Phase phase)
        {
            var mean = norm.Call(Functional.AdaptiveAvgPool2d(x, 1), phase).Flatten(1);
            return linear.Call(Functional.Dropout(mean, dropout, phase == Phase.Training), phase);
        }
    }
}
