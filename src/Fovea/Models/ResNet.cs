// Deep Residual Learning for Image Recognition. He, Zhang, Ren, Sun 2015, arXiv 1512.03385.
//
// Aggregated Residual Transformations for Deep Neural Networks. Xie et al. 2016, arXiv 1611.05431: the 3×3 convolution of a block in 32 groups of 4 channels.
//
// Equals torchvision 0.14 resnet18, 34, 50, 101, 152 (the stride lies on the 3×3 convolution, "v1.5") and resnext50_32x4d, the same keys:
// 11,689,512, 21,797,672, 25,557,032, 44,549,160, 60,192,808 and 25,028,904 parameters with 1000 outputs.
// resnet18_small replaces the stem by a 3×3 convolution of stride 1 without a pool, for images of about 28 px (as MedMNIST does, Yang et al. 2023, arXiv 2110.14795).
// Deviation: dropout before the last layer, when the options ask for it.
//
//             resnet18    34    50    101   152   resnext50   side at 224
//   stem      conv 7×7/2, 64 (small: conv 3×3/1)                 112
//   stage1    max pool 3/2 (small: none)
//   blocks       2         3     3      3     3      3            56
//   stage2       2         4     4      4     8      4            28
//   stage3       2         6     6     23    36      6            14
//   stage4       2         3     3      3     3      3             7
//   channels   64 … 512   …    256 … 2048                        (basic blocks; bottlenecks from 50 on)
//   head      global average, linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>The depth of a residual network, laid out as the paper's table 1.</summary>
/// <param name="Blocks">Blocks in each of the four stages.</param>
/// <param name="Bottleneck">Blocks of 1×1, 3×3, 1×1 convolutions with four times the channels at their end, rather than of two 3×3.</param>
/// <param name="SmallStem">For small images: a 3×3 stem of stride 1 and no pool.</param>
/// <param name="Groups">Groups of a bottleneck's 3×3 convolution.</param>
/// <param name="GroupWidth">Channels of a group in the first stage; 64 for one group.</param>
internal sealed record ResNetLayout(int[] Blocks, bool Bottleneck = false, bool SmallStem = false, int Groups = 1, int GroupWidth = 64)
{
    public static readonly ResNetLayout ResNet18 = new([2, 2, 2, 2]);
    public static readonly ResNetLayout ResNet34 = new([3, 4, 6, 3]);
    public static readonly ResNetLayout ResNet50 = new([3, 4, 6, 3], Bottleneck: true);
    public static readonly ResNetLayout ResNet101 = new([3, 4, 23, 3], Bottleneck: true);
    public static readonly ResNetLayout ResNet152 = new([3, 8, 36, 3], Bottleneck: true);
    public static readonly ResNetLayout ResNeXt50 = new([3, 4, 6, 3], Bottleneck: true, Groups: 32, GroupWidth: 4);
    public static readonly ResNetLayout ResNet18Small = new([2, 2, 2, 2], SmallStem: true);
}

/// <summary>Two 3×3 convolutions with a shortcut around them.</summary>
internal sealed class BasicBlock : Layer
{
    private readonly Conv2d _conv1, _conv2;
    private readonly BatchNorm2d _bn1, _bn2;
    private readonly ShortCut? _downsample;

    public BasicBlock(int input, int width, int stride)
    {
        _conv1 = Add("conv1", new Conv2d(input, width, 3, stride, padding: 1, bias: false));
        _bn1 = Add("bn1", new BatchNorm2d(width));
        _conv2 = Add("conv2", new Conv2d(width, width, 3, padding: 1, bias: false));
        _bn2 = Add("bn2", new BatchNorm2d(width));
        if (stride != 1 || input != width) _downsample = Add("downsample", new ShortCut(input, width, stride));
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = _bn1.Call(_conv1.Call(x, phase), phase, Activation.Relu);
        return _bn2.Call(_conv2.Call(y, phase), phase, Activation.Relu, _downsample?.Call(x, phase) ?? x);
    }
}

/// <summary>1×1, 3×3 and 1×1 convolutions with a shortcut around them; four times <c>width</c> channels come out.</summary>
internal sealed class Bottleneck : Layer
{
    private readonly Conv2d _conv1, _conv2, _conv3;
    private readonly BatchNorm2d _bn1, _bn2, _bn3;
    private readonly ShortCut? _downsample;

    public Bottleneck(int input, int width, int stride, int groups, int groupWidth)
    {
        var inner = width * groupWidth / 64 * groups;
        _conv1 = Add("conv1", new Conv2d(input, inner, 1, bias: false));
        _bn1 = Add("bn1", new BatchNorm2d(inner));
        _conv2 = Add("conv2", new Conv2d(inner, inner, 3, stride, padding: 1, groups: groups, bias: false));
        _bn2 = Add("bn2", new BatchNorm2d(inner));
        _conv3 = Add("conv3", new Conv2d(inner, 4 * width, 1, bias: false));
        _bn3 = Add("bn3", new BatchNorm2d(4 * width));
        if (stride != 1 || input != 4 * width) _downsample = Add("downsample", new ShortCut(input, 4 * width, stride));
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = _bn1.Call(_conv1.Call(x, phase), phase, Activation.Relu);
        y = _bn2.Call(_conv2.Call(y, phase), phase, Activation.Relu);
        return _bn3.Call(_conv3.Call(y, phase), phase, Activation.Relu, _downsample?.Call(x, phase) ?? x);
    }
}

/// <summary>A 1×1 convolution that gives the shortcut the block's channels and stride ("option B" of the paper).</summary>
internal sealed class ShortCut : Layer
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d _bn;

    public ShortCut(int input, int output, int stride)
    {
        _conv = Add("0", new Conv2d(input, output, 1, stride, bias: false));
        _bn = Add("1", new BatchNorm2d(output));
    }

    protected override Tensor Forward(Tensor x, Phase phase) => _bn.Call(_conv.Call(x, phase), phase);
}

/// <summary>A residual network of four stages.</summary>
internal sealed class ResNet : Network
{
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1;
    private readonly Sequential[] _stages = new Sequential[4];
    private readonly bool _pool;

    public ResNet(ResNetLayout layout, NetworkOptions options)
    {
        _pool = !layout.SmallStem;
        _conv1 = Add("conv1", layout.SmallStem
            ? new Conv2d(options.InputChannels, 64, 3, padding: 1, bias: false)
            : new Conv2d(options.InputChannels, 64, 7, stride: 2, padding: 3, bias: false));
        _bn1 = Add("bn1", new BatchNorm2d(64));
        var channels = 64;
        for (var stage = 0; stage < 4; stage++)
        {
            var width = 64 << stage;
            _stages[stage] = Add($"layer{stage + 1}", new Sequential());
            for (var i = 0; i < layout.Blocks[stage]; i++)
            {
                var stride = stage > 0 && i == 0 ? 2 : 1;
                _stages[stage].Append(layout.Bottleneck ? new Bottleneck(channels, width, stride, layout.Groups, layout.GroupWidth) : new BasicBlock(channels, width, stride));
                channels = layout.Bottleneck ? 4 * width : width;
            }
        }
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));
        // The last layer keeps PyTorch's default, as in torchvision.
        UseHead(options, channels, "fc", () => new AverageLinear(Add("fc", new Linear(channels, options.Outputs)), options.Dropout ?? 0));
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3", "stage4"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        using (var scope = new TensorScope()) // the largest map of all, needed no longer than for its norm
            x = scope.Keep(_bn1.Call(_conv1.Call(x, phase), phase, Activation.Relu));
        x = stages.Mark("stem", x);                                                               // [N, 64, H/2, W/2]
        if (_pool) x = Functional.MaxPool2d(x, 3, stride: 2, padding: 1);
        for (var stage = 0; stage < 4; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return x;                                                                                 // [N, C, H/32, W/32]
    }
}
