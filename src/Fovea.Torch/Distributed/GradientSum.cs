using Fovea.Torch.Interop;

namespace Fovea.Torch.Distributed;

/// <summary>
/// Adds the gradients of a network's copies up over the ranks. Gradients travel in buckets while the backward pass still runs, from the last parameter to the first.
/// <code>sum.Arm(); loss.Backward(); sum.Wait();</code>
/// A backward pass without them only adds to this rank's gradients, which the next sum then takes along.
/// </summary>
public sealed unsafe class GradientSum : IDisposable
{
    /// <summary>As in torch.nn.parallel.DistributedDataParallel.</summary>
    public const long DefaultBucketBytes = 25 << 20;

    private readonly ProcessGroup _group;
    private readonly GradientSumHandle _handle;

    /// <param name="parameters">float32 leaves that are trained, in the order of the network; the same on every rank.</param>
    public GradientSum(ProcessGroup group, IReadOnlyList<Tensor> parameters, long bucketBytes = DefaultBucketBytes)
    {
        _group = group;
        var handles = new nint[parameters.Count];
        var held = 0;
        try
        {
            for (; held < handles.Length; held++) handles[held] = parameters[held].Acquire();
            fixed (nint* p = handles)
            {
                NativeMethods.ftorch_gradient_sum_create(group.Handle, p, handles.Length, bucketBytes, out var handle);
                _handle = new GradientSumHandle(handle);
            }
        }
        finally
        {
            for (var i = 0; i < held; i++) parameters[i].Release();
        }
    }

    /// <summary>The next backward pass is the last before the step.</summary>
    public void Arm() => NativeMethods.ftorch_gradient_sum_arm(_handle);

    /// <summary>After the backward pass: until every gradient is the sum over the ranks.</summary>
    public void Wait() => _group.Collective(() => NativeMethods.ftorch_gradient_sum_wait(_handle));

    public void Dispose() => _handle.Dispose();
}
