using Fovea.Torch.Modules;

namespace Fovea.Torch.Tests;

/// <summary>
/// The fused operator of native/torch/norm.cpp against libtorch's batch norm, addition and activation, in values, gradients and running statistics.
/// Shapes cover each width of the kernels (32, 8 and single channels) and rows that do not divide among threads.
/// </summary>
public sealed class BatchNormActivationTests : IClassFixture<LeakCheck>
{
    public static TheoryData<long, long, long, Activation, bool> Cases
    {
        get
        {
            var cases = new TheoryData<long, long, long, Activation, bool>();
            foreach (var (n, c, side) in new[] { (2L, 3L, 5L), (3L, 16L, 7L), (2L, 45L, 9L), (5L, 96L, 23L), (8L, 130L, 1L) })
                foreach (var activation in Enum.GetValues<Activation>())
                    foreach (var residual in new[] { false, true }) cases.Add(n, c, side, activation, residual);
            return cases;
        }
    }

    private sealed record Result(double[] Y, double[] Dx, double[] DResidual, double[] DWeight, double[] DBias, double[] Mean, double[] Variance);

    private static Result Run(long n, long c, long side, Activation activation, bool residual, ScalarType type, bool fused, double shift = 0, bool rounded = false)
    {
        Tensor Input(Tensor t) => (rounded ? t.To(ScalarType.BFloat16) : t).To(type).To(MemoryFormat.ChannelsLast);
        using var scope = new TensorScope();
        TorchRuntime.Seed((ulong)(n + 100 * c + 10_000 * side));
        // Wide enough to pass 6 after the normalisation.
        var x = Leaf(Input(Tensor.Randn(n, c, side, side) * 3 + shift));
        var shortcut = Leaf(Input(Tensor.Randn(n, c, side, side) * 2));
        var (weight, bias) = (Leaf(Tensor.Rand(c) * 3 + 0.5), Leaf(Tensor.Randn(c)));
        var (mean, variance) = (Tensor.Randn(c), Tensor.Rand(c) + 0.5);
        var cotangent = Input(Tensor.Randn(n, c, side, side));
        Tensor y;
        if (fused)
        {
            y = Functional.BatchNorm(x, mean, variance, weight, bias, true, activation, residual ? shortcut : null);
        }
        else
        {
            y = Functional.BatchNorm(x, mean, variance, weight, bias, true);
            if (residual) y += shortcut;
            y = activation switch { Activation.Relu => Functional.Relu(y), Activation.Relu6 => y.Clamp(0, 6), _ => y };
        }
        y.Backward(cotangent);
        return new Result(Numbers(y), Numbers(x.Grad!), residual ? Numbers(shortcut.Grad!) : [], Numbers(weight.Grad!), Numbers(bias.Grad!), Numbers(mean), Numbers(variance));
    }

    private static Tensor Leaf(Tensor tensor)
    {
        tensor.RequiresGrad = true;
        return tensor;
    }

    private static double[] Numbers(Tensor tensor) => tensor.To(ScalarType.Float64).ToArray<double>();

    private static void AssertClose(Result expected, Result actual, double tolerance)
    {
        foreach (var (name, e, a) in new[]
        {
            ("y", expected.Y, actual.Y), ("dx", expected.Dx, actual.Dx), ("dresidual", expected.DResidual, actual.DResidual), ("dweight", expected.DWeight, actual.DWeight),
            ("dbias", expected.DBias, actual.DBias), ("mean", expected.Mean, actual.Mean), ("variance", expected.Variance, actual.Variance),
        })
        {
            Assert.Equal(e.Length, a.Length);
            var bound = tolerance * e.Select(Math.Abs).DefaultIfEmpty(0).Max();
            for (var i = 0; i < e.Length; i++) Assert.True(Math.Abs(e[i] - a[i]) <= bound, $"{name}[{i}]: {a[i]:R}, expected {e[i]:R}");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Fused_Float32_MatchesTheThreeOperators(long n, long c, long side, Activation activation, bool residual) =>
        AssertClose(Run(n, c, side, activation, residual, ScalarType.Float32, false), Run(n, c, side, activation, residual, ScalarType.Float32, true), 1e-5);

    // The truth is float32 on the same, rounded inputs. The fused operator rounds less often than the three, so its errors must not be larger than theirs;
    // a tenth and one unit of bfloat16 (2⁻⁸) are for chance.
    [Theory, MemberData(nameof(Cases))]
    public void Fused_BFloat16_IsAsExactAsTheThreeOperators(long n, long c, long side, Activation activation, bool residual)
    {
        var truth = Run(n, c, side, activation, residual, ScalarType.Float32, false, rounded: true);
        var three = Run(n, c, side, activation, residual, ScalarType.BFloat16, false);
        var fused = Run(n, c, side, activation, residual, ScalarType.BFloat16, true);
        foreach (var part in new Func<Result, double[]>[] { r => r.Y, r => r.Dx, r => r.DResidual, r => r.DWeight, r => r.DBias, r => r.Mean, r => r.Variance })
        {
            var (scale, bound) = (Distance(part(truth), new double[part(truth).Length]), Distance(part(truth), part(three)));
            Assert.InRange(Distance(part(truth), part(fused)), 0, 1.1 * bound + scale / 256);
        }
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (p, q) => (p - q) * (p - q)).Sum());

    [Fact]
    public void Fused_MeanFarFromZero_DoesNotCancel()
    {
        // With values about 1000 ± 3, E[x²] − E[x]² in float32 would lose five of its seven digits.
        var actual = Run(4, 8, 16, Activation.None, false, ScalarType.Float32, true, shift: 1000);
        var around = Run(4, 8, 16, Activation.None, false, ScalarType.Float32, true);
        for (var i = 0; i < actual.Y.Length; i++) Assert.Equal(around.Y[i], actual.Y[i], 1e-3); // x itself has only 6e-5 of precision there
    }

    [Fact]
    public void Fused_Float64_FallsBackAndMatchesFiniteDifferences()
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed(3);
        Tensor Double(Tensor t) => t.To(ScalarType.Float64);
        var (shape, weight, bias) = (new long[] { 2, 3, 3, 2 }, Double(Tensor.Rand(3) * 4), Double(Tensor.Randn(3)));
        var (values, shortcut, w) = (Double(Tensor.Randn(shape)).ToArray<double>(), Double(Tensor.Randn(shape)), Double(Tensor.Randn(shape)));
        Tensor Loss(Tensor x) => (Functional.BatchNorm(x, Double(Tensor.Zeros(3)), Double(Tensor.Ones(3)), weight, bias, true, Activation.Relu6, shortcut) * w).Sum();
        var leaf = Leaf(Tensor.From(values, shape));
        Loss(leaf).Backward();
        var analytic = leaf.Grad!.ToArray<double>();
        for (var i = 0; i < values.Length; i++)
        {
            double At(double h)
            {
                var moved = (double[])values.Clone();
                moved[i] += h;
                return Loss(Tensor.From(moved, shape)).Item();
            }
            Assert.Equal((At(1e-6) - At(-1e-6)) / 2e-6, analytic[i], 1e-6);
        }
    }

    [Theory]
    [InlineData(false, Activation.None)]
    [InlineData(true, Activation.Relu)]
    [InlineData(true, Activation.Relu6)]
    public void Fused_WithRunningStatistics_MatchesTheThreeOperators(bool residual, Activation activation)
    {
        using var norm = new BatchNorm2d(20);
        using var scope = new TensorScope();
        TorchRuntime.Seed(5);
        norm.RunningMean.CopyInPlace(Tensor.Randn(20));
        norm.RunningVariance.CopyInPlace(Tensor.Rand(20) + 0.1);
        var values = (Tensor.Randn(2, 20, 6, 5) * 4).To(MemoryFormat.ChannelsLast);
        var shortcut = residual ? Tensor.Randn(2, 20, 6, 5).To(MemoryFormat.ChannelsLast) : null;
        var (fused, separate) = (Leaf(values.Clone()), Leaf(values.Clone()));
        var y = norm.Call(fused, Phase.Inference, activation, shortcut);
        var expected = Functional.BatchNorm(separate, norm.RunningMean, norm.RunningVariance, norm.Weight, norm.Bias, training: false);
        if (residual) expected += shortcut!;
        expected = activation switch { Activation.Relu => Functional.Relu(expected), Activation.Relu6 => Functional.Relu6(expected), _ => expected };
        Assert.Equal(Numbers(expected), Numbers(y), (a, b) => Math.Abs(a - b) < 1e-5);
        y.Square().Sum().Backward();
        var byFused = (Numbers(fused.Grad!), Numbers(norm.Weight.Grad!), Numbers(norm.Bias.Grad!));
        Tensor.ClearGradients(norm.Parameters());
        expected.Square().Sum().Backward();
        Assert.Equal(Numbers(separate.Grad!), byFused.Item1, (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal(Numbers(norm.Weight.Grad!), byFused.Item2, (a, b) => Math.Abs(a - b) < 1e-5 * Math.Max(100, Math.Abs(a)));
        Assert.Equal(Numbers(norm.Bias.Grad!), byFused.Item3, (a, b) => Math.Abs(a - b) < 1e-5 * Math.Max(100, Math.Abs(a)));
        Assert.Equal(0, norm.BatchesTracked.Item());
    }

    [Fact]
    public void Training_OneValueAChannel_IsRefused()
    {
        using var norm = new BatchNorm2d(4);
        using var scope = new TensorScope();
        Assert.Contains("more than one value", Assert.Throws<TorchException>(() => norm.Call(Tensor.Ones(1, 4, 1, 1), Phase.Training)).Message, StringComparison.Ordinal);
    }
}
