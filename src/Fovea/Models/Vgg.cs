// Very Deep Convolutional Networks for Large-Scale Image Recognition. Simonyan, Zisserman 2014, arXiv 1409.1556, table 1: A, B, D, E.
//
// Equals torchvision 0.14 vgg11, vgg13, vgg16, vgg19 and their _bn variants, the same keys; vgg16 has 138,357,544 parameters with 1000 outputs. No deviation.
// Five stages of 3×3 convolutions with 64, 128, 256, 512, 512 channels, each before its max pool of 2:
//
//            vgg11   vgg13   vgg16   vgg19    side at 224
//   stage1     1       2       2       2         224
//   stage2     1       2       2       2         112
//   stage3     2       2       3       4          56
//   stage4     2       2       3       4          28
//   stage5     2       2       3       4          14
//   head     max pool → average to 7×7 → 4096 → dropout → 4096 → dropout → outputs
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>The convolutions of each stage: a column of the paper's table 1.</summary>
internal sealed record VggLayout(int[] Convolutions, bool BatchNorm = false)
{
    public static readonly VggLayout Vgg11 = new([1, 1, 2, 2, 2]);
    public static readonly VggLayout Vgg13 = new([2, 2, 2, 2, 2]);
    public static readonly VggLayout Vgg16 = new([2, 2, 3, 3, 3]);
    public static readonly VggLayout Vgg19 = new([2, 2, 4, 4, 4]);
}

/// <summary>A convolution, its batch norm if there is one, and a rectifier. The layers belong to the network, whose keys number them.</summary>
internal sealed class VggUnit(Conv2d conv, BatchNorm2d? norm) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var y = conv.Call(x, phase);
        return norm?.Call(y, phase, Activation.Relu) ?? Functional.ReluInPlace(y);
    }
}

/// <summary>Stacks of 3×3 convolutions, then three dense layers that hold most of the parameters.</summary>
internal sealed class Vgg : Network
{
    private static readonly int[] Channels = [64, 128, 256, 512, 512];

    private readonly Sequential[] _stages = new Sequential[5];

    public Vgg(VggLayout layout, NetworkOptions options)
    {
        var (channels, index) = (options.InputChannels, 0);
        for (var stage = 0; stage < 5; stage++)
        {
            _stages[stage] = new Sequential();
            for (var i = 0; i < layout.Convolutions[stage]; i++)
            {
                var conv = Add($"features.{index}", new Conv2d(channels, Channels[stage], 3, padding: 1));
                var norm = layout.BatchNorm ? Add($"features.{index + 1}", new BatchNorm2d(Channels[stage])) : null;
                _stages[stage].Append(new VggUnit(conv, norm));
                index += layout.BatchNorm ? 3 : 2; // the rectifier counts too
                channels = Channels[stage];
            }
            index++; // the pool
        }
        Initialisation.Apply(this, weight => Initialisation.KaimingNormal(weight, fanOut: true));

        var dropout = options.Dropout ?? 0.5;
        UseHead(options, 512, "classifier.6", () =>
        {
            Linear[] dense = [Add("classifier.0", new Linear(512 * 7 * 7, 4096)), Add("classifier.3", new Linear(4096, 4096)), Add("classifier.6", new Linear(4096, options.Outputs))];
            foreach (var layer in dense) Initialisation.Apply(layer, weight => Initialisation.Normal(weight, 0, 0.01));
            return new Sequential(new AdaptiveAvgPool2d(7), new Flatten(), dense[0], new Relu(), new Dropout(dropout), dense[1], new Relu(), new Dropout(dropout), dense[2]);
        }, classifier: ["classifier"]);
    }

    public override IReadOnlyList<string> StageNames => ["stage1", "stage2", "stage3", "stage4", "stage5"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        for (var stage = 0; stage < 5; stage++)
        {
            x = stages.Mark(StageNames[stage], _stages[stage].Call(x, phase));                    // [N, 64 … 512, H/2ⁱ, W/2ⁱ]
            x = Functional.MaxPool2d(x, 2);
        }
        return x;                                                                                 // [N, 512, H/32, W/32]
    }
}
