using Fovea.Torch;

namespace Fovea.Training.Losses;

// N images, K grades, B bits. z: logits [N, B]. table: [N, K], how much each image's target holds of each grade, times the class's weight. Sums over the images.

/// <summary>Losses of heads whose outputs say "the grade is above k".</summary>
internal static class BitTerms
{
    /// <summary>Mean over the bits of the binary cross-entropy.</summary>
    internal static Tensor CrossEntropy(Tensor z, Tensor table, bool alwaysOn, double smoothing)
    {
        var (yes, no) = Answers(table, (int)z.Size(1), alwaysOn, smoothing);
        return (yes * Costs(z, true) + no * Costs(z, false)).Sum() / z.Size(1);
    }

    /// <summary>Mean over the bits of α(1 − p)^γ·(−log p) where a bit is on and (1 − α)p^γ·(−log(1 − p)) where it is off: the multi-task replication's binary focal loss.</summary>
    internal static Tensor Focal(Tensor z, Tensor table, bool alwaysOn, double smoothing, double alpha, double gamma)
    {
        var (yes, no) = Answers(table, (int)z.Size(1), alwaysOn, smoothing);
        var p = Functional.Sigmoid(z);
        return (yes * (1 - p).Pow(gamma) * Costs(z, true) * alpha + no * p.Pow(gamma) * Costs(z, false) * (1 - alpha)).Sum() / z.Size(1);
    }

    /// <summary>Sum over the bits that are asked: "above k?" of images whose grade is k or more.</summary>
    internal static Tensor Corn(Tensor z, Tensor table, double smoothing)
    {
        var bits = (int)z.Size(1);
        var yes = table.MatMul(Matrix(bits, (grade, k) => grade > k));
        var no = table.MatMul(Matrix(bits, (grade, k) => grade == k));
        (yes, no) = Smooth(yes, no, smoothing);
        return (yes * Costs(z, true) + no * Costs(z, false)).Sum();
    }

    /// <summary>How much of each image's target says yes and no to each bit. Bit k says "at least k" (K bits, as S0) or "above k" (K−1 bits).</summary>
    private static (Tensor Yes, Tensor No) Answers(Tensor table, int bits, bool alwaysOn, double smoothing)
    {
        var first = alwaysOn ? 0 : 1;
        return Smooth(table.MatMul(Matrix(bits, (grade, k) => grade >= k + first, bits + first)), table.MatMul(Matrix(bits, (grade, k) => grade < k + first, bits + first)), smoothing);
    }

    /// <summary>A target t becomes (1 − s)·t + s/2.</summary>
    private static (Tensor Yes, Tensor No) Smooth(Tensor yes, Tensor no, double smoothing) =>
        smoothing == 0 ? (yes, no) : (yes * (1 - smoothing) + (yes + no) * (smoothing / 2), no * (1 - smoothing) + (yes + no) * (smoothing / 2));

    private static Tensor Matrix(int bits, Func<int, int, bool> holds, int? grades = null)
    {
        var rows = grades ?? bits + 1;
        return Tensor.From([.. Enumerable.Range(0, rows * bits).Select(i => holds(i / bits, i % bits) ? 1f : 0f)], rows, bits);
    }

    /// <summary>−log p of a yes, −log(1 − p) of a no; stable for any logit.</summary>
    private static Tensor Costs(Tensor z, bool yes) => -Functional.LogSigmoid(yes ? z : -z);
}
