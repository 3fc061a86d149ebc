// SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and < 0.5 MB model size. Iandola et al. 2016, arXiv 1602.07360; version 1.1 of the authors' repository.
//
// Equals torchvision 0.14 squeezenet1_1: 1,235,496 parameters with 1000 outputs, the same keys.
// Deviation: with NetworkOptions.SignedLogits the rectifier behind the last convolution is left out.
//
//   224 → conv 3×3/2, 64      → 111  stem
//       → max pool 3/2 → fire 16-64, fire 16-64            → 55  stage1 (128 channels)
//       → max pool 3/2 → fire 32-128, fire 32-128          → 27  stage2 (256)
//       → max pool 3/2 → fire 48-192 ×2, fire 64-256 ×2    → 13  stage3 (512)
//       → dropout 0.5 → conv 1×1, outputs → relu → global average
//
// Shapes: N batch, C channels, H, W pixels. Pools round their size up.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>A small network without batch norm: 1.2 million parameters, quick on a CPU.</summary>
internal sealed class SqueezeNet : Network
{
    /// <summary>Index in "features", squeeze channels, and channels of each of the two expansions; 0 marks a max pool.</summary>
    private static readonly (int Index, int Squeeze, int Expand)[] Layout =
        [(2, 0, 0), (3, 16, 64), (4, 16, 64), (5, 0, 0), (6, 32, 128), (7, 32, 128), (8, 0, 0), (9, 48, 192), (10, 48, 192), (11, 64, 256), (12, 64, 256)];

    private readonly Conv2d _stem;
    private readonly List<Fire?> _features = [];

    public SqueezeNet(NetworkOptions options)
    {
        _stem = Add("features.0", new Conv2d(options.InputChannels, 64, 3, stride: 2));
        var channels = 64;
        foreach (var (index, squeeze, expand) in Layout)
        {
            _features.Add(squeeze == 0 ? null : Add($"features.{index}", new Fire(channels, squeeze, expand)));
            if (squeeze != 0) channels = 2 * expand;
        }
        Initialisation.Apply(this, weight => Initialisation.KaimingUniform(weight));
        UseHead(options, channels, "classifier.1", () =>
        {
            var conv = Add("classifier.1", new Conv2d(channels, options.Outputs, 1));
            Initialisation.Apply(conv, weight => Initialisation.Normal(weight, 0, 0.01));
            return new Classifier(conv, options.Dropout ?? 0.5, options.SignedLogits);
        });
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = Functional.Relu(_stem.Call(x, phase));
        var stage = 0;
        foreach (var fire in _features)
        {
            if (fire is null) x = Functional.MaxPool2d(stages.Mark(StageNames[stage++], x), 3, stride: 2, ceiling: true);
            else x = fire.Call(x, phase);
        }
        return stages.Mark(StageNames[stage], x);                                         // [N, 512, H/16, W/16]
    }

    /// <summary>A 1×1 convolution to one map for each output, averaged.</summary>
    private sealed class Classifier(Conv2d conv, double dropout, bool signedLogits) : Layer
    {
        protected override Tensor Forward(Tensor x, Phase phase)
        {
            x = conv.Call(Functional.Dropout(x, dropout, phase == Phase.Training), phase);
            return Functional.GlobalAveragePool(signedLogits ? x : Functional.Relu(x));   // [N, outputs]
        }
    }

    /// <summary>A 1×1 convolution to few channels, then 1×1 and 3×3 convolutions side by side.</summary>
    private sealed class Fire : Layer
    {
        private readonly Conv2d _squeeze, _expand1, _expand3;

        public Fire(int channels, int squeeze, int expand)
        {
            _squeeze = Add("squeeze", new Conv2d(channels, squeeze, 1));
            _expand1 = Add("expand1x1", new Conv2d(squeeze, expand, 1));
            _expand3 = Add("expand3x3", new Conv2d(squeeze, expand, 3, padding: 1));
        }

        protected override Tensor Forward(Tensor x, Phase phase)
        {
            x = Functional.Relu(_squeeze.Call(x, phase));
            return Tensor.Cat([Functional.Relu(_expand1.Call(x, phase)), Functional.Relu(_expand3.Call(x, phase))], 1);
        }
    }
}
