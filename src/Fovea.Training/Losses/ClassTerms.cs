using Fovea.Torch;

namespace Fovea.Training.Losses;

// N images, K classes. z: logits [N, K]. table: [N, K], how much each image's target holds of each class, times the class's weight. Sums over the images, not means.

/// <summary>Losses of softmax heads.</summary>
internal static class ClassTerms
{
    private const double Least = 1e-6;

    /// <summary>(1 − s)·t + s/K, as PyTorch's label smoothing; an image keeps its weight.</summary>
    internal static Tensor Smooth(Tensor table, double smoothing) =>
        smoothing == 0 ? table : table * (1 - smoothing) + table.Mean([1], keep: true) * smoothing;

    internal static Tensor CrossEntropy(Tensor z, Tensor table) => -(table * Functional.LogSoftmax(z, 1)).Sum();

    /// <summary>Σ mean over classes of α(1 − p)^γ·(−t log p): the multi-task replication's form, with its mean over the classes (the original, Lin et al. 2017, arXiv 1708.02002, adds them up).</summary>
    internal static Tensor Focal(Tensor z, Tensor table, double alpha, double gamma)
    {
        var logP = Functional.LogSoftmax(z, 1);
        return -(table * (1 - logP.Exp()).Clamp(0, 1).Pow(gamma) * logP).Sum() * (alpha / z.Size(1));
    }

    /// <summary>Σ ⟨cost of the class, p⟩ with the cost (|i − j| / (K − 1))^power: Galdran et al. 2020, arXiv 2010.00291, equation 3, costs scaled to 0…1; power 2 is the quadratic kappa's.</summary>
    internal static Tensor Cost(Tensor z, Tensor table, double power) => (table.MatMul(Distances((int)z.Size(1), power)) * Functional.Softmax(z, 1)).Sum();

    /// <summary>1 − κ of the batch with quadratic weights, where an image counts for each class with its probability: de la Torre et al. 2018, without their logarithm.</summary>
    internal static Tensor SoftKappa(Tensor z, Tensor table)
    {
        var (p, w) = (Functional.Softmax(z, 1), Distances((int)z.Size(1), 2));
        var weighted = table.Sum([1], keep: true) * p; // an image counts as much as its target
        var observed = (table.MatMul(w) * p).Sum();
        var expected = (table.Sum([0], keep: true).MatMul(w) * weighted.Sum([0], keep: true)).Sum() / table.Sum();
        return observed / (expected + Least);
    }

    private static Tensor Distances(int classes, double power) =>
        Tensor.From([.. Enumerable.Range(0, classes * classes).Select(i => (float)Math.Pow(Math.Abs(i / classes - i % classes) / (classes - 1.0), power))], classes, classes);
}
