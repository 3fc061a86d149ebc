using Fovea.Torch.Modules;

namespace Fovea.Torch.Tests.Modules;

public sealed class LayerTests : IClassFixture<LeakCheck>
{
    [Fact]
    public void Conv2d_OnesKernel_SumsItsWindow()
    {
        using var scope = new TensorScope();
        using var conv = new Conv2d(1, 1, 3, padding: 1);
        Initialisation.Constant(conv.Weight, 1);
        Initialisation.Constant(conv.Bias!, 0.5);
        var y = conv.Call(Tensor.Ones(1, 1, 3, 3), Phase.Inference);
        Assert.Equal([4.5f, 6.5f, 4.5f, 6.5f, 9.5f, 6.5f, 4.5f, 6.5f, 4.5f], y.ToArray<float>()); // pixels of the window inside the image, + bias
    }

    [Fact]
    public void BatchNorm2d_TrainingThenInference_MovesRunningValuesByMomentum()
    {
        using var scope = new TensorScope();
        using var norm = new BatchNorm2d(1);
        var x = Tensor.From([1f, 3], 2, 1, 1, 1);
        var y = norm.Call(x, Phase.Training).ToArray<float>();
        Assert.Equal(-1, y[0], 4);
        Assert.Equal(1, y[1], 4);
        Assert.Equal(0.2, norm.RunningMean.ToArray<float>()[0], 6);         // 0.9·0 + 0.1·2
        Assert.Equal(1.1, norm.RunningVariance.ToArray<float>()[0], 6);     // 0.9·1 + 0.1·2, the unbiased variance of {1, 3}
        Assert.Equal(1, norm.BatchesTracked.Item());
        Assert.Equal((3 - 0.2) / Math.Sqrt(1.1), norm.Call(x, Phase.Inference).ToArray<float>()[1], 4);
        Assert.Equal(1, norm.BatchesTracked.Item());
    }

    [Fact]
    public void State_SequentialOfNamedAndNumberedLayers_HasTorchvisionsKeys()
    {
        using var net = new Sequential(("features", new Sequential(new Conv2d(3, 4, 3, bias: false), new BatchNorm2d(4), new Relu())), ("classifier", new Linear(4, 2)));
        Assert.Equal(["features.0.weight", "features.1.weight", "features.1.bias", "classifier.weight", "classifier.bias",
            "features.1.running_mean", "features.1.running_var", "features.1.num_batches_tracked"], net.State().Keys);
        Assert.Equal(3 * 4 * 9 + 8 + 8 + 2, net.ParameterCount);
    }

    [Fact]
    public void Backward_TrainingPassOfEveryLayerKind_GivesEveryParameterAGradient()
    {
        using var scope = new TensorScope();
        using var net = new Sequential(new Conv2d(3, 8, 3, stride: 2, padding: 1, bias: false), new BatchNorm2d(8), new Relu6(inPlace: true), new Conv2d(8, 8, 3, padding: 1, groups: 8),
            new LayerNorm2d(8), new Gelu(), new Conv2d(8, 8, 1), new GroupNorm(2, 8), new Relu(inPlace: true), new MaxPool2d(3, 2, 1), new Dropout(0.2), new Hardswish(),
            new GlobalAveragePool(), new Linear(8, 8), new LayerNorm(8), new Silu(), new Identity(), new Linear(8, 5));
        net.UseChannelsLast();
        foreach (var bf16 in new[] { false, true })
        {
            Tensor loss;
            using (new Autocast(bf16)) loss = Functional.CrossEntropy(net.Call(Tensor.Randn(2, 3, 16, 16).To(MemoryFormat.ChannelsLast), Phase.Training).To(ScalarType.Float32), Tensor.From(1L, 4));
            Tensor.ClearGradients(net.Parameters());
            loss.Backward();
            foreach (var (path, parameter) in net.NamedParameters())
                Assert.True(parameter.Grad is { } gradient && gradient.IsFinite().All().Item() == 1, path);
        }
    }

    [Theory]
    [InlineData(5, 3, 2, 3)]
    [InlineData(6, 3, 2, 3)]
    [InlineData(7, 1, 3, 3)]
    [InlineData(224, 3, 1, 224)]
    public void PadSame_AnySize_GivesCeilingOfSizeByStride(int size, int kernel, int stride, int expected)
    {
        using var scope = new TensorScope();
        var x = Tensor.Ones(1, 1, size, size);
        var y = Functional.MaxPool2d(Functional.PadSame(x, kernel, stride), kernel, stride);
        Assert.Equal([1L, 1, expected, expected], y.Shape);
    }

    [Fact]
    public void Initialisation_LargeDraws_HaveTheVarianceOfTheirFormula()
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed(1);
        const int n = 64, k = 9; // fan-in 64·9, fan-out 128·9
        (Action<Tensor> Rule, double Variance, double Bound)[] cases =
        [
            (w => Initialisation.KaimingUniform(w, Math.Sqrt(5)), 1.0 / 3 / (n * k), 1 / Math.Sqrt(n * k)),
            (w => Initialisation.KaimingNormal(w), 2.0 / (n * k), 1),
            (w => Initialisation.KaimingNormal(w, fanOut: true), 2.0 / (2 * n * k), 1),
            (Initialisation.GlorotUniform, 2.0 / (3 * n * k), Math.Sqrt(6.0 / (3 * n * k))),
            (Initialisation.GlorotNormal, 2.0 / (3 * n * k), 1),
            (Initialisation.HeNormal, 2.0 / (n * k), 2 * Math.Sqrt(2.0 / (n * k)) / 0.8796),
        ];
        foreach (var (rule, variance, bound) in cases)
        {
            var w = Tensor.Empty(ScalarType.Float32, 2 * n, n, 3, 3);
            rule(w);
            var values = w.ToArray<float>();
            Assert.InRange(values.Average(v => (double)v * v), variance * 0.97, variance * 1.03); // 73728 draws: the standard error is below 0.6 %
            Assert.True(values.Max(MathF.Abs) <= bound * 1.0001);
        }
    }
}
