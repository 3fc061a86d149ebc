using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Recipes;

namespace Fovea.Training.Losses;

// Shape shorthand in this file: N images, K grades, O outputs of the head (K softmax, K or K-1 ordinal, K-1 CORN, 1 regression, all of them for three heads).

/// <summary>
/// What training minimises: the head's own loss for each image, weighted by the class of its label, Σ w(yᵢ) lᵢ / Σ w(yᵢ), which is how PyTorch weights its cross-entropy. Of three heads the losses are
/// added up, each with its weight. A target that is shared among grades costs each grade's loss in its share; where every share is whole, that is the plain loss.
/// CORN (Shi, Cao, Raschka 2021, arXiv 2111.08851, equation 6) asks "grade &gt; k" only of images whose grade reaches k, and divides by the number of questions; weights then count for each question.
/// </summary>
public sealed class GradeLoss
{
    private readonly HeadSpec _head;
    private readonly LossRecipe _recipe;
    private readonly double[] _weights; // [K]

    /// <param name="classCounts">How many training images each grade has; decides the weights.</param>
    public GradeLoss(HeadSpec head, LossRecipe recipe, ReadOnlySpan<int> classCounts) =>
        (_head, _recipe, _weights) = (head, recipe, ClassWeights(recipe.ClassWeights, classCounts));

    /// <summary>One weight a class: n / (K · n_c), where a class without images counts as having one; or its square root with a mean of 1 over the images.</summary>
    public static double[] ClassWeights(ClassWeighting weighting, ReadOnlySpan<int> counts)
    {
        var total = 0.0;
        foreach (var count in counts) total += count;
        var weights = new double[counts.Length];
        for (var k = 0; k < counts.Length; k++) weights[k] = weighting == ClassWeighting.None ? 1 : total / (counts.Length * Math.Max(1.0, counts[k]));
        if (weighting != ClassWeighting.SquareRoot) return weights;
        var mean = 0.0;
        for (var k = 0; k < counts.Length; k++)
        {
            weights[k] = Math.Sqrt(weights[k]);
            mean += weights[k] * counts[k] / total;
        }
        return Array.ConvertAll(weights, w => w / mean);
    }

    /// <param name="logits">[N, O], any floating type; computed in float32.</param>
    /// <param name="grades">[N] int64, 0 … K−1.</param>
    /// <returns>A scalar.</returns>
    public Tensor Call(Tensor logits, Tensor grades) => Call(logits, new GradeTargets(grades.ToArray<long>()));

    /// <summary>Σ of the weights that <see cref="Call(Tensor, GradeTargets, double?)"/> divides by: of several parts of one batch they add up.</summary>
    public double Total(GradeTargets targets)
    {
        var (table, total) = (Weighted(targets), 0.0);
        for (var i = 0; i < table.Length; i++) total += table[i] * Questions(i % _head.Classes);
        return total;
    }

    /// <summary>The loss against the targets.</summary>
    /// <param name="logits">[N, O], any floating type; computed in float32.</param>
    /// <param name="total">What to divide by: that of the whole batch where this is a part of it, so that the parts' losses add up to the batch's; null: <see cref="Total"/> of these targets.</param>
    /// <returns>A scalar.</returns>
    public Tensor Call(Tensor logits, GradeTargets targets, double? total = null)
    {
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = new TensorScope();
        var (x, divisor) = (logits.To(ScalarType.Float32), total ?? Total(targets));
        var table = Tensor.From(Weighted(targets), targets.Grades.Length, _head.Classes); // [N, K]
        var noise = targets.Noise is null ? null : Tensor.From(targets.Noise); // [N]
        if (_head.Kind != HeadKind.ThreeHeads) return scope.Keep(Sum(_head.Kind, _recipe.Kind, x, table, noise, divisor));
        var heads = _recipe.Heads;
        var regression = heads.Regression == LossKind.Head ? _recipe.Kind : heads.Regression;
        var sum = Sum(HeadKind.Regression, regression, x.Narrow(1, 0, 1), table, noise, divisor) * heads.RegressionWeight;
        sum += Sum(HeadKind.Softmax, heads.Classes, x.Narrow(1, 1, _head.Classes), table, null, divisor) * heads.ClassesWeight;
        sum += Sum(HeadKind.Ordinal, heads.Ordinal, x.Narrow(1, 1 + _head.Classes, _head.OrdinalOutputs), table, null, divisor) * heads.OrdinalWeight;
        return scope.Keep(sum);
    }

    /// <summary>One head's loss, and the terms that are added to it.</summary>
    private Tensor Sum(HeadKind head, LossKind kind, Tensor z, Tensor table, Tensor? noise, double divisor)
    {
        var sum = head switch
        {
            HeadKind.Softmax when kind == LossKind.Focal => ClassTerms.Focal(z, ClassTerms.Smooth(table, _recipe.LabelSmoothing), _recipe.FocalAlpha, _recipe.FocalGamma),
            HeadKind.Softmax => ClassTerms.CrossEntropy(z, ClassTerms.Smooth(table, _recipe.LabelSmoothing)),
            HeadKind.Regression => RegressionTerms.Of(kind, z, table, noise, _recipe.Beta),
            HeadKind.Corn => BitTerms.Corn(z, table, _recipe.LabelSmoothing),
            _ when kind == LossKind.Focal => BitTerms.Focal(z, table, _head.AlwaysOnBit, _recipe.LabelSmoothing, _recipe.FocalAlpha, _recipe.FocalGamma),
            _ => BitTerms.CrossEntropy(z, table, _head.AlwaysOnBit, _recipe.LabelSmoothing),
        };
        sum /= divisor;
        if (head != HeadKind.Softmax) return sum;
        if (_recipe.CostWeight > 0) sum += ClassTerms.Cost(z, table, _recipe.CostPower) * (_recipe.CostWeight / divisor);
        if (_recipe.KappaWeight > 0) sum += ClassTerms.SoftKappa(z, table) * _recipe.KappaWeight;
        return sum;
    }

    private float[] Weighted(GradeTargets targets)
    {
        var table = targets.Distribution(_head.Classes);
        for (var i = 0; i < table.Length; i++) table[i] *= (float)_weights[i % _head.Classes];
        return table;
    }

    private int Questions(int grade) => _head.Kind == HeadKind.Corn ? Math.Min(grade + 1, _head.Classes - 1) : 1;
}
