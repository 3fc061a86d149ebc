namespace Fovea.Torch.Tests;

/// <summary>
/// Class fixture: fails the class when its tests leave a tensor behind, disposed by the finalizer alone or not at all.
/// <c>public sealed class XTests : IClassFixture&lt;LeakCheck&gt;</c>
/// </summary>
public sealed class LeakCheck : IDisposable
{
    private readonly long _handles, _leaks;

    public LeakCheck()
    {
        Collect(); // leaks of an earlier class are its own
        (_handles, _leaks) = (TorchMemory.Statistics.Handles, TorchMemory.Leaks);
    }

    public void Dispose()
    {
        Collect();
        var leaks = TorchMemory.Leaks - _leaks;
        var handles = TorchMemory.Statistics.Handles - _handles;
        if (leaks != 0 || handles != 0)
            throw new InvalidOperationException($"{leaks} tensors were freed by the finalizer and {handles} handles are still open: dispose them or make them inside a TensorScope");
    }

    internal static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }
}
