using System.Runtime.CompilerServices;

namespace Fovea.Torch.Tests;

/// <summary>The check that the other classes rely on. Without the fixture itself, because these tests leak on purpose.</summary>
public sealed class LeakCheckTests
{
    [Fact]
    public void Dispose_AfterATensorWasForgotten_Throws()
    {
        var check = new LeakCheck();
        Forget();
        Assert.Contains("1 tensors were freed by the finalizer", Assert.Throws<InvalidOperationException>(check.Dispose).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Dispose_WhileATensorIsHeld_Throws()
    {
        var check = new LeakCheck();
        using var held = Tensor.Ones(3);
        Assert.Contains("1 handles are still open", Assert.Throws<InvalidOperationException>(check.Dispose).Message, StringComparison.Ordinal);
        GC.KeepAlive(held);
    }

    [Fact]
    public void Dispose_AfterAllWasDisposed_IsSilent()
    {
        var check = new LeakCheck();
        using (new TensorScope()) _ = Tensor.Ones(3) + 1;
        check.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // no local of the caller keeps it alive
    private static void Forget() => Tensor.Ones(3);
}
