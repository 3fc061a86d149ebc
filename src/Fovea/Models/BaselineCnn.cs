// The baseline network of the APTOS case study ("S0 baseline"): three small convolutions and three dense layers, trained from scratch.
//
// Equals Keras 2.3's layers with channels first; 186,037 parameters with 5 outputs and RGB input. Input of the study: 512 × 512, bytes 0 … 255 as they are.
//
//   512 → conv 2×2, 16, relu → 511 → max pool 2 → 255
//       → conv 2×2, 32, relu → 254 → max pool 2 → 127
//       → conv 2×2, 64, relu → 126 → max pool 2 → 63 → global average → 64
//       → dense 128 relu → dense 256 relu → dropout 0.2 → dense 512 relu → dense outputs
//
// Deviation: the sigmoids belong to the loss and the decoder, so the network gives logits.
// Shapes: N batch, C channels, H, W pixels of the input; no convolution is padded.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>The case study's small network: a floor that every transfer model has to beat.</summary>
internal sealed class BaselineCnn : Network
{
    private readonly Conv2d _conv1, _conv2, _conv3;

    public BaselineCnn(NetworkOptions options)
    {
        _conv1 = Add("conv1", new Conv2d(options.InputChannels, 16, 2));
        _conv2 = Add("conv2", new Conv2d(16, 32, 2));
        _conv3 = Add("conv3", new Conv2d(32, 64, 2));
        UseHead(options, 64, "fc4", () => new Sequential(new GlobalAveragePool(),
            Add("fc1", new Linear(64, 128)), new Relu(),
            Add("fc2", new Linear(128, 256)), new Relu(), new Dropout(options.Dropout ?? 0.2),
            Add("fc3", new Linear(256, 512)), new Relu(),
            Add("fc4", new Linear(512, options.Outputs))), classifier: ["fc1", "fc2", "fc3", "fc4"]);
        Initialisation.Apply(this, Initialisation.GlorotUniform);
    }

    public override IReadOnlyList<string> StageNames => ["stage1", "stage2", "stage3"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stage1", Functional.Relu(_conv1.Call(x, phase)));                            // [N, 16, H−1, W−1]
        x = stages.Mark("stage2", Functional.Relu(_conv2.Call(Functional.MaxPool2d(x, 2), phase)));
        x = stages.Mark("stage3", Functional.Relu(_conv3.Call(Functional.MaxPool2d(x, 2), phase)));
        return Functional.MaxPool2d(x, 2);                                                            // [N, 64, ⌊H/8⌋ or so, …]
    }
}
