namespace Fovea.Imaging;

/// <summary>
/// Memory that one worker decodes into again and again: fresh memory for twelve megapixels costs more time than their JPEG. An image decoded into it is good
/// until the next one is. Not for several threads at once.
/// </summary>
public sealed class PixelBuffer
{
    private byte[]? _pixels;

    internal byte[] Take(int length) => _pixels?.Length == length ? _pixels : _pixels = GC.AllocateUninitializedArray<byte>(length);
}
