using System.Runtime.InteropServices;

namespace Fovea.Imaging.Internal;

/// <summary>Pinned pixels as the native library sees them (PixelView in bridge.h).</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly unsafe struct PixelView(byte* data, int width, int height, int channels)
{
    public readonly byte* Data = data;
    public readonly int Width = width;
    public readonly int Height = height;
    public readonly int Channels = channels;

    internal PixelView(byte* data, Image shape)
        : this(data, shape.Width, shape.Height, shape.Channels)
    {
    }
}
