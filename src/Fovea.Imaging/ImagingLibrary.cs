using System.Runtime.InteropServices;
using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>The native library as a whole: its version and its threads.</summary>
public static unsafe class ImagingLibrary
{
    /// <summary>OpenCV's version, such as "4.6.0".</summary>
    /// <exception cref="DllNotFoundException">The native library is missing; the message names each path tried and the command that mends it.</exception>
    public static string OpenCvVersion
    {
        get
        {
            var buffer = stackalloc byte[64];
            Native.OpenCvVersion(buffer, 64);
            return Marshal.PtrToStringUTF8((nint)buffer)!;
        }
    }

    /// <summary>How many threads one operation may use. Default: the number of cores. Loader workers that are themselves parallel set 1.</summary>
    public static int Threads
    {
        get
        {
            Native.GetThreads(out var count);
            return count;
        }
    }

    /// <inheritdoc cref="Threads"/>
    public static void SetThreads(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Native.SetThreads(count);
    }
}
