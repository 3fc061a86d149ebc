using System.Runtime.InteropServices;

namespace Fovea.Torch.Interop;

/// <summary>Owns one reference to a TensorImpl. Reaching the finalizer means that somebody forgot to dispose: it is counted as a leak.</summary>
internal sealed class TensorHandle : SafeHandle
{
    internal TensorHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.ftorch_tensor_free(handle);
        return true;
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing && !IsInvalid && !IsClosed) TorchMemory.CountLeak();
        base.Dispose(disposing);
    }
}
