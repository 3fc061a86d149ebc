using System.Runtime.CompilerServices;
using Fovea.Torch;

namespace Fovea.Torch.Tests;

public sealed class TensorTests : IClassFixture<LeakCheck>
{
    [Fact]
    public void Operators_EveryNameUsed_ResolvesInThisLibtorch()
    {
        RuntimeHelpers.RunClassConstructor(typeof(Operators).TypeHandle);
        Assert.True(Operator.All.Count > 80);
        var missing = Operator.All.Where(o => o.Name.StartsWith("aten::", StringComparison.Ordinal) && !Resolves(o)).Select(o => o.ToString()).Order();
        Assert.Empty(missing);
    }

    private static bool Resolves(Operator op)
    {
        try
        {
            return op.Schema.Length > 0;
        }
        catch (TorchException)
        {
            return false;
        }
    }

    [Fact]
    public void Arithmetic_SmallTensors_GivesTheSumsByHand()
    {
        using var scope = new TensorScope();
        var a = Tensor.From([1f, 2, 3, 4, 5, 6], 2, 3);
        var b = Tensor.From(10f, 20, 30);
        Assert.Equal([11f, 22, 33, 14, 25, 36], (a + b).ToArray<float>());
        Assert.Equal([3L, 2], a.Transpose(0, 1).Shape);
        Assert.Equal([1f, 4, 2, 5, 3, 6], a.Transpose(0, 1).ToArray<float>());
        Assert.Equal(21, a.Sum().Item());
    }

    [Fact]
    public void Backward_ProductOfTwo_GivesEachTheOther()
    {
        using var scope = new TensorScope();
        var x = Tensor.From(2f, 3);
        x.RequiresGrad = true;
        (x * x * x).Sum().Backward();
        Assert.Equal([12f, 27], x.Grad!.ToArray<float>()); // 3x²
    }

    [Fact]
    public void Call_WrongShapes_ThrowsLibtorchsMessageWithoutBacktrace()
    {
        using var scope = new TensorScope();
        var e = Assert.Throws<TorchException>(() => { using var inner = new TensorScope(); _ = Tensor.Ones(2, 3) + Tensor.Ones(4, 5); });
        Assert.Contains("must match", e.Message);
        Assert.DoesNotContain("frame #", e.Message);
    }

    [Fact]
    public void Scope_NestedWithKeep_DisposesAllButTheKept()
    {
        var before = TorchMemory.Statistics.Handles;
        using (var outer = new TensorScope())
        {
            Tensor kept;
            using (var inner = new TensorScope())
            {
                _ = Tensor.Ones(3) + 1;
                kept = inner.Keep(Tensor.Ones(3) * 5);
            }
            Assert.Equal(before + 1, TorchMemory.Statistics.Handles);
            Assert.Equal([5f, 5, 5], kept.ToArray<float>());
        }
        Assert.Equal(before, TorchMemory.Statistics.Handles);
    }

    [Fact]
    public void Autocast_Linear_RunsInBFloat16AndEndsWithItsBlock()
    {
        using var scope = new TensorScope();
        var (a, b) = (Tensor.Ones(4, 8), Tensor.Ones(8, 2));
        using (new Autocast(true)) Assert.Equal(ScalarType.BFloat16, a.MatMul(b).Type);
        Assert.Equal(ScalarType.Float32, a.MatMul(b).Type);
    }

    [Fact]
    public void RandomState_RestoredAfterDraws_GivesTheSameNumbers()
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed(7);
        var state = TorchRuntime.RandomState();
        var first = Tensor.Randn(100).ToArray<float>();
        TorchRuntime.RestoreRandomState(state);
        Assert.Equal(first, Tensor.Randn(100).ToArray<float>());
    }
}
