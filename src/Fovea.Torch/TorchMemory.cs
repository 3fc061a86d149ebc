using System.Runtime.InteropServices;
using Fovea.Torch.Interop;

namespace Fovea.Torch;

/// <summary>Bytes held by CPU tensors of at least 1 MiB, and live tensor handles.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct MemoryStatistics
{
    /// <summary>Bytes in tensors that are alive.</summary>
    public long InUse { get; init; }

    /// <summary>Bytes kept for the next tensor of their size, or down to half of it.</summary>
    public long Cached { get; init; }

    /// <summary>The largest <see cref="InUse"/> so far.</summary>
    public long Peak { get; init; }

    public long Allocations { get; init; }

    public long ServedFromCache { get; init; }

    /// <summary>Handles that managed code has not disposed yet.</summary>
    public long Handles { get; init; }
}

/// <summary>The memory behind tensors.</summary>
public static class TorchMemory
{
    private static long leaks;

    /// <summary>Tensors that only the finalizer freed since the process started. Anything above 0 is a defect of the code that made them.</summary>
    public static long Leaks => Interlocked.Read(ref leaks);

    public static MemoryStatistics Statistics
    {
        get
        {
            NativeMethods.ftorch_memory(out var statistics);
            return statistics;
        }
    }

    /// <summary>Gives cached blocks back to the operating system.</summary>
    public static void ReleaseCache() => NativeMethods.ftorch_memory_release_cache();

    internal static void CountLeak() => Interlocked.Increment(ref leaks);
}
