// One weird trick for parallelizing convolutional neural networks. Krizhevsky 2014, arXiv 1404.5997: AlexNet in one column.
//
// Equals torchvision 0.14 alexnet, the same keys: 61,100,840 parameters with 1000 outputs. No deviation.
//
//   224 → conv 11×11/4, 64   → 55  stage1
//       → max pool 3/2 → conv 5×5, 192                         → 27  stage2
//       → max pool 3/2 → conv 3×3, 384 → 256 → 256             → 13  stage3
//       → max pool 3/2 → average to 6×6 → dropout → 4096 → dropout → 4096 → outputs
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>Five convolutions and three dense layers.</summary>
internal sealed class AlexNet : Network
{
    private readonly Conv2d _conv1, _conv2, _conv3, _conv4, _conv5;

    public AlexNet(NetworkOptions options)
    {
        _conv1 = Add("features.0", new Conv2d(options.InputChannels, 64, 11, stride: 4, padding: 2));
        _conv2 = Add("features.3", new Conv2d(64, 192, 5, padding: 2));
        _conv3 = Add("features.6", new Conv2d(192, 384, 3, padding: 1));
        _conv4 = Add("features.8", new Conv2d(384, 256, 3, padding: 1));
        _conv5 = Add("features.10", new Conv2d(256, 256, 3, padding: 1));
        var dropout = options.Dropout ?? 0.5;
        UseHead(options, 256, "classifier.6", () => new Sequential(
            new AdaptiveAvgPool2d(6), new Flatten(),
            new Dropout(dropout), Add("classifier.1", new Linear(256 * 6 * 6, 4096)), new Relu(),
            new Dropout(dropout), Add("classifier.4", new Linear(4096, 4096)), new Relu(),
            Add("classifier.6", new Linear(4096, options.Outputs))), classifier: ["classifier"]);
    }

    public override IReadOnlyList<string> StageNames => ["stage1", "stage2", "stage3"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stage1", Functional.Relu(_conv1.Call(x, phase)));                                                // [N, 64, H/4, W/4]
        x = stages.Mark("stage2", Functional.Relu(_conv2.Call(Functional.MaxPool2d(x, 3, stride: 2), phase)));            // [N, 192, H/8, W/8]
        x = Functional.Relu(_conv3.Call(Functional.MaxPool2d(x, 3, stride: 2), phase));
        x = Functional.Relu(_conv4.Call(x, phase));
        x = stages.Mark("stage3", Functional.Relu(_conv5.Call(x, phase)));                                                // [N, 256, H/16, W/16]
        return Functional.MaxPool2d(x, 3, stride: 2);
    }
}
