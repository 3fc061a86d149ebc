using System.Runtime.InteropServices;

namespace Fovea.Torch.Interop;

/// <summary>Owns a process group's connections.</summary>
internal sealed class GroupHandle : SafeHandle
{
    internal GroupHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.ftorch_group_free(handle);
        return true;
    }
}

/// <summary>Owns the hooks and buckets of a gradient sum; to be disposed before its group.</summary>
internal sealed class GradientSumHandle : SafeHandle
{
    internal GradientSumHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.ftorch_gradient_sum_free(handle);
        return true;
    }
}
