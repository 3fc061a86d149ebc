using System.Globalization;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;

namespace Fovea.Torch.Tests;

/// <summary>Training must not grow: no handle and no byte more after many steps than after some.</summary>
public sealed class MemoryTests : IClassFixture<LeakCheck>
{
    private sealed class Training : IDisposable
    {
        private readonly Sequential _net = new(new Conv2d(3, 8, 3, 2, 1, bias: false), new BatchNorm2d(8), new Relu6(inPlace: true), new Conv2d(8, 8, 3, padding: 1, groups: 8, bias: false),
            new BatchNorm2d(8), new Relu(inPlace: true), new MaxPool2d(2), new Dropout(0.2), new GlobalAveragePool(), new Linear(8, 5));
        private readonly Optimiser _optimiser;
        private readonly ExponentialMovingAverage _average;

        internal Training()
        {
            _net.UseChannelsLast();
            _optimiser = new AdamW(ParameterGroup.WithoutDecayOfVectors(_net), 1e-3);
            _average = new ExponentialMovingAverage(_net);
        }

        internal void Step(int step)
        {
            using var scope = new TensorScope();
            var x = Tensor.Randn(4, 3, 28, 28).To(MemoryFormat.ChannelsLast);
            Tensor logits;
            using (new Autocast(step % 2 == 1)) logits = _net.Call(x, Phase.Training);
            var loss = Functional.CrossEntropy(logits.To(ScalarType.Float32), Tensor.From(0L, 1, 2, 3));
            _optimiser.ZeroGrad();
            loss.Backward();
            GradientClipping.ClipNorm(_optimiser.Parameters, 1);
            _optimiser.Step();
            _average.Update();
            Assert.True(double.IsFinite(loss.Item()));
            if (step % 100 != 99) return;
            using var noGrad = new NoGrad();
            using (_average.Swap()) _ = _net.Call(x, Phase.Inference).Argmax(1).ToArray<long>();
        }

        public void Dispose()
        {
            _average.Dispose();
            _optimiser.Dispose();
            _net.Dispose();
        }
    }

    [Fact]
    public void Allocate_SmallerThanAFreeBlock_TakesTheBlock()
    {
        TorchMemory.ReleaseCache();
        static void Use(int mebibytes)
        {
            using var scope = new TensorScope();
            _ = Tensor.Empty(ScalarType.UInt8, mebibytes << 20);
        }
        Use(64);
        var kept = TorchMemory.Statistics.Cached;
        Use(40);
        Assert.Equal(kept, TorchMemory.Statistics.Cached);
        Use(24); // less than half: a block of its own
        Assert.Equal(kept + (24 << 20), TorchMemory.Statistics.Cached);
    }

    [Fact]
    public void Training_TwoHundredSteps_HoldsNoMoreHandlesThanAfterTen()
    {
        using var training = new Training();
        for (var step = 0; step < 10; step++) training.Step(step);
        var handles = TorchMemory.Statistics.Handles;
        for (var step = 10; step < 200; step++) training.Step(step);
        Assert.Equal(handles, TorchMemory.Statistics.Handles);
    }

    [Fact]
    public void Training_TenThousandSteps_KeepsResidentMemoryWithinTwoPercent()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is null) Assert.Skip("minutes long; FOVEA_NIGHTLY=1 runs it");
        using var training = new Training();
        var resident = new List<long>();
        for (var step = 0; step < 10_000; step++)
        {
            training.Step(step);
            if (step >= 5_000 && step % 50 == 0) resident.Add(Resident());
        }
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resident MiB over the last half: {resident.Min() >> 20} to {resident.Max() >> 20}"));
        Assert.InRange(resident.Max() / (double)resident.Min(), 1, 1.02);
    }

    /// <summary>Bytes of this process that are in memory: field 2 of /proc/self/statm, in pages.</summary>
    private static long Resident() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
