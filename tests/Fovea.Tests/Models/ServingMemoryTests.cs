using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Tests.Models;

/// <summary>The statistics are the whole process's, so nothing may run beside.</summary>
[CollectionDefinition(nameof(ServingMemoryTests), DisableParallelization = true)]
public sealed class ServingMemoryCollection;

[Collection(nameof(ServingMemoryTests))]
public class ServingMemoryTests
{
    [Fact]
    public void Call_Repeated_KeepsMemoryFlat()
    {
        using var network = NetworkParityTests.Build("resnet18", 5, [1, 3, 128, 128]);
        using var serving = new ServingNetwork(network);
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(2, 3, 128, 128);
        void Ask() { using var inner = new TensorScope(); serving.Call(x); }
        for (var i = 0; i < 3; i++) Ask();
        var before = TorchMemory.Statistics;
        for (var i = 0; i < 20; i++) Ask();
        var after = TorchMemory.Statistics;
        Assert.Equal(before.InUse, after.InUse);
        Assert.Equal(before.Peak, after.Peak);
        Assert.Equal(before.Handles, after.Handles);
    }

    [Fact]
    public void Call_WeightsTaken_AnswersTheSameAndHoldsLess()
    {
        using var network = NetworkParityTests.Build("resnet18", 5, [1, 3, 64, 64]);
        using var taking = NetworkParityTests.Build("resnet18", 5, [1, 3, 64, 64]);
        using ServingNetwork keeping = new(network), serving = new(taking, takesWeights: true);
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(1, 3, 64, 64);
        var expected = keeping.Call(x).Logits.ToArray<float>();
        var before = TorchMemory.Statistics.InUse;
        Assert.Equal(expected, serving.Call(x).Logits.ToArray<float>());
        Assert.Equal(expected, serving.Call(x).Logits.ToArray<float>());
        Assert.True(TorchMemory.Statistics.InUse - before < 32 << 20, "packed weights came beside the plain ones"); // 70 MiB came, Winograd's 16/9 of the plain ones among them, and 41 went
        Assert.Contains("64×64", Assert.Throws<ArgumentException>(() => serving.Call(FormulaWeights.Input(1, 3, 96, 96))).Message, StringComparison.Ordinal);
    }
}
