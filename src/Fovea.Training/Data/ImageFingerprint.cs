using System.Buffers.Binary;
using System.Security.Cryptography;
using Fovea.Imaging;

namespace Fovea.Training.Data;

/// <summary>What is remembered of an image to find it again: its exact pixels, and its look.</summary>
public sealed class ImageFingerprint
{
    private ImageFingerprint(int width, int height, byte[] digest, PictureLook? look) =>
        (Width, Height, PixelDigest, Look) = (width, height, Convert.ToHexString(digest), look);

    public int Width { get; }
    public int Height { get; }

    /// <summary>SHA-256 of size, channels and decoded pixels: equal for the same picture in another lossless file.</summary>
    public string PixelDigest { get; }

    /// <summary>Null for an image too flat to be known by its look.</summary>
    internal PictureLook? Look { get; }

    public static ImageFingerprint Of(Image image)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> shape = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(shape, image.Width);
        BinaryPrimitives.WriteInt32LittleEndian(shape[4..], image.Height);
        BinaryPrimitives.WriteInt32LittleEndian(shape[8..], image.Channels);
        hash.AppendData(shape);
        hash.AppendData(image.Pixels);
        return new ImageFingerprint(image.Width, image.Height, hash.GetHashAndReset(), PictureLook.Of(image));
    }
}
