using Fovea.Torch.Modules;

namespace Fovea.Torch.Optimisation;

/// <summary>
/// Stochastic gradient descent as torch.optim.SGD: g ← g + decay·p; b ← momentum·b + g; p ← p − rate·b, with Nesterov p ← p − rate·(g + momentum·b).
/// </summary>
public sealed class Sgd : Optimiser
{
    private readonly double _momentum;
    private readonly bool _nesterov;

    public Sgd(IEnumerable<ParameterGroup> groups, double learningRate, double momentum = 0, double weightDecay = 0, bool nesterov = false)
        : base(groups, learningRate, weightDecay, momentum == 0 ? [] : ["momentum_buffer"])
    {
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        if (nesterov && momentum == 0) throw new ArgumentException("Nesterov's method needs a momentum above 0", nameof(nesterov));
        (_momentum, _nesterov) = (momentum, nesterov);
    }

    public Sgd(Module module, double learningRate, double momentum = 0, double weightDecay = 0, bool nesterov = false)
        : this([ParameterGroup.Of(module)], learningRate, momentum, weightDecay, nesterov) { }

    protected override void Update(Bucket bucket) =>
        Operators.Sgd.Run(bucket.Parameters, bucket.Gradients, _momentum == 0 ? Array.Empty<Tensor>() : bucket.State[0], bucket.LearningRate, _momentum, bucket.WeightDecay, _nesterov);
}
