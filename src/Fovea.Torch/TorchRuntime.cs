using System.Runtime.InteropServices;
using Fovea.Torch.Interop;

namespace Fovea.Torch;

/// <summary>Process-wide settings of libtorch: threads, random numbers, devices.</summary>
public static unsafe class TorchRuntime
{
    /// <summary>libtorch's version, e.g. <c>1.13.0</c>.</summary>
    public static string Version
    {
        get
        {
            var buffer = stackalloc byte[64];
            _ = NativeMethods.ftorch_library_version(buffer, 64);
            return Marshal.PtrToStringUTF8((nint)buffer)!;
        }
    }

    /// <summary>Threads that one operator may use. Default: as many as the process has processors (affinity, container limit), or what OMP_NUM_THREADS says.</summary>
    public static int Threads
    {
        get => NativeMethods.ftorch_threads(0);
        set => _ = NativeMethods.ftorch_threads(value);
    }

    /// <summary>How many GPUs this libtorch can use; 0 for a build without CUDA.</summary>
    public static int CudaDevices => NativeMethods.ftorch_cuda_devices();

    /// <summary>Seeds libtorch's generators (initialisation, dropout).</summary>
    public static void Seed(ulong seed) => NativeMethods.ftorch_seed(seed);

    /// <summary>The CPU generator's state, to be put back with <see cref="RestoreRandomState"/>.</summary>
    public static byte[] RandomState()
    {
        NativeMethods.ftorch_rng_state(out var handle);
        using var state = new Tensor(handle);
        return state.ToArray<byte>();
    }

    public static void RestoreRandomState(ReadOnlySpan<byte> state)
    {
        using var tensor = Tensor.From(state, state.Length);
        NativeMethods.ftorch_set_rng_state(tensor.Handle);
    }

    /// <summary>Treats denormal floats as zero: they slow training down a hundredfold and mean nothing. Per thread.</summary>
    public static void FlushDenormals(bool on = true) => NativeMethods.ftorch_flush_denormal(on ? 1 : 0);

    /// <summary>Asks libtorch for its deterministic algorithms where it has both kinds.</summary>
    public static void UseDeterministicAlgorithms(bool on = true) => NativeMethods.ftorch_deterministic(on ? 1 : 0);
}
