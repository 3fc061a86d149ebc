using System.Reflection;
using Xunit;

namespace Fovea.Torch.Tests;

public sealed class TorchRuntimeTests
{
    // .NET resolves the library again for every function's first call; the default number of threads must not come back with it.
    [Fact]
    public void Threads_Set_StayWhenAnotherFunctionIsBound()
    {
        var before = TorchRuntime.Threads;
        try
        {
            var other = before == 1 ? 2 : 1;
            TorchRuntime.Threads = other;
            var resolve = typeof(TorchRuntime).Assembly.GetType("Fovea.Torch.Interop.TorchLibrary", throwOnError: true)!.GetMethod("Resolve", BindingFlags.NonPublic | BindingFlags.Static)!;
            Assert.NotEqual((nint)0, resolve.Invoke(null, ["fovea_torch", typeof(TorchRuntime).Assembly, null]));
            Assert.Equal(other, TorchRuntime.Threads);
        }
        finally
        {
            TorchRuntime.Threads = before;
        }
    }
}
