using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;

namespace Fovea.Torch.Tests;

/// <summary>Gradients of what Fovea composes itself, against central differences in float64: step 1e-6, so that rounding and curvature both stay far below the bound of 1e-6.</summary>
public sealed class GradientTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (Func<Tensor, Tensor> Function, long[] Shape)> Functions = new(StringComparer.Ordinal)
    {
        ["relu6"] = (Functional.Relu6, [4, 5]),
        ["relu6 in place"] = (x => Functional.Relu6InPlace(x * 1), [4, 5]),
        ["relu6 by clamp, as in bfloat16"] = (x => x.Clamp(0, 6), [4, 5]),
        ["relu in place"] = (x => Functional.ReluInPlace(x * 1), [4, 5]),
        ["global average"] = (Functional.GlobalAveragePool, [2, 3, 4, 5]),
        ["adaptive maximum"] = (x => Functional.AdaptiveMaxPool2d(x, (2, 2)), [1, 2, 5, 4]),
        ["same padding"] = (x => Functional.PadSame(x, 3, 2), [1, 1, 4, 6]),
    };

    public static TheoryData<string> Cases => new(Functions.Keys);

    [Theory, MemberData(nameof(Cases))]
    public void Backward_OfComposedFunction_MatchesFiniteDifferences(string name)
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed(11);
        var (function, shape) = Functions[name];
        var x = (Tensor.Randn(shape) * 4).To(ScalarType.Float64); // reaches beyond 0 and 6
        x.RequiresGrad = true;
        Value(function(x)).Backward();
        var analytic = x.Grad!.ToArray<double>();

        using var noGrad = new NoGrad();
        var values = x.ToArray<double>();
        const double h = 1e-6;
        for (var i = 0; i < values.Length; i++)
        {
            var numeric = (At(i, h) - At(i, -h)) / (2 * h);
            Assert.True(Math.Abs(numeric - analytic[i]) < 1e-6 * Math.Max(1, Math.Abs(numeric)), $"{name}[{i}]: {analytic[i]}, by differences {numeric}");
        }

        double At(int i, double step)
        {
            using var inner = new TensorScope();
            var moved = (double[])values.Clone();
            moved[i] += step;
            return Value(function(Tensor.From(moved, shape))).Item();
        }
    }

    /// <summary>Σ cos(i)·yᵢ: a scalar in which no derivative cancels.</summary>
    private static Tensor Value(Tensor y)
    {
        var weights = new double[y.Elements];
        for (var i = 0; i < weights.Length; i++) weights[i] = Math.Cos(i);
        return (y * Tensor.From(weights, y.Shape)).Sum();
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Relu6_BothTypes_PassGradientOnlyBetweenZeroAndSix(ScalarType type)
    {
        using var scope = new TensorScope();
        var x = Tensor.From(-1f, 0.5f, 3, 5.5f, 7);
        x.RequiresGrad = true;
        var y = Functional.Relu6(x.To(type)).To(ScalarType.Float32);
        Assert.Equal([0f, 0.5f, 3, 5.5f, 6], y.ToArray<float>());
        y.Sum().Backward();
        Assert.Equal([0f, 1, 1, 1, 0], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void GradientOf_TwoInputs_GivesDerivativesAndLeavesGradAlone()
    {
        using var scope = new TensorScope();
        var (x, y, unused) = (Tensor.From(2f), Tensor.From(5f), Tensor.From(1f));
        x.RequiresGrad = y.RequiresGrad = unused.RequiresGrad = true;
        var gradients = Gradient.Of(x * x * y, [x, y, unused]);
        Assert.Equal(20, gradients[0]!.Item()); // 2xy
        Assert.Equal(4, gradients[1]!.Item());  // x²
        Assert.Null(gradients[2]);
        Assert.Null(x.Grad);
    }

    [Fact]
    public void ClipNorm_NotFinite_LeavesGradientsAndReturnsIt()
    {
        using var scope = new TensorScope();
        var x = Tensor.From(1f, 2);
        x.RequiresGrad = true;
        (x * Tensor.From(float.PositiveInfinity, 3)).Sum().Backward();
        Assert.Equal(double.PositiveInfinity, GradientClipping.ClipNorm([x], 1));
        Assert.Equal(3, x.Grad!.ToArray<float>()[1]);
    }
}
