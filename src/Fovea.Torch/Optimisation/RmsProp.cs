using Fovea.Torch.Modules;

namespace Fovea.Torch.Optimisation;

/// <summary>RMSprop as torch.optim.RMSprop: v ← αv + (1 − α)g²; p ← p − rate·g / (√v + eps), through a momentum buffer where there is momentum.</summary>
public sealed class RmsProp : Optimiser
{
    private readonly double _alpha, _eps, _momentum;
    private readonly bool _centred;
    private readonly int _momentumSlot;

    /// <param name="alpha">Keras's rho; its default is 0.9 and its eps 1e-7.</param>
    /// <param name="centred">Divide by the standard deviation instead of the root mean square.</param>
    public RmsProp(IEnumerable<ParameterGroup> groups, double learningRate = 1e-2, double alpha = 0.99, double eps = 1e-8, double momentum = 0, double weightDecay = 0, bool centred = false)
        : base(groups, learningRate, weightDecay, StateNames(momentum, centred))
    {
        if (alpha is < 0 or >= 1) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "must be in [0, 1)");
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        (_alpha, _eps, _momentum, _centred, _momentumSlot) = (alpha, eps, momentum, centred, centred ? 2 : 1);
    }

    public RmsProp(Module module, double learningRate = 1e-2, double alpha = 0.99, double eps = 1e-8, double momentum = 0, double weightDecay = 0, bool centred = false)
        : this([ParameterGroup.Of(module)], learningRate, alpha, eps, momentum, weightDecay, centred) { }

    private static string[] StateNames(double momentum, bool centred) =>
        [.. new[] { "square_avg", centred ? "grad_avg" : "", momentum > 0 ? "momentum_buffer" : "" }.Where(n => n.Length > 0)];

    protected override void Update(Bucket bucket)
    {
        var gradients = bucket.WeightDecay == 0 ? bucket.Gradients : Foreach.Add(bucket.Gradients, bucket.Parameters, bucket.WeightDecay);
        var square = bucket.State[0];
        Foreach.MulInPlace(square, _alpha);
        Foreach.AddProductInPlace(square, gradients, gradients, 1 - _alpha);
        Tensor[] denominator;
        if (_centred)
        {
            var mean = bucket.State[1];
            Foreach.MulInPlace(mean, _alpha);
            Foreach.AddInPlace(mean, gradients, 1 - _alpha);
            denominator = Foreach.AddProduct(square, mean, mean, -1);
            Foreach.SqrtInPlace(denominator);
        }
        else
        {
            denominator = Foreach.Sqrt(square);
        }
        Foreach.AddInPlace(denominator, _eps);
        if (_momentum > 0)
        {
            var momentum = bucket.State[_momentumSlot];
            Foreach.MulInPlace(momentum, _momentum);
            Foreach.AddQuotientInPlace(momentum, gradients, denominator);
            Foreach.AddInPlace(bucket.Parameters, momentum, -bucket.LearningRate);
        }
        else
        {
            Foreach.AddQuotientInPlace(bucket.Parameters, gradients, denominator, -bucket.LearningRate);
        }
    }
}
