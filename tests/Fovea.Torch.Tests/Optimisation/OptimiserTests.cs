using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;

namespace Fovea.Torch.Tests.Optimisation;

public sealed class OptimiserTests : IClassFixture<LeakCheck>
{
    private static void Backward(Layer layer)
    {
        using var scope = new TensorScope();
        layer.Call(Tensor.Ones(1, 2), Phase.Training).Sum().Backward();
    }

    [Fact]
    public void Step_Sgd_MovesAgainstTheGradient()
    {
        using var layer = new Linear(2, 1);
        Initialisation.Constant(layer.Weight, 1);
        Backward(layer); // gradient 1 for each weight
        using var optimiser = new Sgd(layer, 0.25);
        optimiser.Step();
        Assert.Equal([0.75f, 0.75f], layer.Weight.ToArray<float>());
        optimiser.ZeroGrad();
        optimiser.Step();
        Assert.Equal([0.75f, 0.75f], layer.Weight.ToArray<float>());
    }

    [Theory]
    [InlineData(ScalarType.Float32, MemoryFormat.ChannelsLast)]
    [InlineData(ScalarType.Float64, MemoryFormat.Contiguous)]
    public void Sgd_OtherTypeOrGradientInOtherOrder_TakesTheSameStep(ScalarType type, MemoryFormat format)
    {
        // Gradient 0.5, and a tenth of p: first 0.7, p = 2 − 0.1·0.7 = 1.93; then 0.693, momentum 0.9·0.7 + 0.693 = 1.323, p = 1.93 − 0.1323 = 1.7977.
        using var module = new One(type, format);
        using var optimiser = new Sgd(module, 0.1, momentum: 0.9, weightDecay: 0.1);
        for (var step = 0; step < 2; step++)
        {
            using var scope = new TensorScope();
            optimiser.ZeroGrad();
            (module.Parameter * (Tensor.Ones(2, 3, 2, 2) * 0.5).To(type)).Sum().Backward();
            optimiser.Step();
        }
        using var reading = new TensorScope();
        foreach (var value in module.Parameter.To(ScalarType.Float64).ToArray<double>()) Assert.Equal(1.7977, value, 1e-6);
    }

    private sealed class One : Module
    {
        internal One(ScalarType type, MemoryFormat format)
        {
            using var scope = new TensorScope();
            Parameter = AddParameter("p", (Tensor.Ones(2, 3, 2, 2) * 2).To(type).To(format));
        }

        internal Tensor Parameter { get; }
    }

    [Fact]
    public void Step_WithDecay_LeavesGradientsAsTheyWere()
    {
        using var layer = new Linear(2, 1);
        Backward(layer);
        using var optimiser = new Adam(layer, weightDecay: 0.1);
        optimiser.Step();
        using var gradient = layer.Weight.Grad!;
        Assert.Equal([1f, 1], gradient.ToArray<float>());
    }

    [Fact]
    public void Step_FrozenParameter_Stays()
    {
        using var layer = new Linear(2, 1);
        layer.Weight.RequiresGrad = false;
        Backward(layer);
        var before = layer.Weight.ToArray<float>();
        using var optimiser = new AdamW(layer, 0.1, weightDecay: 0.5);
        optimiser.Step();
        Assert.Equal(before, layer.Weight.ToArray<float>());
        Assert.DoesNotContain(optimiser.State().Keys, k => k.StartsWith("weight", StringComparison.Ordinal));
    }

    [Fact]
    public void LoadState_OfAnotherShape_ReportsItAndChangesNothing()
    {
        using var layer = new Linear(2, 1);
        Backward(layer);
        using var optimiser = new Adam(layer);
        optimiser.Step();
        var state = new Dictionary<string, StoredTensor>(optimiser.State()) { ["weight.exp_avg"] = StoredTensor.From<float>([1, 2, 3], 1, 3), ["extra.step"] = StoredTensor.From<long>([1]) };
        state.Remove("bias.exp_avg_sq");
        var report = optimiser.LoadState(state);
        Assert.Equal(["bias.exp_avg_sq"], report.Missing);
        Assert.Equal(["extra.step"], report.Unexpected);
        Assert.Equal(["weight.exp_avg: file [1, 3], optimiser [1, 2]"], report.Mismatched);
        Assert.Equal(1, optimiser.State()["weight.step"].Values<long>()[0]);
    }

    [Fact]
    public void Groups_ParameterInTwo_IsRefused()
    {
        using var layer = new Linear(2, 1);
        var group = ParameterGroup.Of(layer);
        Assert.Throws<ArgumentException>(() => new Sgd([group, group], 0.1));
    }

    [Fact]
    public void WithoutDecayOfVectors_Network_SplitsByDimensions()
    {
        using var net = new Sequential(new Conv2d(3, 4, 3), new BatchNorm2d(4), new Linear(4, 2));
        var groups = ParameterGroup.WithoutDecayOfVectors(net);
        Assert.Equal(["0.weight", "2.weight"], groups[0].Parameters.Select(p => p.Path));
        Assert.Equal(["0.bias", "1.weight", "1.bias", "2.bias"], groups[1].Parameters.Select(p => p.Path));
        Assert.Equal(0, groups[1].WeightDecay);
    }

    [Fact]
    public void Swap_OfAverage_PutsItInAndBack()
    {
        using var net = new Sequential(new Linear(2, 1), new BatchNorm2d(1));
        var linear = (Linear)net[0];
        Initialisation.Constant(linear.Weight, 0);
        using var average = new ExponentialMovingAverage(net, 0.75);
        Initialisation.Constant(linear.Weight, 8);
        average.Update();
        using (average.Swap())
        {
            Assert.Equal([2f, 2], linear.Weight.ToArray<float>()); // 0.75·0 + 0.25·8
            Assert.Throws<InvalidOperationException>(average.Update);
            Assert.Equal([2f, 2], average.State()["0.weight"].Values<float>().ToArray());
        }
        Assert.Equal([8f, 8], linear.Weight.ToArray<float>());
        Assert.Equal([2f, 2], average.State()["0.weight"].Values<float>().ToArray());
        Assert.True(linear.Weight.RequiresGrad);

        using var other = new Sequential(new Linear(2, 1), new BatchNorm2d(1));
        average.CopyTo(other);
        Assert.Equal([2f, 2], ((Linear)other[0]).Weight.ToArray<float>());
    }

    [Fact]
    public void Update_OfAverage_TakesBuffersIn()
    {
        using var norm = new BatchNorm2d(1);
        using var average = new ExponentialMovingAverage(norm, 0.5);
        norm.RunningMean.FillInPlace(4);
        norm.BatchesTracked.FillInPlace(9);
        average.Update();
        Assert.Equal(2, average.State()["running_mean"].Values<float>()[0]);
        Assert.Equal(9, average.State()["num_batches_tracked"].Values<long>()[0]);
    }

    [Fact]
    public void LoadState_OfAverage_ContinuesItsWarmUp()
    {
        using var norm = new BatchNorm2d(1);
        using var whole = new ExponentialMovingAverage(norm, 0.999, warmUp: true);
        Initialisation.Constant(norm.Weight, 3);
        whole.Update(); // min(0.999, 2/11)
        Assert.Equal(1 * (2 / 11f) + 3 * (9 / 11f), whole.State()["weight"].Values<float>()[0], 1e-6f);
        using var resumed = new ExponentialMovingAverage(norm, 0.999, warmUp: true);
        resumed.LoadState(whole.State(), whole.Updates);
        whole.Update();
        resumed.Update();
        Assert.Equal(whole.State()["weight"].Data, resumed.State()["weight"].Data);
    }
}
