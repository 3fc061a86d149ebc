// Xception: Deep Learning with Depthwise Separable Convolutions. Chollet 2016, arXiv 1610.02357, figure 5.
//
// Equals timm's legacy_xception (Cadene's pretrained-models.pytorch xception), the same keys; 22,855,952 parameters with 1000 outputs.
// As there, pools and convolutions pad evenly where Keras pads "same", and weights start as timm's (He, normal, fan-out) with PyTorch's default for the last layer.
// Deviation: dropout before the last layer, when the options ask for it.
//
//   299 → conv 3×3/2, 32 → conv 3×3, 64     → 147  stem
//       → block 128/2                       →  74  stage1
//       → block 256/2                       →  37  stage2
//       → block 728/2, eight blocks 728     →  19  stage3
//       → block 1024/2, separable 1536, 2048 → 10  stage4
//       → global average → linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>A 3×3 convolution of each channel, then a 1×1 convolution across channels; nothing between.</summary>
internal sealed class SeparableConv : Layer
{
    private readonly Conv2d _depthwise, _pointwise;

    public SeparableConv(int input, int output)
    {
        _depthwise = Add("conv1", new Conv2d(input, input, 3, padding: 1, groups: input, bias: false));
        _pointwise = Add("pointwise", new Conv2d(input, output, 1, bias: false));
    }

    protected override Tensor Forward(Tensor x, Phase phase) => _pointwise.Call(_depthwise.Call(x, phase), phase);
}

/// <summary>Two or three times relu, separable convolution, batch norm; a pool; and a shortcut, through a 1×1 convolution where the shape changes.</summary>
internal sealed class XceptionBlock : Layer
{
    private readonly List<(SeparableConv Conv, BatchNorm2d Norm)> _rep = [];
    private readonly Conv2d? _skip;
    private readonly BatchNorm2d? _skipNorm;
    private readonly bool _reluFirst;
    private readonly int _stride;

    /// <param name="growFirst">Whether the first convolution widens, or the last.</param>
    public XceptionBlock(int input, int output, int convolutions, int stride, bool reluFirst = true, bool growFirst = true)
    {
        (_reluFirst, _stride) = (reluFirst, stride);
        if (input != output || stride != 1)
        {
            _skip = Add("skip", new Conv2d(input, output, 1, stride, bias: false));
            _skipNorm = Add("skipbn", new BatchNorm2d(output));
        }
        for (var i = 0; i < convolutions; i++)
        {
            var from = growFirst && i > 0 ? output : input;
            var to = growFirst || i == convolutions - 1 ? output : input;
            var index = 3 * i + (reluFirst ? 1 : 0); // the relus count too
            _rep.Add((Add($"rep.{index}", new SeparableConv(from, to)), Add($"rep.{index + 1}", new BatchNorm2d(to))));
        }
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var shortCut = _skipNorm?.Call(_skip!.Call(x, phase), phase) ?? x;
        var y = _reluFirst ? Functional.Relu(x) : x;
        for (var i = 0; i < _rep.Count; i++)
            y = _rep[i].Norm.Call(_rep[i].Conv.Call(y, phase), phase, i < _rep.Count - 1 ? Activation.Relu : Activation.None, _stride == 1 && i == _rep.Count - 1 ? shortCut : null);
        return _stride == 1 ? y : Functional.MaxPool2d(y, 3, stride: _stride, padding: 1) + shortCut;
    }
}

/// <summary>Inception's idea taken to its end: depthwise separable convolutions with shortcuts.</summary>
internal sealed class Xception : Network
{
    private readonly Conv2d _conv1, _conv2;
    private readonly BatchNorm2d _bn1, _bn2, _bn3, _bn4;
    private readonly SeparableConv _conv3, _conv4;
    private readonly Sequential[] _stages;

    public Xception(NetworkOptions options)
    {
        _conv1 = Add("conv1", new Conv2d(options.InputChannels, 32, 3, stride: 2, bias: false));
        _bn1 = Add("bn1", new BatchNorm2d(32));
        _conv2 = Add("conv2", new Conv2d(32, 64, 3, bias: false));
        _bn2 = Add("bn2", new BatchNorm2d(64));
        _stages =
        [
            new Sequential(Add("block1", new XceptionBlock(64, 128, 2, stride: 2, reluFirst: false))),
            new Sequential(Add("block2", new XceptionBlock(128, 256, 2, stride: 2))),
            new Sequential(Add("block3", new XceptionBlock(256, 728, 2, stride: 2))),
            new Sequential(),
        ];
        for (var i = 4; i < 12; i++) _stages[2].Append(Add($"block{i}", new XceptionBlock(728, 728, 3, stride: 1)));
        _stages[3].Append(Add("block12", new XceptionBlock(728, 1024, 2, stride: 2, growFirst: false)));
        _conv3 = Add("conv3", new SeparableConv(1024, 1536));
        _bn3 = Add("bn3", new BatchNorm2d(1536));
        _conv4 = Add("conv4", new SeparableConv(1536, 2048));
        _bn4 = Add("bn4", new BatchNorm2d(2048));
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));
        UseHead(options, 2048, "fc", () => new AverageLinear(Add("fc", new Linear(2048, options.Outputs)), options.Dropout ?? 0));
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3", "stage4"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = _bn1.Call(_conv1.Call(x, phase), phase, Activation.Relu);
        x = stages.Mark("stem", _bn2.Call(_conv2.Call(x, phase), phase, Activation.Relu));        // [N, 64, H/2 − 3 or so, …]
        for (var stage = 0; stage < 3; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        x = _bn3.Call(_conv3.Call(_stages[3].Call(x, phase), phase), phase, Activation.Relu);
        return stages.Mark("stage4", _bn4.Call(_conv4.Call(x, phase), phase, Activation.Relu));   // [N, 2048, H/32, W/32]
    }
}
