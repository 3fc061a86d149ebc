// Rethinking the Inception Architecture for Computer Vision. Szegedy, Vanhoucke, Ioffe, Shlens, Wojna 2015, arXiv 1512.00567, table 1 and figures 5 to 8.
//
// Equals torchvision 0.14 inception_v3, the same keys: 27,161,264 parameters with 1000 outputs, 3,326,696 of them in the auxiliary head, which only the published classifier has.
// Deviation: images too small for the auxiliary head (a map below 17×17) train without it; torchvision fails. Its transform_input belongs to the preprocessing.
//
//   299 → conv 3×3/2, 32 → 3×3, 32 → 3×3 padded, 64          → 147  stem1
//       → max pool 3/2 → conv 1×1, 80 → 3×3, 192             →  71  stem2
//       → max pool 3/2 → three blocks A                      →  35  stage1 (288 channels)
//       → reduction B, four blocks C                         →  17  stage2 (768); while training the auxiliary head looks here
//       → reduction D, two blocks E                          →   8  stage3 (2048)
//       → global average → dropout 0.5 → linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>A convolution without bias, batch norm and relu, under torchvision's names.</summary>
internal sealed class InceptionConv : Layer
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d _bn;

    public InceptionConv(int input, int output, Extent kernel, int stride = 1, Extent? padding = null, double deviation = 0.1)
    {
        _conv = Add("conv", new Conv2d(input, output, kernel, stride, padding, bias: false));
        _bn = Add("bn", new BatchNorm2d(output, eps: 1e-3));
        Initialisation.TruncatedNormal(_conv.Weight, 0, deviation);
    }

    protected override Tensor Forward(Tensor x, Phase phase) => _bn.Call(_conv.Call(x, phase), phase, Activation.Relu);
}

/// <summary>Branches side by side, each a chain of convolutions, their results joined along the channels. Layers are added under their torchvision names.</summary>
internal abstract class InceptionBlock : Layer
{
    private protected InceptionConv Conv(string name, int input, int output, Extent kernel, int stride = 1, Extent? padding = null) =>
        Add(name, new InceptionConv(input, output, kernel, stride, padding));

    private protected static Tensor Chain(Tensor x, Phase phase, params ReadOnlySpan<InceptionConv> convolutions)
    {
        foreach (var conv in convolutions) x = conv.Call(x, phase);
        return x;
    }

    private protected static Tensor Average3(Tensor x) => Functional.AvgPool2d(x, 3, stride: 1, padding: 1);
}

/// <summary>Figure 5: 1×1, 5×5, two 3×3, and a pool.</summary>
internal sealed class InceptionA : InceptionBlock
{
    private readonly InceptionConv _b1, _b51, _b52, _b31, _b32, _b33, _pool;

    public InceptionA(int input, int pooled)
    {
        _b1 = Conv("branch1x1", input, 64, 1);
        _b51 = Conv("branch5x5_1", input, 48, 1);
        _b52 = Conv("branch5x5_2", 48, 64, 5, padding: 2);
        _b31 = Conv("branch3x3dbl_1", input, 64, 1);
        _b32 = Conv("branch3x3dbl_2", 64, 96, 3, padding: 1);
        _b33 = Conv("branch3x3dbl_3", 96, 96, 3, padding: 1);
        _pool = Conv("branch_pool", input, pooled, 1);
    }

    protected override Tensor Forward(Tensor x, Phase phase) =>
        Tensor.Cat([_b1.Call(x, phase), Chain(x, phase, _b51, _b52), Chain(x, phase, _b31, _b32, _b33), _pool.Call(Average3(x), phase)], 1);
}

/// <summary>Halves the side, from blocks A to C.</summary>
internal sealed class InceptionB : InceptionBlock
{
    private readonly InceptionConv _b3, _b31, _b32, _b33;

    public InceptionB(int input)
    {
        _b3 = Conv("branch3x3", input, 384, 3, stride: 2);
        _b31 = Conv("branch3x3dbl_1", input, 64, 1);
        _b32 = Conv("branch3x3dbl_2", 64, 96, 3, padding: 1);
        _b33 = Conv("branch3x3dbl_3", 96, 96, 3, stride: 2);
    }

    protected override Tensor Forward(Tensor x, Phase phase) =>
        Tensor.Cat([_b3.Call(x, phase), Chain(x, phase, _b31, _b32, _b33), Functional.MaxPool2d(x, 3, stride: 2)], 1);
}

/// <summary>Figure 6 with n = 7: rows and columns of 7 in turn.</summary>
internal sealed class InceptionC : InceptionBlock
{
    private static readonly Extent Row = (1, 7), Column = (7, 1), RowPadding = (0, 3), ColumnPadding = (3, 0);
    private readonly InceptionConv _b1, _b71, _b72, _b73, _d1, _d2, _d3, _d4, _d5, _pool;

    public InceptionC(int input, int width)
    {
        _b1 = Conv("branch1x1", input, 192, 1);
        _b71 = Conv("branch7x7_1", input, width, 1);
        _b72 = Conv("branch7x7_2", width, width, Row, padding: RowPadding);
        _b73 = Conv("branch7x7_3", width, 192, Column, padding: ColumnPadding);
        _d1 = Conv("branch7x7dbl_1", input, width, 1);
        _d2 = Conv("branch7x7dbl_2", width, width, Column, padding: ColumnPadding);
        _d3 = Conv("branch7x7dbl_3", width, width, Row, padding: RowPadding);
        _d4 = Conv("branch7x7dbl_4", width, width, Column, padding: ColumnPadding);
        _d5 = Conv("branch7x7dbl_5", width, 192, Row, padding: RowPadding);
        _pool = Conv("branch_pool", input, 192, 1);
    }

    protected override Tensor Forward(Tensor x, Phase phase) =>
        Tensor.Cat([_b1.Call(x, phase), Chain(x, phase, _b71, _b72, _b73), Chain(x, phase, _d1, _d2, _d3, _d4, _d5), _pool.Call(Average3(x), phase)], 1);
}

/// <summary>Halves the side, from blocks C to E.</summary>
internal sealed class InceptionD : InceptionBlock
{
    private readonly InceptionConv _b31, _b32, _b71, _b72, _b73, _b74;

    public InceptionD(int input)
    {
        _b31 = Conv("branch3x3_1", input, 192, 1);
        _b32 = Conv("branch3x3_2", 192, 320, 3, stride: 2);
        _b71 = Conv("branch7x7x3_1", input, 192, 1);
        _b72 = Conv("branch7x7x3_2", 192, 192, (1, 7), padding: (0, 3));
        _b73 = Conv("branch7x7x3_3", 192, 192, (7, 1), padding: (3, 0));
        _b74 = Conv("branch7x7x3_4", 192, 192, 3, stride: 2);
    }

    protected override Tensor Forward(Tensor x, Phase phase) =>
        Tensor.Cat([Chain(x, phase, _b31, _b32), Chain(x, phase, _b71, _b72, _b73, _b74), Functional.MaxPool2d(x, 3, stride: 2)], 1);
}

/// <summary>Figure 7: the 3×3 convolutions end in a row and a column side by side.</summary>
internal sealed class InceptionE : InceptionBlock
{
    private readonly InceptionConv _b1, _b31, _b32a, _b32b, _d1, _d2, _d3a, _d3b, _pool;

    public InceptionE(int input)
    {
        _b1 = Conv("branch1x1", input, 320, 1);
        _b31 = Conv("branch3x3_1", input, 384, 1);
        _b32a = Conv("branch3x3_2a", 384, 384, (1, 3), padding: (0, 1));
        _b32b = Conv("branch3x3_2b", 384, 384, (3, 1), padding: (1, 0));
        _d1 = Conv("branch3x3dbl_1", input, 448, 1);
        _d2 = Conv("branch3x3dbl_2", 448, 384, 3, padding: 1);
        _d3a = Conv("branch3x3dbl_3a", 384, 384, (1, 3), padding: (0, 1));
        _d3b = Conv("branch3x3dbl_3b", 384, 384, (3, 1), padding: (1, 0));
        _pool = Conv("branch_pool", input, 192, 1);
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var (b, d) = (_b31.Call(x, phase), Chain(x, phase, _d1, _d2));
        return Tensor.Cat([_b1.Call(x, phase), _b32a.Call(b, phase), _b32b.Call(b, phase), _d3a.Call(d, phase), _d3b.Call(d, phase), _pool.Call(Average3(x), phase)], 1);
    }
}

/// <summary>A small classifier on the 768-channel map, so that gradients reach the first half directly.</summary>
internal sealed class InceptionAuxiliary : Layer
{
    private readonly InceptionConv _conv0, _conv1;
    private readonly Linear _fc;

    public InceptionAuxiliary(int outputs)
    {
        _conv0 = Add("conv0", new InceptionConv(768, 128, 1));
        _conv1 = Add("conv1", new InceptionConv(128, 768, 5, deviation: 0.01));
        _fc = Add("fc", new Linear(768, outputs));
        Initialisation.TruncatedNormal(_fc.Weight, 0, 0.001);
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        x = _conv0.Call(Functional.AvgPool2d(x, 5, stride: 3), phase);                                // [N, 128, 5, 5] at 299
        return _fc.Call(Functional.GlobalAveragePool(_conv1.Call(x, phase)), phase);                  // [N, outputs]
    }
}

/// <summary>Factorised convolutions in parallel branches.</summary>
internal sealed class InceptionV3 : Network
{
    /// <summary>The smallest side of the map on which the auxiliary head's convolutions fit.</summary>
    private const int AuxiliaryMap = 17;

    private readonly Sequential _stem1, _stem2;
    private readonly Sequential[] _stages;
    private readonly InceptionAuxiliary? _auxiliary;

    public InceptionV3(NetworkOptions options)
    {
        _stem1 = new Sequential(
            Add("Conv2d_1a_3x3", new InceptionConv(options.InputChannels, 32, 3, stride: 2)),
            Add("Conv2d_2a_3x3", new InceptionConv(32, 32, 3)),
            Add("Conv2d_2b_3x3", new InceptionConv(32, 64, 3, padding: 1)));
        _stem2 = new Sequential(
            Add("Conv2d_3b_1x1", new InceptionConv(64, 80, 1)),
            Add("Conv2d_4a_3x3", new InceptionConv(80, 192, 3)));
        _stages =
        [
            new Sequential(Add("Mixed_5b", new InceptionA(192, 32)), Add("Mixed_5c", new InceptionA(256, 64)), Add("Mixed_5d", new InceptionA(288, 64))),
            new Sequential(
                Add("Mixed_6a", new InceptionB(288)), Add("Mixed_6b", new InceptionC(768, 128)), Add("Mixed_6c", new InceptionC(768, 160)),
                Add("Mixed_6d", new InceptionC(768, 160)), Add("Mixed_6e", new InceptionC(768, 192))),
            new Sequential(Add("Mixed_7a", new InceptionD(768)), Add("Mixed_7b", new InceptionE(1280)), Add("Mixed_7c", new InceptionE(2048))),
        ];
        if (options.Head?.Pooling is null) _auxiliary = Add("AuxLogits", new InceptionAuxiliary(options.Outputs));
        UseHead(options, 2048, "fc", () =>
        {
            var linear = Add("fc", new Linear(2048, options.Outputs));
            Initialisation.TruncatedNormal(linear.Weight, 0, 0.1);
            return new AverageLinear(linear, options.Dropout ?? 0.5);
        }, classifier: ["fc", "AuxLogits"], auxiliaryOutput: "AuxLogits.fc");
    }

    public override IReadOnlyList<string> StageNames => ["stem1", "stem2", "stage1", "stage2", "stage3"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem1", _stem1.Call(x, phase));
        x = stages.Mark("stem2", _stem2.Call(Functional.MaxPool2d(x, 3, stride: 2), phase));
        x = stages.Mark("stage1", _stages[0].Call(Functional.MaxPool2d(x, 3, stride: 2), phase));     // [N, 288, 35, 35] at 299
        x = stages.Mark("stage2", _stages[1].Call(x, phase));                                         // [N, 768, 17, 17]
        if (phase == Phase.Training && _auxiliary is not null && Math.Min(x.Size(2), x.Size(3)) >= AuxiliaryMap) stages.Auxiliary = _auxiliary.Call(x, phase);
        return stages.Mark("stage3", _stages[2].Call(x, phase));                                      // [N, 2048, 8, 8]
    }
}
