using Fovea.Torch.Modules;

namespace Fovea.Torch.Optimisation;

/// <summary>The moments that Adam and its kin keep: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g².</summary>
public abstract class MomentOptimiser : Optimiser
{
    private protected MomentOptimiser(IEnumerable<ParameterGroup> groups, double learningRate, double beta1, double beta2, double eps, double weightDecay)
        : base(groups, learningRate, weightDecay, "exp_avg", "exp_avg_sq")
    {
        if (beta1 is < 0 or >= 1) throw new ArgumentOutOfRangeException(nameof(beta1), beta1, "must be in [0, 1)");
        if (beta2 is < 0 or >= 1) throw new ArgumentOutOfRangeException(nameof(beta2), beta2, "must be in [0, 1)");
        ArgumentOutOfRangeException.ThrowIfNegative(eps);
        (Beta1, Beta2, Eps) = (beta1, beta2, eps);
    }

    public double Beta1 { get; }
    public double Beta2 { get; }
    public double Eps { get; }

    private protected void UpdateMoments(in Bucket bucket, Tensor[] gradients)
    {
        Foreach.MulInPlace(bucket.State[0], Beta1);
        Foreach.AddInPlace(bucket.State[0], gradients, 1 - Beta1);
        Foreach.MulInPlace(bucket.State[1], Beta2);
        Foreach.AddProductInPlace(bucket.State[1], gradients, gradients, 1 - Beta2);
    }

    /// <summary>p ← p − rate·m̂ / (√v̂ + eps), moments corrected for their start at zero.</summary>
    private protected void StepByMoments(in Bucket bucket)
    {
        var denominator = Foreach.Sqrt(bucket.State[1]);
        Foreach.DivInPlace(denominator, Math.Sqrt(1 - Math.Pow(Beta2, bucket.Step)));
        Foreach.AddInPlace(denominator, Eps);
        Foreach.AddQuotientInPlace(bucket.Parameters, bucket.State[0], denominator, -bucket.LearningRate / (1 - Math.Pow(Beta1, bucket.Step)));
    }

    private protected static Tensor[] DecayedGradients(in Bucket bucket) =>
        bucket.WeightDecay == 0 ? bucket.Gradients : Foreach.Add(bucket.Gradients, bucket.Parameters, bucket.WeightDecay);
}

/// <summary>Adam (Kingma and Ba 2015) as torch.optim.Adam; decay is added to the gradient.</summary>
public sealed class Adam(IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
    : MomentOptimiser(groups, learningRate, beta1, beta2, eps, weightDecay)
{
    public Adam(Module module, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
        : this([ParameterGroup.Of(module)], learningRate, beta1, beta2, eps, weightDecay) { }

    protected override void Update(Bucket bucket)
    {
        UpdateMoments(bucket, DecayedGradients(bucket));
        StepByMoments(bucket);
    }
}

/// <summary>Adam with decoupled decay, p ← p − rate·decay·p (Loshchilov and Hutter 2019), as torch.optim.AdamW.</summary>
public sealed class AdamW(IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0.01)
    : MomentOptimiser(groups, learningRate, beta1, beta2, eps, weightDecay)
{
    public AdamW(Module module, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0.01)
        : this([ParameterGroup.Of(module)], learningRate, beta1, beta2, eps, weightDecay) { }

    protected override void Update(Bucket bucket)
    {
        if (bucket.WeightDecay != 0) Foreach.MulInPlace(bucket.Parameters, 1 - bucket.LearningRate * bucket.WeightDecay);
        UpdateMoments(bucket, bucket.Gradients);
        StepByMoments(bucket);
    }
}

/// <summary>Rectified Adam (Liu et al. 2020) as torch.optim.RAdam: plain momentum until the second moment's variance can be estimated.</summary>
public sealed class RAdam(IEnumerable<ParameterGroup> groups, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
    : MomentOptimiser(groups, learningRate, beta1, beta2, eps, weightDecay)
{
    public RAdam(Module module, double learningRate = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weightDecay = 0)
        : this([ParameterGroup.Of(module)], learningRate, beta1, beta2, eps, weightDecay) { }

    protected override void Update(Bucket bucket)
    {
        UpdateMoments(bucket, DecayedGradients(bucket));
        var correction1 = 1 - Math.Pow(Beta1, bucket.Step);
        var correction2 = 1 - Math.Pow(Beta2, bucket.Step);
        var rhoInfinity = 2 / (1 - Beta2) - 1;
        var rho = rhoInfinity - 2 * bucket.Step * Math.Pow(Beta2, bucket.Step) / correction2; // length of the approximated simple moving average
        if (rho <= 5)
        {
            Foreach.AddInPlace(bucket.Parameters, bucket.State[0], -bucket.LearningRate / correction1);
            return;
        }
        var rectification = Math.Sqrt((rho - 4) * (rho - 2) * rhoInfinity / ((rhoInfinity - 4) * (rhoInfinity - 2) * rho));
        // eps is added to the uncorrected √v, as torch.optim's single-tensor form does (its multi-tensor form of 1.13 leaves eps out).
        var denominator = Foreach.Sqrt(bucket.State[1]);
        Foreach.AddInPlace(denominator, Eps);
        Foreach.AddQuotientInPlace(bucket.Parameters, bucket.State[0], denominator, -bucket.LearningRate * rectification * Math.Sqrt(correction2) / correction1);
    }
}
