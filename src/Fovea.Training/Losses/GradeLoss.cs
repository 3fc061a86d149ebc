using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Recipes;

namespace Fovea.Training.Losses;

// Shape shorthand in this file: N images, K grades, O outputs of the head (K softmax, K or K-1 ordinal, K-1 CORN, 1 regression, all of them for three heads).

/// <summary>
/// What training minimises: the head's own loss for each image, weighted by the class of its label,
/// Σ w(yᵢ) lᵢ / Σ w(yᵢ), which is how PyTorch weights its cross-entropy. Of three heads the losses are added up.
/// CORN (Shi, Cao, Raschka 2021, arXiv 2111.08851, equation 6) asks "grade &gt; k" only of images whose grade reaches k, and divides by the number of questions; weights then count for each question.
/// </summary>
public sealed class GradeLoss : IDisposable
{
    private readonly HeadSpec _head;
    private readonly LossRecipe _recipe;
    private readonly Tensor? _weights; // [K]

    /// <param name="classCounts">How many training images each grade has; decides the weights.</param>
    public GradeLoss(HeadSpec head, LossRecipe recipe, ReadOnlySpan<int> classCounts)
    {
        (_head, _recipe) = (head, recipe);
        if (recipe.ClassWeights == ClassWeighting.None) return;
        var weights = ClassWeights(recipe.ClassWeights, classCounts);
        _weights = Tensor.From(Array.ConvertAll(weights, w => (float)w)).OutliveScopes();
    }

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
    public Tensor Call(Tensor logits, Tensor grades)
    {
        using var scope = new TensorScope();
        var (each, questions) = PerImage(logits.To(ScalarType.Float32), grades); // [N]
        if (_weights is null) return scope.Keep(questions is null ? each.Mean() : each.Sum() / questions.Sum());
        var w = _weights.IndexSelect(0, grades);
        return scope.Keep((each * w).Sum() / (questions is null ? w : questions * w).Sum());
    }

    /// <summary>The loss against two grades for each image: λ·l(a) + (1 − λ)·l(b), weighted by λ·w(a) + (1 − λ)·w(b). With every λ = 1 it is that of the first grades.</summary>
    /// <param name="logits">[N, O], any floating type; computed in float32.</param>
    /// <returns>A scalar.</returns>
    public Tensor Call(Tensor logits, GradeTargets targets)
    {
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = new TensorScope();
        var own = Tensor.From(targets.Grades);
        if (targets.Others is null) return scope.Keep(Call(logits, own));
        var (other, share) = (Tensor.From(targets.Others), Tensor.From(targets.Shares!)); // [N]
        var x = logits.To(ScalarType.Float32);
        var ((a, na), (b, nb), rest) = (PerImage(x, own), PerImage(x, other), 1 - share); // [N]
        if (_weights is null && na is null) return scope.Keep((share * a + rest * b).Mean());
        var (wa, wb) = _weights is null ? (share, rest) : (share * _weights.IndexSelect(0, own), rest * _weights.IndexSelect(0, other));
        return scope.Keep((wa * a + wb * b).Sum() / (na is null ? wa + wb : wa * na + wb * nb!).Sum());
    }

    /// <returns>Each image's loss [N], and for CORN, whose images add up several questions, how many each was asked; null for one each.</returns>
    private (Tensor Each, Tensor? Questions) PerImage(Tensor logits, Tensor grades) => _head.Kind switch
    {
        HeadKind.Softmax => (CrossEntropy(logits, grades), null),
        HeadKind.Ordinal => (Ordinal(logits, grades), null),
        HeadKind.Corn => Corn(logits, grades),
        HeadKind.ThreeHeads => (Regression(logits.Select(1, 0), grades.To(ScalarType.Float32)) + CrossEntropy(logits.Narrow(1, 1, _head.Classes), grades)
            + Ordinal(logits.Narrow(1, 1 + _head.Classes, _head.OrdinalOutputs), grades), null),
        _ => (Regression(logits.Squeeze(1), grades.To(ScalarType.Float32)), null),
    };

    private Tensor Ordinal(Tensor logits, Tensor grades) =>
        Functional.BinaryCrossEntropyWithLogits(logits, OrdinalTargets(grades), reduction: Reduction.None).Mean([1]);

    private (Tensor Each, Tensor Questions) Corn(Tensor logits, Tensor grades)
    {
        var asked = (grades.Unsqueeze(1) - Tensor.Arange(_head.Outputs) >= 0).To(ScalarType.Float32); // [N, K−1]: the grade reaches k
        var each = Functional.BinaryCrossEntropyWithLogits(logits, OrdinalTargets(grades), reduction: Reduction.None);
        return ((each * asked).Sum([1]), asked.Sum([1]));
    }

    private Tensor CrossEntropy(Tensor logits, Tensor grades)
    {
        var logP = Functional.LogSoftmax(logits, 1); // [N, K]
        var own = -logP.Gather(1, grades.Unsqueeze(1)).Squeeze(1);
        return _recipe.LabelSmoothing == 0 ? own : own * (1 - _recipe.LabelSmoothing) - logP.Mean([1]) * _recipe.LabelSmoothing;
    }

    /// <summary>Bit k says "the grade is at least k" (K bits, as S0) or "above k" (K−1 bits): [N, K] or [N, K−1] of 0 and 1.</summary>
    private Tensor OrdinalTargets(Tensor grades)
    {
        var bits = Tensor.Arange(_head.OrdinalOutputs) + (_head.AlwaysOnBit ? 0 : 1); // [K] or [K−1]
        return (grades.Unsqueeze(1) - bits >= 0).To(ScalarType.Float32);
    }

    private Tensor Regression(Tensor score, Tensor grades) => _recipe.Kind switch
    {
        LossKind.MeanSquaredError => (score - grades).Square(),
        LossKind.MeanAbsoluteError => (score - grades).Abs(),
        _ => Functional.SmoothL1(score, grades, _recipe.Beta, Reduction.None),
    };

    public void Dispose() => _weights?.Dispose();
}

/// <summary>What a batch should answer: one grade for each image, or two in shares (mixup, cutmix).</summary>
/// <param name="Grades">[N], 0 … K−1.</param>
/// <param name="Others">[N], the grade mixed in; null: none.</param>
/// <param name="Shares">[N], λ of <paramref name="Grades"/>, 0–1; null with <paramref name="Others"/>.</param>
public sealed record GradeTargets(long[] Grades, long[]? Others = null, float[]? Shares = null);
