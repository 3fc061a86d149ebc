// Identity Mappings in Deep Residual Networks. He, Zhang, Ren, Sun 2016, arXiv 1603.05027: batch norm and relu come before each convolution ("pre-activation").
//
// Equals GluonCV's resnet50_v2 (the ONNX model zoo's resnet50-v2-7), whose keys carry MXNet's names: stage1_batchnorm0_gamma is stage1_batchnorm0.weight here.
// 25,549,486 trained parameters with 1000 outputs. The input passes a batch norm without scale and offset first; as the file holds both, they are parameters here.
// Deviation: dropout before the last layer, when the options ask for it.
//
//   stem     batch norm, conv 7×7/2, 64            side 112 at 224
//   stage1   max pool 3/2, 3 blocks, 256                56
//   stage2   4 blocks, 512                              28
//   stage3   6 blocks, 1024                             14
//   stage4   3 blocks, 2048, batch norm, relu            7
//   head     global average, linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>
/// Batch norm, relu, 1×1, batch norm, relu, 3×3, batch norm, relu, 1×1, and the shortcut, which starts behind the first relu where it needs a convolution.
/// The layers belong to the network, whose keys number them within a stage.
/// </summary>
internal sealed class PreActivationBlock(BatchNorm2d[] norms, Conv2d[] convolutions, Conv2d? downsample) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = norms[0].Call(x, phase, Activation.Relu);
        var shortCut = downsample?.Call(y, phase) ?? x;
        y = norms[1].Call(convolutions[0].Call(y, phase), phase, Activation.Relu);
        y = norms[2].Call(convolutions[1].Call(y, phase), phase, Activation.Relu);
        return convolutions[2].Call(y, phase) + shortCut;
    }
}

/// <summary>A residual network whose shortcuts carry their input unchanged from end to end.</summary>
internal sealed class ResNetV2 : Network
{
    private static readonly int[] Blocks = [3, 4, 6, 3];

    private readonly BatchNorm2d _inputNorm, _stemNorm;
    private readonly BatchNorm2d? _lastNorm;
    private readonly Conv2d _stem;
    private readonly Sequential[] _stages;

    public ResNetV2(NetworkOptions options)
    {
        _inputNorm = Add("batchnorm0", new BatchNorm2d(options.InputChannels));
        _stem = Add("conv0", new Conv2d(options.InputChannels, 64, 7, stride: 2, padding: 3, bias: false));
        _stemNorm = Add("batchnorm1", new BatchNorm2d(64));
        var channels = 64;
        _stages = new Sequential[options.LastStage ?? 4];
        for (var stage = 0; stage < _stages.Length; stage++)
        {
            var (norm, conv, width) = (0, 0, 64 << stage);
            BatchNorm2d Norm(int size) => Add($"stage{stage + 1}_batchnorm{norm++}", new BatchNorm2d(size));
            Conv2d Conv(int from, int to, int kernel, int stride) => Add($"stage{stage + 1}_conv{conv++}", new Conv2d(from, to, kernel, stride, padding: kernel / 2, bias: false));
            _stages[stage] = new Sequential();
            for (var i = 0; i < Blocks[stage]; i++, channels = 4 * width)
            {
                var stride = stage > 0 && i == 0 ? 2 : 1;
                BatchNorm2d[] norms = [Norm(channels), Norm(width), Norm(width)];
                Conv2d[] convolutions = [Conv(channels, width, 1, 1), Conv(width, width, 3, stride), Conv(width, 4 * width, 1, 1)];
                _stages[stage].Append(new PreActivationBlock(norms, convolutions, i == 0 ? Conv(channels, 4 * width, 1, stride) : null));
            }
        }
        if (_stages.Length == 4) _lastNorm = Add("batchnorm2", new BatchNorm2d(channels));
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));
        UseHead(options, channels, "dense0", () => new AverageLinear(Add("dense0", new Linear(channels, options.Outputs)), options.Dropout ?? 0));
    }

    public override IReadOnlyList<string> StageNames => ["stem", .. _stages.Select((_, i) => $"stage{i + 1}")];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stem", _stemNorm.Call(_stem.Call(_inputNorm.Call(x, phase), phase), phase, Activation.Relu));    // [N, 64, H/2, W/2]
        x = Functional.MaxPool2d(x, 3, stride: 2, padding: 1);
        for (var stage = 0; stage < Math.Min(3, _stages.Length); stage++) x = stages.Mark($"stage{stage + 1}", _stages[stage].Call(x, phase));
        return _lastNorm is null ? x : stages.Mark("stage4", _lastNorm.Call(_stages[3].Call(x, phase), phase, Activation.Relu));                  // [N, 2048, H/32, W/32]
    }
}
