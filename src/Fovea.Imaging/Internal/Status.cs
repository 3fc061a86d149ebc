using System.Runtime.InteropServices.Marshalling;

namespace Fovea.Imaging.Internal;

/// <summary>What every native function returns. Marshalling it throws on failure, so that no check can be forgotten.</summary>
[NativeMarshalling(typeof(StatusMarshaller))]
internal readonly struct Status;

[CustomMarshaller(typeof(Status), MarshalMode.ManagedToUnmanagedOut, typeof(StatusMarshaller))]
internal static unsafe class StatusMarshaller
{
    private const int OutOfMemory = 2;
    private const int LongestMessage = 2048;

    public static Status ConvertToManaged(int status)
    {
        if (status == 0)
            return default;
        var message = stackalloc byte[LongestMessage];
        var text = Native.LastError(message, LongestMessage) == 0
            ? System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)message)
            : null;
        if (status == OutOfMemory)
            throw new InsufficientMemoryException("native imaging: " + text);
        throw new ImagingException(string.IsNullOrEmpty(text) ? "the native imaging library failed without a reason" : text);
    }
}
