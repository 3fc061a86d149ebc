// Squeeze-and-Excitation Networks. Hu, Shen, Albanie, Sun, Wu 2017, arXiv 1709.01507, on ResNeXt 32×4d (Xie et al. 2016, arXiv 1611.05431).
//
// Equals se_resnext50_32x4d and se_resnext101_32x4d of Cadene's pretrained-models.pytorch, the same keys: 27,559,896 and 48,955,416 parameters with 1000 outputs.
// As there, the first pool has no padding and rounds its size up (from the authors' Caffe weights), and weights start with PyTorch's defaults.
// Deviation: dropout before the last layer, when the options ask for it.
//
//   stem     conv 7×7/2, 64                          side 112 at 224
//   stage1   max pool 3/2, 3 blocks, 256                  56
//   stage2   4 blocks, 512                                28
//   stage3   6 blocks (101: 23), 1024                     14
//   stage4   3 blocks, 2048                                7
//   head     global average, linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>A bottleneck whose 3×3 convolution has 32 groups, and whose channels are weighed before the shortcut is added.</summary>
internal sealed class SeResNeXtBlock : Layer
{
    private const int Groups = 32, GroupWidth = 4, Reduction = 16;
    private readonly Conv2d _conv1, _conv2, _conv3;
    private readonly BatchNorm2d _bn1, _bn2, _bn3;
    private readonly SqueezeExcitation _se;
    private readonly ShortCut? _downsample;

    public SeResNeXtBlock(int input, int width, int stride)
    {
        var (inner, output) = (width * GroupWidth / 64 * Groups, 4 * width);
        _conv1 = Add("conv1", new Conv2d(input, inner, 1, bias: false));
        _bn1 = Add("bn1", new BatchNorm2d(inner));
        _conv2 = Add("conv2", new Conv2d(inner, inner, 3, stride, padding: 1, groups: Groups, bias: false));
        _bn2 = Add("bn2", new BatchNorm2d(inner));
        _conv3 = Add("conv3", new Conv2d(inner, output, 1, bias: false));
        _bn3 = Add("bn3", new BatchNorm2d(output));
        _se = Add("se_module", new SqueezeExcitation(output, output / Reduction, Functional.Relu, Functional.Sigmoid));
        if (stride != 1 || input != output) _downsample = Add("downsample", new ShortCut(input, output, stride));
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = _bn1.Call(_conv1.Call(x, phase), phase, Activation.Relu);
        y = _bn2.Call(_conv2.Call(y, phase), phase, Activation.Relu);
        y = _se.Call(_bn3.Call(_conv3.Call(y, phase), phase), phase);
        return Functional.ReluInPlace(y + (_downsample?.Call(x, phase) ?? x));
    }
}

/// <summary>A residual network with grouped convolutions and squeeze and excitation.</summary>
internal sealed class SeResNeXt : Network
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d _bn;
    private readonly Sequential[] _stages = new Sequential[4];

    /// <param name="blocks">Blocks in each of the four stages.</param>
    public SeResNeXt(int[] blocks, NetworkOptions options)
    {
        _conv = Add("layer0.conv1", new Conv2d(options.InputChannels, 64, 7, stride: 2, padding: 3, bias: false));
        _bn = Add("layer0.bn1", new BatchNorm2d(64));
        var channels = 64;
        for (var stage = 0; stage < 4; stage++)
        {
            _stages[stage] = Add($"layer{stage + 1}", new Sequential());
            for (var i = 0; i < blocks[stage]; i++, channels = 256 << stage)
                _stages[stage].Append(new SeResNeXtBlock(channels, 64 << stage, stage > 0 && i == 0 ? 2 : 1));
        }
        UseHead(options, channels, "last_linear", () => new AverageLinear(Add("last_linear", new Linear(channels, options.Outputs)), options.Dropout ?? 0));
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3", "stage4"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem", _bn.Call(_conv.Call(x, phase), phase, Activation.Relu));          // [N, 64, H/2, W/2]
        x = Functional.MaxPool2d(x, 3, stride: 2, ceiling: true);
        for (var stage = 0; stage < 4; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return x;                                                                                 // [N, 2048, H/32, W/32]
    }
}
