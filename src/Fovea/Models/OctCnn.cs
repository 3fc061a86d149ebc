// The convolutional networks with 3 and 7 layers of the OCT classification study (Kermany's scans in four classes), trained from scratch.
//
// Equal Keras 2.3's layers with channels first: 94,660 and 2,267,556 numbers with 4 outputs and RGB input, of which 448 and 2,688 are the running statistics of batch norms, which Keras counts too.
// Input of the study: 224 × 224, values 0 … 1. Keys are this file's names. Deviation: the softmax belongs to the loss and the decoder, so the network gives logits.
//
//             oct_cnn3             oct_cnn7             each: conv 3×3, relu, batch norm
//   stage1    32, 64               32, 32               side 224, then max pool 2, dropout 0.2
//   stage2    128                  128, 128                  112, then (7) max pool 2, dropout 0.2
//   stage3                         256, 256                   56, then max pool 2, dropout 0.2
//   stage4                         512                        28
//   head      global average, linear
//
// Shapes: N batch, C channels, H, W pixels.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>Stacks of 3×3 convolutions with batch norm behind the relu.</summary>
internal sealed class OctCnn : Network
{
    /// <summary>Channels of the convolutions, stage by stage.</summary>
    internal static readonly int[][] Layers3 = [[32, 64], [128]], Layers7 = [[32, 32], [128, 128], [256, 256], [512]];

    private readonly List<(Conv2d Conv, BatchNorm2d Norm)>[] _stages;
    private readonly double _dropout;

    public OctCnn(int[][] layout, NetworkOptions options)
    {
        var (channels, index) = (options.InputChannels, 1);
        _stages = new List<(Conv2d, BatchNorm2d)>[layout.Length];
        for (var stage = 0; stage < layout.Length; stage++)
        {
            _stages[stage] = [];
            foreach (var width in layout[stage])
            {
                // Keras's batch norm: eps 1e-3, momentum 0.99, which is 0.01 here
                _stages[stage].Add((Add($"conv{index}", new Conv2d(channels, width, 3, padding: 1)), Add($"bn{index}", new BatchNorm2d(width, eps: 1e-3, momentum: 0.01))));
                (channels, index) = (width, index + 1);
            }
        }
        _dropout = options.Head?.Pooling is null ? options.Dropout ?? 0.2 : 0.2;
        UseHead(options, channels, "fc", () => new AverageLinear(Add("fc", new Linear(channels, options.Outputs)), 0));
        Initialisation.Apply(this, Initialisation.GlorotUniform);
    }

    public override IReadOnlyList<string> StageNames => [.. _stages.Select((_, i) => $"stage{i + 1}")];

    protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
    {
        for (var stage = 0; stage < _stages.Length; stage++)
        {
            if (stage > 0) x = Functional.Dropout(Functional.MaxPool2d(x, 2), _dropout, phase == Phase.Training);
            foreach (var (conv, norm) in _stages[stage]) x = norm.Call(Functional.Relu(conv.Call(x, phase)), phase);
            x = stages.Mark($"stage{stage + 1}", x);
        }
        return x;
    }
}
