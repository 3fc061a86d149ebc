using Fovea.Torch;
using Fovea.Training.Recipes;

namespace Fovea.Training.Losses;

/// <summary>Losses of a head whose one output is the grade.</summary>
internal static class RegressionTerms
{
    /// <param name="z">[N, 1].</param>
    /// <param name="table">[N, K], how much each image's target holds of each grade, times the class's weight.</param>
    /// <param name="noise">[N], added to the target; null: none.</param>
    /// <param name="beta">Where smooth L1 turns from a parabola into a line, in grades.</param>
    /// <returns>The sum over the images.</returns>
    internal static Tensor Of(LossKind kind, Tensor z, Tensor table, Tensor? noise, double beta)
    {
        var off = (noise is null ? z : z - noise.Unsqueeze(1)) - Tensor.Arange(table.Size(1)).To(ScalarType.Float32); // [N, K]
        var each = kind switch
        {
            LossKind.MeanSquaredError => off.Square(),
            LossKind.MeanAbsoluteError => off.Abs(),
            _ => Functional.SmoothL1(off, off.ZerosLike(), beta, Reduction.None),
        };
        return (table * each).Sum();
    }
}
