using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Losses;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Losses;

public sealed class GradeLossTests
{
    [Fact]
    public void ClassWeights_ReferenceSystemsCounts_GiveItsPrintedWeights()
    {
        // S0's 3112 training photographs and the weights that scikit-learn printed for them.
        var weights = GradeLoss.ClassWeights(ClassWeighting.Balanced, [1534, 314, 849, 164, 251]);
        double[] printed = [0.40573664, 1.98216561, 0.73309776, 3.79512195, 2.47968127];
        for (var k = 0; k < 5; k++) Assert.Equal(printed[k], weights[k], 8);
    }

    [Fact]
    public void Call_SoftmaxWithWeights_IsTheWeightedMeanByHand()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Softmax, 2), new LossRecipe { ClassWeights = ClassWeighting.Balanced }, [3, 1]);
        // Equal logits: each image costs ln 2, so any weighting gives ln 2. With logits (0, ln 3): class 0 costs ln 4, class 1 ln(4/3).
        var logits = Tensor.From([0f, MathF.Log(3), 0f, MathF.Log(3)], 2, 2);
        // w = 4/(2·3) = 2/3 and 4/(2·1) = 2: (2/3·ln 4 + 2·ln(4/3)) / (8/3)
        var expected = (2.0 / 3 * Math.Log(4) + 2 * Math.Log(4.0 / 3)) / (8.0 / 3);
        Assert.Equal(expected, loss.Call(logits, Tensor.From(0L, 1L)).Item(), 6);
    }

    [Theory]
    [InlineData(false, 2)] // K−1 bits for grade 1 of 3: above 0 yes, above 1 no
    [InlineData(true, 3)]
    public void Call_Ordinal_ComparesEachBitWithItsThreshold(bool alwaysOn, int outputs)
    {
        using var scope = new TensorScope();
        var head = new HeadSpec(HeadKind.Ordinal, 3) { AlwaysOnBit = alwaysOn };
        Assert.Equal(outputs, head.Outputs);
        var loss = new GradeLoss(head, new LossRecipe(), [1, 1, 1]);
        var right = Tensor.From<float>(alwaysOn ? [20f, 20f, -20f] : [20f, -20f], 1, outputs);
        Assert.Equal(0, loss.Call(right, Tensor.From(1L)).Item(), 6);
        // All bits undecided: ln 2 each.
        Assert.Equal(Math.Log(2), loss.Call(Tensor.Zeros(1, outputs), Tensor.From(1L)).Item(), 6);
    }

    [Fact]
    public void Call_Regression_IsSmoothL1OfTheGrade()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Regression, 5), new LossRecipe(), [1, 1, 1, 1, 1]);
        // Errors 0.5 and 3: 0.5·0.25 = 0.125 and 3 − 0.5 = 2.5, mean 1.3125.
        Assert.Equal(1.3125, loss.Call(Tensor.From([2.5f, 1f], 2, 1), Tensor.From(2L, 4L)).Item(), 6);
    }

    [Theory]
    [InlineData(HeadKind.Softmax)]
    [InlineData(HeadKind.Ordinal)]
    [InlineData(HeadKind.Regression)]
    public void Call_TwoGradesInShares_IsTheMeanOfTheirLossesInTheseShares(HeadKind kind)
    {
        using var scope = new TensorScope();
        var head = new HeadSpec(kind, 3);
        var loss = new GradeLoss(head, new LossRecipe(), [5, 3, 2]);
        var logits = Tensor.From<float>([.. Enumerable.Range(0, 2 * head.Outputs).Select(i => 0.7f * i - 1)], 2, head.Outputs);
        double One(int image, long grade) => loss.Call(logits.IndexSelect(0, Tensor.From((long)image)), Tensor.From(grade)).Item();
        var expected = (0.7 * One(0, 2) + 0.3 * One(0, 0) + 0.25 * One(1, 1) + 0.75 * One(1, 2)) / 2;
        Assert.Equal(expected, loss.Call(logits, new GradeTargets([2, 1], [0, 2], [0.7f, 0.25f])).Item(), 5);
        // Whole shares are the plain loss.
        Assert.Equal(loss.Call(logits, Tensor.From(2L, 1L)).Item(), loss.Call(logits, new GradeTargets([2, 1], [0, 0], [1, 1])).Item(), 6);
        Assert.Equal(loss.Call(logits, Tensor.From(2L, 1L)).Item(), loss.Call(logits, new GradeTargets([2, 1])).Item(), 6);
    }

    [Fact]
    public void Call_TwoGradesWithClassWeights_WeighsEachShareByItsClass()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Softmax, 2), new LossRecipe { ClassWeights = ClassWeighting.Balanced }, [3, 1]);
        var logits = Tensor.From([0f, MathF.Log(3)], 1, 2);
        // w = 2/3 and 2, losses ln 4 and ln 4/3, shares 0.6 and 0.4: (0.4·ln 4 + 0.8·ln 4/3) / 1.2
        Assert.Equal((0.4 * Math.Log(4) + 0.8 * Math.Log(4.0 / 3)) / 1.2, loss.Call(logits, new GradeTargets([0], [1], [0.6f])).Item(), 6);
    }

    [Fact]
    public void Call_LabelSmoothing_SpreadsTheTarget()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Softmax, 2), new LossRecipe { LabelSmoothing = 0.2 }, [1, 1]);
        // Target (0.9, 0.1) against p = (1/4, 3/4).
        var expected = -(0.9 * Math.Log(0.25) + 0.1 * Math.Log(0.75));
        Assert.Equal(expected, loss.Call(Tensor.From([0f, MathF.Log(3)], 1, 2), Tensor.From(0L)).Item(), 6);
    }

    /// <summary>coral-pytorch's corn_loss: the sum of all binary cross-entropies of images that reach a threshold, over their number.</summary>
    [Fact]
    public void Call_Corn_AsksOnlyImagesThatReachTheThreshold()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Corn, 3), new LossRecipe(), [1, 1, 1]);
        // σ(ln 3) = 3/4. Grade 0 answers "> 0": no; grade 1 "> 0": yes, "> 1": no; grade 2 yes, yes. All say 3/4: two noes cost ln 4, three yeses ln 4/3.
        var logits = Tensor.Full(Math.Log(3), ScalarType.Float32, 3, 2);
        Assert.Equal((2 * Math.Log(4) + 3 * Math.Log(4.0 / 3)) / 5, loss.Call(logits, Tensor.From(0L, 1L, 2L)).Item(), 6);
        // What a grade 0 image says beyond its first threshold does not count.
        var other = Tensor.From([MathF.Log(3), -50f], 1, 2);
        Assert.Equal(Math.Log(4), loss.Call(other, Tensor.From(0L)).Item(), 5);
    }

    [Fact]
    public void Call_CornWithWeights_CountsEachQuestion()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Corn, 2), new LossRecipe { ClassWeights = ClassWeighting.Balanced }, [3, 1]);
        // weights 2/3 and 2, one question each
        var expected = (2.0 / 3 * Math.Log(4) + 2 * Math.Log(4.0 / 3)) / (8.0 / 3);
        Assert.Equal(expected, loss.Call(Tensor.Full(Math.Log(3), ScalarType.Float32, 2, 1), Tensor.From(0L, 1L)).Item(), 6);
    }

    [Fact]
    public void Call_ThreeHeads_AddsTheirLosses()
    {
        using var scope = new TensorScope();
        var head = new HeadSpec(HeadKind.ThreeHeads, 2) { Pooling = PoolingKind.Average };
        var loss = new GradeLoss(head, new LossRecipe { Kind = LossKind.MeanSquaredError }, [1, 1]);
        // grade 1: regression 0.5 costs 0.25; classes (0, ln 3) cost ln(4/3); the bit "> 0" at ln 3 costs ln(4/3)
        Assert.Equal(0.25 + 2 * Math.Log(4.0 / 3), loss.Call(Tensor.From([0.5f, 0, MathF.Log(3), MathF.Log(3)], 1, 4), Tensor.From(1L)).Item(), 6);
    }
}
