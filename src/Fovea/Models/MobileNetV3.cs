// Searching for MobileNetV3. Howard et al. 2019, arXiv 1905.02244, table 1: MobileNetV3-Large.
//
// Equals torchvision 0.14 mobilenet_v3_large, the same keys; 5,483,032 parameters with 1000 outputs. No deviation.
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>An inverted residual with an optional squeeze and excitation, and relu or hard swish.</summary>
internal sealed class MobileNetV3Block : Layer
{
    private readonly Sequential _block = new();
    private readonly bool _shortCut;

    public MobileNetV3Block(int input, MobileNetV3.BlockLayout layout)
    {
        var (kernel, hidden, output, squeeze, hard, stride) = layout;
        var then = hard ? Nonlinearity.Hardswish : Nonlinearity.Relu;
        if (hidden != input) _block.Append(MobileNetV3.Conv(input, hidden, 1, 1, 1, then));
        _block.Append(MobileNetV3.Conv(hidden, hidden, kernel, stride, hidden, then));
        if (squeeze) _block.Append(new SqueezeExcitation(hidden, MobileNetV3.MultipleOf8(hidden / 4), Functional.Relu, Functional.Hardsigmoid));
        _block.Append(MobileNetV3.Conv(hidden, output, 1, 1, 1, Nonlinearity.None));
        Add("block", _block);
        _shortCut = stride == 1 && input == output;
    }

    protected override Tensor Forward(Tensor x, Phase phase) => _shortCut ? _block.Call(x, phase) + x : _block.Call(x, phase);
}

/// <summary>MobileNetV2's successor, found by search: 5.5 million parameters, 0.2 billion multiplications at 224 px.</summary>
internal sealed class MobileNetV3 : Network
{
    /// <summary>A row of table 1: kernel k, expansion size, output channels, squeeze and excitation, hard swish, stride.</summary>
    internal sealed record BlockLayout(int Kernel, int Hidden, int Output, bool Squeeze, bool HardSwish, int Stride);

    /// <summary>Rows of equal side, as stages.</summary>
    private static readonly BlockLayout[][] Layout =
    [
        [new(3, 16, 16, false, false, 1)],                                                                        // stage1: side 112 at 224
        [new(3, 64, 24, false, false, 2), new(3, 72, 24, false, false, 1)],                                       // stage2: 56
        [new(5, 72, 40, true, false, 2), new(5, 120, 40, true, false, 1), new(5, 120, 40, true, false, 1)],       // stage3: 28
        [
            new(3, 240, 80, false, true, 2), new(3, 200, 80, false, true, 1), new(3, 184, 80, false, true, 1),    // stage4: 14
            new(3, 184, 80, false, true, 1), new(3, 480, 112, true, true, 1), new(3, 672, 112, true, true, 1),
        ],
        [new(5, 672, 160, true, true, 2), new(5, 960, 160, true, true, 1), new(5, 960, 160, true, true, 1)],      // stage5: 7
    ];

    private readonly ConvNormActivation _stem, _top;
    private readonly Sequential[] _stages = new Sequential[Layout.Length];

    public MobileNetV3(NetworkOptions options)
    {
        _stem = Add("features.0", Conv(options.InputChannels, 16, 3, 2, 1, Nonlinearity.Hardswish));
        var (channels, index) = (16, 1);
        for (var stage = 0; stage < Layout.Length; stage++)
        {
            _stages[stage] = new Sequential(); // not in the tree: the reference numbers blocks through
            foreach (var block in Layout[stage])
            {
                _stages[stage].Append(Add($"features.{index++}", new MobileNetV3Block(channels, block)));
                channels = block.Output;
            }
        }
        _top = Add($"features.{index}", Conv(channels, 960, 1, 1, 1, Nonlinearity.Hardswish));
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));
        UseHead(options, 960, "classifier.3", () =>
        {
            Linear hidden = Add("classifier.0", new Linear(960, 1280)), output = Add("classifier.3", new Linear(1280, options.Outputs));
            var head = new Sequential(new GlobalAveragePool(), hidden, new Hardswish(), new Dropout(options.Dropout ?? 0.2), output);
            Initialisation.Apply(head, weight => Initialisation.Normal(weight, 0, 0.01));
            return head;
        }, classifier: ["classifier"]);
    }

    public override IReadOnlyList<string> StageNames => ["stem", "stage1", "stage2", "stage3", "stage4", "stage5", "top"];

    internal static ConvNormActivation Conv(int input, int output, int kernel, int stride, int groups, Nonlinearity then) =>
        new(input, output, kernel, stride, groups, then, eps: 1e-3, momentum: 0.01);

    /// <summary>The nearest multiple of 8 that loses no more than a tenth.</summary>
    internal static int MultipleOf8(int channels)
    {
        var rounded = Math.Max(8, (channels + 4) / 8 * 8);
        return rounded < 0.9 * channels ? rounded + 8 : rounded;
    }

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem", _stem.Call(x, phase));                                          // [N, 16, H/2, W/2]
        for (var stage = 0; stage < Layout.Length; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return stages.Mark("top", _top.Call(x, phase));                                         // [N, 960, H/32, W/32]
    }
}
