using System.Runtime.InteropServices;

namespace Fovea.Imaging.Internal;

/// <summary>Pinned pixels as the native library sees them (PixelView in bridge.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct PixelView(byte* data, Image shape)
{
    public readonly byte* Data = data;
    public readonly int Width = shape.Width;
    public readonly int Height = shape.Height;
    public readonly int Channels = shape.Channels;
}
