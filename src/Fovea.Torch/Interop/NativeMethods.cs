using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Fovea.Torch.Interop;

/// <summary>The exports of libfovea_torch; native/torch/fovea_torch.h is the other side of this page.</summary>
internal static unsafe partial class NativeMethods
{
    private const string Library = TorchLibrary.Name;

    [LibraryImport(Library)] internal static partial int ftorch_abi_version();
    [LibraryImport(Library)] internal static partial int ftorch_last_error(byte* buffer, int capacity);
    [LibraryImport(Library)] internal static partial int ftorch_library_version(byte* buffer, int capacity);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial Status ftorch_find(string name, string overload, out nint op);
    [LibraryImport(Library)] internal static partial Status ftorch_schema(nint op, byte* buffer, int capacity);
    [LibraryImport(Library)] internal static partial Status ftorch_call(nint op, NativeValue* args, int n, NativeValue* results, int capacity, out int count);

    [LibraryImport(Library)] internal static partial Status ftorch_tensor_create(void* data, long bytes, int dtype, long* shape, int dims, out nint tensor);
    [LibraryImport(Library)] internal static partial Status ftorch_tensor_info(TensorHandle tensor, out TensorInfo info, long* shape, int capacity);
    [LibraryImport(Library)] internal static partial Status ftorch_tensor_read(TensorHandle tensor, void* destination, long bytes);
    [LibraryImport(Library)] internal static partial Status ftorch_tensor_write(TensorHandle tensor, void* source, long bytes);
    [LibraryImport(Library)] internal static partial Status ftorch_tensor_data(TensorHandle tensor, out nint data);
    [LibraryImport(Library)] internal static partial Status ftorch_tensor_alias(TensorHandle tensor, out nint alias);
    [LibraryImport(Library)] internal static partial void ftorch_tensor_free(nint tensor);

    [LibraryImport(Library)] internal static partial Status ftorch_set_requires_grad(TensorHandle tensor, int value);
    [LibraryImport(Library)] internal static partial Status ftorch_backward(TensorHandle loss, nint gradient, int retainGraph);
    [LibraryImport(Library)] internal static partial Status ftorch_grad(TensorHandle tensor, out nint gradient);
    [LibraryImport(Library)] internal static partial Status ftorch_set_grad(nint* tensors, int n, nint gradient);
    [LibraryImport(Library)] internal static partial Status ftorch_gradients(nint* outputs, int nOutputs, nint* inputs, int nInputs, int retainGraph, int createGraph, nint* gradients);

    [LibraryImport(Library)] internal static partial int ftorch_grad_mode(int enabled);
    [LibraryImport(Library)] internal static partial Status ftorch_autocast(int enabled, int dtype, int cuda, out int before);
    [LibraryImport(Library)] internal static partial Status ftorch_seed(ulong seed);
    [LibraryImport(Library)] internal static partial Status ftorch_rng_state(out nint state);
    [LibraryImport(Library)] internal static partial Status ftorch_set_rng_state(TensorHandle state);
    [LibraryImport(Library)] internal static partial int ftorch_threads(int n);
    [LibraryImport(Library)] internal static partial int ftorch_cuda_devices();
    [LibraryImport(Library)] internal static partial Status ftorch_flush_denormal(int on);
    [LibraryImport(Library)] internal static partial Status ftorch_deterministic(int on);
    [LibraryImport(Library)] internal static partial void ftorch_memory(out MemoryStatistics statistics);
    [LibraryImport(Library)] internal static partial void ftorch_memory_release_cache();

    [LibraryImport(Library)] internal static partial Status ftorch_script_load(void* bytes, long size, out nint script);
    [LibraryImport(Library)] internal static partial Status ftorch_script_forward(ScriptHandle script, TensorHandle x, out nint result);
    [LibraryImport(Library)] internal static partial void ftorch_script_free(nint script);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int ftorch_has_backend(string backend);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial Status ftorch_group_create(string backend, string host, int port, int rank, int size, long joinMs, long timeoutMs, out nint group);
    [LibraryImport(Library)] internal static partial Status ftorch_group_disconnect(GroupHandle group);
    [LibraryImport(Library)] internal static partial void ftorch_group_free(nint group);
    [LibraryImport(Library)] internal static partial Status ftorch_group_all_reduce(GroupHandle group, TensorHandle values);
    [LibraryImport(Library)] internal static partial Status ftorch_group_broadcast(GroupHandle group, nint* tensors, int n);
    [LibraryImport(Library)] internal static partial Status ftorch_group_beat(GroupHandle group, long* beats);
    [LibraryImport(Library)] internal static partial Status ftorch_group_leave(GroupHandle group);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial Status ftorch_group_say(GroupHandle group, string text);
    [LibraryImport(Library)] internal static partial Status ftorch_group_said(GroupHandle group, int rank, byte* buffer, int capacity, out int length);
    [LibraryImport(Library)] internal static partial Status ftorch_gradient_sum_create(GroupHandle group, nint* parameters, int n, long bucketBytes, out nint sum);
    [LibraryImport(Library)] internal static partial Status ftorch_gradient_sum_arm(GradientSumHandle sum);
    [LibraryImport(Library)] internal static partial Status ftorch_gradient_sum_wait(GradientSumHandle sum);
    [LibraryImport(Library)] internal static partial void ftorch_gradient_sum_free(nint sum);

    internal static string LastError()
    {
        var buffer = stackalloc byte[8192];
        var length = Math.Min(ftorch_last_error(buffer, 8192), 8191);
        return System.Text.Encoding.UTF8.GetString(buffer, length);
    }
}

/// <summary>What every failing export returns. Its marshaller throws, so that no caller can forget to look.</summary>
[NativeMarshalling(typeof(StatusMarshaller))]
internal readonly struct Status;

[CustomMarshaller(typeof(Status), MarshalMode.ManagedToUnmanagedOut, typeof(StatusMarshaller))]
internal static class StatusMarshaller
{
    public static Status ConvertToManaged(int status)
    {
        if (status != 0) throw new TorchException(NativeMethods.LastError());
        return default;
    }
}

[StructLayout(LayoutKind.Sequential)]
internal struct TensorInfo
{
    internal int Dtype, Dims, DeviceType, DeviceIndex, RequiresGrad, Contiguous, ChannelsLast, IsLeaf;
    internal long Elements;
}

internal enum Tag
{
    None = 0, Tensor = 1, Int = 2, Double = 3, Bool = 4, Ints = 5, Doubles = 6, Tensors = 7, OptionalTensors = 8, String = 9, Device = 10,
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeValue
{
    internal Tag Tag;
    internal int Length;
    internal long Bits;
}
