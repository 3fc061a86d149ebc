// Densely Connected Convolutional Networks. Huang, Liu, van der Maaten, Weinberger 2016, arXiv 1608.06993, table 1: DenseNet-BC with growth 32.
//
// Equals torchvision 0.14 densenet121, 169, 201, the same keys: 7,978,856, 14,149,480 and 20,013,928 parameters with 1000 outputs.
// Checkpoints of torchvision's site name "norm.1" what is "norm1" here and in its code; both are read. Deviation: dropout before the last layer, when the options ask for it.
//
//                121   169   201    side at 224
//   stem       conv 7×7/2, 64         112
//   stage1   max pool 3/2, dense layers 6      6      6     56
//   stage2   transition,   dense layers 12    12     12     28
//   stage3   transition,   dense layers 24    32     48     14
//   stage4   transition,   dense layers 16    32     32      7, then batch norm and relu
//   head     global average, linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>Dense layers in each of the four blocks.</summary>
internal sealed record DenseNetLayout(int[] Blocks)
{
    public const int Growth = 32, Bottleneck = 4 * Growth, Stem = 64;

    public static readonly DenseNetLayout DenseNet121 = new([6, 12, 24, 16]);
    public static readonly DenseNetLayout DenseNet169 = new([6, 12, 32, 32]);
    public static readonly DenseNetLayout DenseNet201 = new([6, 12, 48, 32]);
}

/// <summary>Batch norm, relu, 1×1 and batch norm, relu, 3×3: adds <see cref="DenseNetLayout.Growth"/> channels to all that came before.</summary>
internal sealed class DenseLayer : Layer
{
    private readonly BatchNorm2d _norm1, _norm2;
    private readonly Conv2d _conv1, _conv2;

    public DenseLayer(int input)
    {
        _norm1 = Add("norm1", new BatchNorm2d(input));
        _conv1 = Add("conv1", new Conv2d(input, DenseNetLayout.Bottleneck, 1, bias: false));
        _norm2 = Add("norm2", new BatchNorm2d(DenseNetLayout.Bottleneck));
        _conv2 = Add("conv2", new Conv2d(DenseNetLayout.Bottleneck, DenseNetLayout.Growth, 3, padding: 1, bias: false));
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = _conv1.Call(_norm1.Call(x, phase, Activation.Relu), phase);
        return Tensor.Cat([x, _conv2.Call(_norm2.Call(y, phase, Activation.Relu), phase)], 1);
    }
}

/// <summary>Halves the channels by a 1×1 convolution and the side by an average.</summary>
internal sealed class Transition : Layer
{
    private readonly BatchNorm2d _norm;
    private readonly Conv2d _conv;

    public Transition(int input, int output)
    {
        _norm = Add("norm", new BatchNorm2d(input));
        _conv = Add("conv", new Conv2d(input, output, 1, bias: false));
    }

    protected override Tensor Forward(Tensor x, Phase phase) => Functional.AvgPool2d(_conv.Call(_norm.Call(x, phase, Activation.Relu), phase), 2);
}

/// <summary>A network in which every layer sees the results of all before it in its block.</summary>
internal sealed class DenseNet : Network
{
    private readonly Conv2d _conv0;
    private readonly BatchNorm2d _norm0, _norm5;
    private readonly Sequential[] _blocks = new Sequential[4];
    private readonly Transition?[] _transitions = new Transition?[4];

    public DenseNet(DenseNetLayout layout, NetworkOptions options)
    {
        var channels = DenseNetLayout.Stem;
        _conv0 = Add("features.conv0", new Conv2d(options.InputChannels, channels, 7, stride: 2, padding: 3, bias: false));
        _norm0 = Add("features.norm0", new BatchNorm2d(channels));
        for (var block = 0; block < 4; block++)
        {
            if (block > 0)
            {
                _transitions[block] = Add($"features.transition{block}", new Transition(channels, channels / 2));
                channels /= 2;
            }
            _blocks[block] = Add($"features.denseblock{block + 1}", new Sequential());
            for (var i = 0; i < layout.Blocks[block]; i++, channels += DenseNetLayout.Growth) _blocks[block].Append($"denselayer{i + 1}", new DenseLayer(channels));
        }
        _norm5 = Add("features.norm5", new BatchNorm2d(channels));
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight));
        UseHead(options, channels, "classifier", () =>
        {
            var linear = Add("classifier", new Linear(channels, options.Outputs));
            Initialisation.Constant(linear.Bias!, 0);
            return new AverageLinear(linear, options.Dropout ?? 0);
        });
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3", "stage4"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        using (var scope = new TensorScope()) // the largest map of all, needed no longer than for its norm
            x = scope.Keep(_norm0.Call(_conv0.Call(x, phase), phase, Activation.Relu));
        x = stages.Mark("stem", x);                                                               // [N, 64, H/2, W/2]
        x = Functional.MaxPool2d(x, 3, stride: 2, padding: 1);
        for (var block = 0; block < 3; block++) x = stages.Mark(StageNames[block + 1], _blocks[block].Call(_transitions[block]?.Call(x, phase) ?? x, phase));
        x = _blocks[3].Call(_transitions[3]!.Call(x, phase), phase);
        return stages.Mark("stage4", _norm5.Call(x, phase, Activation.Relu));                     // [N, C, H/32, W/32]
    }
}
