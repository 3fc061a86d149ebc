// EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks. Tan, Le 2019, arXiv 1905.11946, table 1.
//
// Equals torchvision 0.14 efficientnet_b0 … b5, the same keys: 5,288,548, 7,794,184, 9,109,994, 12,233,232, 19,341,616 and 30,389,784 parameters with 1000 outputs.
// No deviation (B5 has batch norms with eps 1e-3 and momentum 0.01, there as here).
//
//   stem    conv 3×3/2, 32
//   stage1  MBConv1 3×3,   16 × 1        side 112 at 224
//   stage2  MBConv6 3×3/2, 24 × 2             56
//   stage3  MBConv6 5×5/2, 40 × 2             28
//   stage4  MBConv6 3×3/2, 80 × 3             14
//   stage5  MBConv6 5×5,  112 × 3             14
//   stage6  MBConv6 5×5/2, 192 × 4             7
//   stage7  MBConv6 3×3,  320 × 1              7
//   top     conv 1×1, 1280 (four times stage7)
//   head    global average, dropout, linear
//   widths of B0, scaled and rounded to multiples of 8; repeats scaled and rounded up
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>How far a member of the family is scaled.</summary>
internal sealed record EfficientNetLayout(double Width, double Depth, double Dropout, double Eps = 1e-5, double Momentum = 0.1)
{
    public static readonly EfficientNetLayout B0 = new(1.0, 1.0, 0.2);
    public static readonly EfficientNetLayout B1 = new(1.0, 1.1, 0.2);
    public static readonly EfficientNetLayout B2 = new(1.1, 1.2, 0.3);
    public static readonly EfficientNetLayout B3 = new(1.2, 1.4, 0.3);
    public static readonly EfficientNetLayout B4 = new(1.4, 1.8, 0.4);
    public static readonly EfficientNetLayout B5 = new(1.6, 2.2, 0.4, Eps: 1e-3, Momentum: 0.01);

    /// <summary>Scaled to the nearest multiple of 8 that loses no more than a tenth.</summary>
    public int Channels(int channels)
    {
        var scaled = channels * Width;
        var rounded = Math.Max(8, (int)(scaled + 4) / 8 * 8);
        return rounded < 0.9 * scaled ? rounded + 8 : rounded;
    }

    public int Repeats(int repeats) => (int)Math.Ceiling(repeats * Depth);
}

/// <summary>Widens by 1×1, filters each channel, weighs channels by squeeze and excitation, narrows by 1×1; with a shortcut where the shape stays.</summary>
internal sealed class MBConv : Layer
{
    private readonly Sequential _block = new();
    private readonly double _drop;
    private readonly bool _shortCut;

    public MBConv(EfficientNetLayout layout, int input, int output, int expansion, int kernel, int stride, double drop)
    {
        var hidden = input * expansion;
        ConvNormActivation Conv(int from, int to, int size, int step, int groups, Nonlinearity then) => new(from, to, size, step, groups, then, layout.Eps, layout.Momentum);
        if (expansion != 1) _block.Append(Conv(input, hidden, 1, 1, 1, Nonlinearity.Silu));
        _block.Append(Conv(hidden, hidden, kernel, stride, hidden, Nonlinearity.Silu));
        _block.Append(new SqueezeExcitation(hidden, Math.Max(1, input / 4), Functional.Silu, Functional.Sigmoid));
        _block.Append(Conv(hidden, output, 1, 1, 1, Nonlinearity.None));
        Add("block", _block);
        (_drop, _shortCut) = (drop, stride == 1 && input == output);
    }

    protected override Tensor Forward(Tensor x, Phase phase) =>
        _shortCut ? StochasticDepth.Drop(_block.Call(x, phase), _drop, phase) + x : _block.Call(x, phase);
}

/// <summary>A network found by search and scaled in depth, width and resolution together.</summary>
internal sealed class EfficientNet : Network
{
    private static readonly (int Expansion, int Kernel, int Stride, int Channels, int Repeats)[] Stages =
        [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)];

    private readonly ConvNormActivation _stem, _top;
    private readonly Sequential[] _stages = new Sequential[Stages.Length];

    public EfficientNet(EfficientNetLayout layout, NetworkOptions options)
    {
        var (channels, block, blocks) = (layout.Channels(32), 0, Stages.Sum(s => layout.Repeats(s.Repeats)));
        _stem = Add("features.0", new ConvNormActivation(options.InputChannels, channels, 3, stride: 2, then: Nonlinearity.Silu, eps: layout.Eps, momentum: layout.Momentum));
        for (var stage = 0; stage < Stages.Length; stage++)
        {
            var (expansion, kernel, stride, width, repeats) = Stages[stage];
            _stages[stage] = Add($"features.{stage + 1}", new Sequential());
            for (var i = 0; i < layout.Repeats(repeats); i++, block++, channels = layout.Channels(width))
                _stages[stage].Append(new MBConv(layout, channels, layout.Channels(width), expansion, kernel, i == 0 ? stride : 1, (options.StochasticDepth ?? 0.2) * block / blocks));
        }
        var top = 4 * channels;
        _top = Add("features.8", new ConvNormActivation(channels, top, 1, then: Nonlinearity.Silu, eps: layout.Eps, momentum: layout.Momentum));
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));
        UseHead(options, top, "classifier.1", () =>
        {
            var linear = Add("classifier.1", new Linear(top, options.Outputs));
            var bound = 1 / Math.Sqrt(options.Outputs);
            Initialisation.Apply(linear, weight => Initialisation.Uniform(weight, -bound, bound));
            return new AverageLinear(linear, options.Dropout ?? layout.Dropout);
        });
    }

    public override IReadOnlyList<string> StageNames => ["stem", .. Stages.Select((_, i) => $"stage{i + 1}"), "top"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem", _stem.Call(x, phase));                                          // [N, 32, H/2, W/2] for B0
        for (var stage = 0; stage < Stages.Length; stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return stages.Mark("top", _top.Call(x, phase));                                         // [N, 1280, H/32, W/32] for B0
    }
}
