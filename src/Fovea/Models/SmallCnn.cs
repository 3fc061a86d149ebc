// The small convolutional network of the students' study at SJTU (fundus photographs in five grades), trained from scratch.
//
// Equals Keras's layers with channels first; with one output and RGB input 1,015,863,233 parameters at 2000 × 2000 and 59,447,233 at 600 × 400, nearly all in the first dense layer.
// Keys are this file's names. Deviation: logits; the study's single sigmoid against grades 0 … 4 can only ever be right on grades 0 and 1, so take a head that fits.
//
//   2000 → conv 3×3, 64, relu → 1998 stage1 → max pool 2 → 999
//        → conv 3×3, 64, relu →  997 stage2 → max pool 2 → 498
//        → flatten 15,872,256 → dense 64, relu → dropout 0.5 → outputs
//
// Shapes: N batch, C channels, H, W pixels; H and W are fixed when the network is built.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>Two convolutions and a dense layer over every place of the map.</summary>
internal sealed class SmallCnn : Network
{
    private readonly Conv2d _conv1, _conv2;

    public SmallCnn(NetworkOptions options)
    {
        _conv1 = Add("conv1", new Conv2d(options.InputChannels, 64, 3));
        _conv2 = Add("conv2", new Conv2d(64, 64, 3));
        if (options.Head?.Pooling is null) FixedInput = options.InputSize ?? 2000;
        UseHead(options, 64, "fc2", () =>
        {
            static long Side(long side) => ((side - 2) / 2 - 2) / 2;
            var size = FixedInput!.Value;
            return new Sequential(new Flatten(),
                Add("fc1", new Linear(64 * Side(size.Height) * Side(size.Width), 64)), new Relu(), new Dropout(options.Dropout ?? 0.5),
                Add("fc2", new Linear(64, options.Outputs)));
        }, classifier: ["fc1", "fc2"]);
        Initialisation.Apply(this, Initialisation.GlorotUniform);
    }

    public override IReadOnlyList<string> StageNames => ["stage1", "stage2"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stage1", Functional.Relu(_conv1.Call(x, phase)));                        // [N, 64, H−2, W−2]
        x = stages.Mark("stage2", Functional.Relu(_conv2.Call(Functional.MaxPool2d(x, 2), phase)));
        return Functional.MaxPool2d(x, 2);
    }
}
