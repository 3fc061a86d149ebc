namespace Fovea.Torch;

/// <summary>How a loss joins its elements. The values are libtorch's.</summary>
public enum Reduction { None = 0, Mean = 1, Sum = 2 }

public static partial class Functional
{
    /// <summary>−log softmax of the true class.</summary>
    /// <param name="logits">[N, K] or [N, K, …].</param>
    /// <param name="target">int64 [N] or [N, …]; or probabilities of the logits' shape and type.</param>
    /// <param name="weight">[K], a factor for each class; the mean is then over the weights, as in PyTorch.</param>
    /// <param name="labelSmoothing">Share of the probability that is spread evenly over all classes, 0…1.</param>
    /// <param name="ignoreIndex">A target of this value counts nothing.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor target, Tensor? weight = null, double labelSmoothing = 0, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) =>
        Operators.CrossEntropy.Call(logits, target, weight, (long)reduction, ignoreIndex, labelSmoothing);

    /// <summary>Negative log-likelihood of log-probabilities [N, K] at int64 targets [N].</summary>
    public static Tensor NegativeLogLikelihood(Tensor logProbabilities, Tensor target, Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) =>
        Operators.NllLoss.Call(logProbabilities, target, weight, (long)reduction, ignoreIndex);

    /// <summary>Binary cross-entropy of σ(logits) against targets in [0, 1] of the same shape and type.</summary>
    /// <param name="weight">A factor for each element, broadcast.</param>
    /// <param name="positiveWeight">A factor for the positive part, broadcast (one for each class).</param>
    public static Tensor BinaryCrossEntropyWithLogits(Tensor logits, Tensor target, Tensor? weight = null, Tensor? positiveWeight = null, Reduction reduction = Reduction.Mean) =>
        Operators.BinaryCrossEntropyWithLogits.Call(logits, target, weight, positiveWeight, (long)reduction);

    /// <summary>Binary cross-entropy of probabilities; logs are cut at −100, as in PyTorch.</summary>
    public static Tensor BinaryCrossEntropy(Tensor probabilities, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean) =>
        Operators.BinaryCrossEntropy.Call(probabilities, target, weight, (long)reduction);

    /// <summary>(x − target)².</summary>
    public static Tensor Mse(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Operators.MseLoss.Call(x, target, (long)reduction);

    /// <summary>|x − target|.</summary>
    public static Tensor L1(Tensor x, Tensor target, Reduction reduction = Reduction.Mean) => Operators.L1Loss.Call(x, target, (long)reduction);

    /// <summary>½d²/β below β, |d| − ½β above, d = x − target.</summary>
    public static Tensor SmoothL1(Tensor x, Tensor target, double beta = 1, Reduction reduction = Reduction.Mean) =>
        Operators.SmoothL1Loss.Call(x, target, (long)reduction, beta);

    /// <summary>½d² below δ, δ(|d| − ½δ) above.</summary>
    public static Tensor Huber(Tensor x, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean) =>
        Operators.HuberLoss.Call(x, target, (long)reduction, delta);
}
