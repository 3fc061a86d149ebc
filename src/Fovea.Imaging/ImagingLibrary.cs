using System.Runtime.InteropServices;
using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>
/// The native library as a whole. Operations may be called from many threads at once. One of them at a time shares its work between the cores, as OpenCV does it; their number cannot be
/// changed while the program runs, because OpenCV would take its threads away from whoever is using them.
/// </summary>
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
}
