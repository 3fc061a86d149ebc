// MobileNetV2: Inverted Residuals and Linear Bottlenecks. Sandler et al. 2018, arXiv 1801.04381.
//
// Equals torchvision 0.14 mobilenet_v2, the same keys; 3,504,872 parameters with 1000 outputs. No deviation.
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>Widens by 1×1, filters each channel by 3×3, narrows by 1×1 without an activation; with a shortcut where the shape stays.</summary>
internal sealed class InvertedResidual : Layer
{
    private readonly ConvNormActivation? _expand;
    private readonly ConvNormActivation _depthwise;
    private readonly Conv2d _project;
    private readonly BatchNorm2d _bn;
    private readonly bool _shortCut;

    public InvertedResidual(int input, int output, int stride, int expansion)
    {
        var (hidden, i) = (input * expansion, 0);
        if (expansion != 1) _expand = Add($"conv.{i++}", new ConvNormActivation(input, hidden, 1, then: Nonlinearity.Relu6));
        _depthwise = Add($"conv.{i++}", new ConvNormActivation(hidden, hidden, 3, stride, groups: hidden, then: Nonlinearity.Relu6));
        _project = Add($"conv.{i++}", new Conv2d(hidden, output, 1, bias: false));
        _bn = Add($"conv.{i}", new BatchNorm2d(output));
        _shortCut = stride == 1 && input == output;
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = _depthwise.Call(_expand?.Call(x, phase) ?? x, phase);
        return _bn.Call(_project.Call(y, phase), phase, Activation.None, _shortCut ? x : null);
    }
}

/// <summary>Inverted residuals with depthwise convolutions: 3.5 million parameters, 0.3 billion multiplications at 224 px.</summary>
internal sealed class MobileNetV2 : Network
{
    /// <summary>Table 2 of the paper: expansion t, channels c, repeats n, stride of the first s. One line a stage.</summary>
    private static readonly (int T, int C, int N, int S)[] Layout =
    [
        (1, 16, 1, 1),    // stage1: side 112 at 224
        (6, 24, 2, 2),    // stage2: 56
        (6, 32, 3, 2),    // stage3: 28
        (6, 64, 4, 2),    // stage4: 14
        (6, 96, 3, 1),    // stage5: 14
        (6, 160, 3, 2),   // stage6: 7
        (6, 320, 1, 1),   // stage7: 7
    ];

    private readonly ConvNormActivation _stem;
    private readonly ConvNormActivation? _top;
    private readonly Sequential[] _stages;

    public MobileNetV2(NetworkOptions options)
    {
        _stem = Add("features.0", new ConvNormActivation(options.InputChannels, 32, 3, stride: 2, then: Nonlinearity.Relu6));
        var (channels, index) = (32, 1);
        _stages = new Sequential[options.LastStage ?? Layout.Length];
        for (var stage = 0; stage < _stages.Length; stage++)
        {
            var (t, c, n, s) = Layout[stage];
            _stages[stage] = new Sequential(); // not in the tree: the reference numbers blocks through
            for (var i = 0; i < n; i++, channels = c)
                _stages[stage].Append(Add($"features.{index++}", new InvertedResidual(channels, c, i == 0 ? s : 1, t)));
        }
        if (options.LastStage is null) _top = Add($"features.{index}", new ConvNormActivation(channels, 1280, 1, then: Nonlinearity.Relu6));
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));
        UseHead(options, 1280, "classifier.1", () =>
        {
            var linear = Add("classifier.1", new Linear(1280, options.Outputs));
            Initialisation.Apply(linear, weight => Initialisation.Normal(weight, 0, 0.01));
            return new AverageLinear(linear, options.Dropout ?? 0.2);
        });
    }

    public override IReadOnlyList<string> StageNames => ["stem", .. _stages.Select((_, i) => $"stage{i + 1}"), .. _top is null ? [] : (string[])["top"]];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem", _stem.Call(x, phase));                                          // [N, 32, H/2, W/2]
        for (var stage = 0; stage < _stages.Length; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return _top is null ? x : stages.Mark("top", _top.Call(x, phase));                      // [N, 1280, H/32, W/32]
    }
}
