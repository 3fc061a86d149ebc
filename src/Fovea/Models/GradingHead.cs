// The head that a HeadSpec describes: pooling → dropout → (shared layers) → hidden layers → logits. Dense layers start as Keras's do, in which the reference systems are written.
//
// Shapes: N batch, C channels, H, W of the feature map, F pooled features, O logits.
using System.Globalization;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>From a feature map [N, C, H, W] to logits [N, O].</summary>
internal sealed class GradingHead : Layer
{
    private readonly Pool _pool;
    private readonly double _dropout;
    private readonly Dense? _shared;
    private readonly List<Dense> _branches = [];

    public GradingHead(HeadSpec spec, int channels)
    {
        _pool = Add("pool", new Pool(spec.Pooling ?? PoolingKind.Average, spec.Levels, channels));
        _dropout = spec.Dropout;
        var features = _pool.Features;
        if (spec.Shared.Count > 0)
        {
            _shared = Add("shared", new Dense(features, spec.Shared, null));
            features = spec.Shared[^1].Width;
        }
        (string, int)[] branches = spec.Kind == HeadKind.ThreeHeads
            ? [("regression", 1), ("classes", spec.Classes), ("ordinal", spec.OrdinalOutputs)]
            : [("logits", spec.Outputs)];
        foreach (var (name, outputs) in branches) _branches.Add(Add(name, new Dense(features, spec.Hidden, outputs)));
        Initialisation.Apply(this, Initialisation.GlorotUniform);
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        x = Functional.Dropout(_pool.Call(x, phase), _dropout, phase == Phase.Training);                  // [N, F]
        x = _shared?.Call(x, phase) ?? x;
        Tensor[] logits = [.. _branches.Select(b => b.Call(x, phase))];
        return logits.Length == 1 ? logits[0] : Tensor.Cat(logits, 1);                                    // [N, O]
    }

    /// <summary>Hidden layers and, where a number of outputs is given, a last layer without a rectifier.</summary>
    private sealed class Dense : Layer
    {
        private readonly List<(Linear Linear, BatchNorm2d? Norm, double Dropout)> _hidden = [];
        private readonly Linear? _output;

        public Dense(int features, IReadOnlyList<HiddenLayer> hidden, int? outputs)
        {
            for (var i = 0; i < hidden.Count; i++)
            {
                var name = i.ToString(CultureInfo.InvariantCulture);
                _hidden.Add((Add(name, new Linear(features, hidden[i].Width)), hidden[i].BatchNorm ? Add($"{name}_norm", new BatchNorm2d(hidden[i].Width)) : null, hidden[i].Dropout));
                features = hidden[i].Width;
            }
            if (outputs is { } count) _output = Add("output", new Linear(features, count));
        }

        protected override Tensor Forward(Tensor x, Phase phase)
        {
            foreach (var (linear, norm, dropout) in _hidden)
            {
                x = Functional.Relu(linear.Call(x, phase));
                x = Functional.Dropout(norm?.Call(x, phase) ?? x, dropout, phase == Phase.Training);
            }
            return _output?.Call(x, phase) ?? x;
        }
    }

    private sealed class Pool : Layer
    {
        private const double GemFloor = 1e-6;
        private readonly PoolingKind _kind;
        private readonly IReadOnlyList<int> _levels;
        private readonly BatchNorm2d? _averageNorm, _maxNorm;
        private readonly Tensor? _p;

        public Pool(PoolingKind kind, IReadOnlyList<int> levels, int channels)
        {
            (_kind, _levels) = (kind, levels);
            if (kind == PoolingKind.AverageMax)
            {
                _averageNorm = Add("average_norm", new BatchNorm2d(channels));
                _maxNorm = Add("max_norm", new BatchNorm2d(channels));
            }
            if (kind == PoolingKind.Gem) _p = AddParameter("p", Tensor.Full(3, ScalarType.Float32, 1));
            Features = kind switch
            {
                PoolingKind.AverageMax => 2 * channels,
                PoolingKind.Pyramid => channels * levels.Sum(l => l * l),
                PoolingKind.Grid => channels * levels[0] * levels[0],
                _ => channels,
            };
        }

        public int Features { get; }

        protected override Tensor Forward(Tensor x, Phase phase) => _kind switch
        {
            PoolingKind.Average => Functional.GlobalAveragePool(x),
            PoolingKind.Max => x.Amax([2, 3]),
            PoolingKind.AverageMax => Tensor.Cat([_averageNorm!.Call(Functional.GlobalAveragePool(x), phase), _maxNorm!.Call(x.Amax([2, 3]), phase)], 1),
            // (mean xᵖ)^(1/p) = exp(log(mean exp(p log x)) / p), so that p has a gradient
            PoolingKind.Gem => ((x.To(ScalarType.Float32).Clamp(GemFloor, null).Log() * _p!).Exp().Mean([2, 3]).Log() / _p!).Exp(),
            PoolingKind.Grid => Functional.AdaptiveAvgPool2d(x, _levels[0]).Flatten(1),
            _ => Tensor.Cat([.. _levels.Select(l => Functional.AdaptiveMaxPool2d(x, l).Flatten(1))], 1),
        };
    }
}
