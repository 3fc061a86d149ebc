using System.Runtime.InteropServices;

namespace Fovea.Torch.Interop;

/// <summary>Owns a TorchScript program.</summary>
internal sealed class ScriptHandle : SafeHandle
{
    internal ScriptHandle(nint handle) : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        NativeMethods.ftorch_script_free(handle);
        return true;
    }
}
