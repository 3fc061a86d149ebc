// The AlexNet of the APTOS case study, after Krizhevsky, Sutskever, Hinton 2012, in Keras: wider dense layers, no local response normalisation.
//
// 512,332,165 parameters with 5 outputs and RGB input of 512 × 512, bytes 0 … 255 as they are. Keys are this file's names.
// Deviation: the sigmoids belong to the loss and the decoder, so the network gives logits.
//
//   512 → conv 11×11/4, 96   → 126  stage1
//       → max pool 3/2 → 62 → conv 5×5, 256                   → 62   stage2
//       → max pool 3/2 → 30 → conv 3×3, 384 → 384 → 256       → 30   stage3
//       → max pool 3/2 → 14 → flatten 50,176 → 9216 → dropout 0.5 → 4096 → dropout 0.5 → 2048 → outputs
//
// Shapes: N batch, C channels, H, W pixels; H and W are fixed when the network is built.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>The case study's largest network: half a billion parameters, nearly all in its first dense layer.</summary>
internal sealed class AptosAlexNet : Network
{
    private readonly Conv2d _conv1, _conv2, _conv3, _conv4, _conv5;

    public AptosAlexNet(NetworkOptions options)
    {
        _conv1 = Add("conv1", new Conv2d(options.InputChannels, 96, 11, stride: 4));
        _conv2 = Add("conv2", new Conv2d(96, 256, 5, padding: 2));
        _conv3 = Add("conv3", new Conv2d(256, 384, 3, padding: 1));
        _conv4 = Add("conv4", new Conv2d(384, 384, 3, padding: 1));
        _conv5 = Add("conv5", new Conv2d(384, 256, 3, padding: 1));
        foreach (var conv in new[] { _conv1, _conv2, _conv3, _conv4, _conv5 })
        {
            Initialisation.GlorotUniform(conv.Weight);
            Initialisation.Constant(conv.Bias!, 0);
        }
        Initialisation.HeNormal(_conv1.Weight);

        if (options.Head?.Pooling is null) FixedInput = options.InputSize ?? 512;
        UseHead(options, 256, "fc4", () => Classifier(options), classifier: ["fc1", "fc2", "fc3", "fc4"]);
    }

    public override IReadOnlyList<string> StageNames => ["stage1", "stage2", "stage3"];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        x = stages.Mark("stage1", Functional.Relu(_conv1.Call(x, phase)));
        x = stages.Mark("stage2", Functional.Relu(_conv2.Call(Functional.MaxPool2d(x, 3, stride: 2), phase)));
        x = Functional.Relu(_conv3.Call(Functional.MaxPool2d(x, 3, stride: 2), phase));
        x = Functional.Relu(_conv4.Call(x, phase));
        x = stages.Mark("stage3", Functional.Relu(_conv5.Call(x, phase)));
        return Functional.MaxPool2d(x, 3, stride: 2);
    }

    private Sequential Classifier(NetworkOptions options)
    {
        var (size, dropout) = (FixedInput!.Value, options.Dropout ?? 0.5);
        static long Side(long side) => Pooled(Pooled(Pooled((side - 11) / 4 + 1)));
        static long Pooled(long side) => (side - 3) / 2 + 1;
        var layers = new Sequential(new Flatten(),
            Add("fc1", new Linear(256 * Side(size.Height) * Side(size.Width), 9216)), new Relu(), new Dropout(dropout),
            Add("fc2", new Linear(9216, 4096)), new Relu(), new Dropout(dropout),
            Add("fc3", new Linear(4096, 2048)), new Relu(),
            Add("fc4", new Linear(2048, options.Outputs)));
        Initialisation.Apply(layers, Initialisation.GlorotUniform);
        return layers;
    }
}
