using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using Fovea.Imaging;

namespace Fovea.Training.Data;

/// <summary>What is remembered of an image to find it again: its exact pixels, and its look.</summary>
public sealed class ImageFingerprint
{
    private const int Side = 32;

    /// <summary>Grey levels (0–255); flatter images have no look by which to know them.</summary>
    private const double MinDeviation = 2;

    private readonly float[]? _look;  // 32×32 grey means, less their mean, by their standard deviation
    private readonly ulong _gradient; // sign of the horizontal differences of 9×8 grey means

    private ImageFingerprint(int width, int height, byte[] digest, float[]? look, ulong gradient) =>
        (Width, Height, PixelDigest, _look, _gradient) = (width, height, Convert.ToHexString(digest), look, gradient);

    public int Width { get; }
    public int Height { get; }

    /// <summary>SHA-256 of size, channels and decoded pixels: equal for the same picture in another lossless file.</summary>
    public string PixelDigest { get; }

    public static ImageFingerprint Of(Image image)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> shape = stackalloc byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(shape, image.Width);
        BinaryPrimitives.WriteInt32LittleEndian(shape[4..], image.Height);
        BinaryPrimitives.WriteInt32LittleEndian(shape[8..], image.Channels);
        hash.AppendData(shape);
        hash.AppendData(image.Pixels);

        var grey = image.ToGrey();
        var small = grey.Resize(Side, Side, Interpolation.Area).Pixels;
        var mean = small.Average(p => (double)p);
        var deviation = Math.Sqrt(small.Average(p => (p - mean) * (p - mean)));
        var look = deviation < MinDeviation ? null : System.Array.ConvertAll(small, p => (float)((p - mean) / deviation));
        var coarse = grey.Resize(9, 8, Interpolation.Area);
        ulong gradient = 0;
        for (var y = 0; y < 8; y++)
        {
            for (var x = 0; x < 8; x++) gradient = gradient << 1 | (coarse.Row(y)[x + 1] > coarse.Row(y)[x] ? 1UL : 0);
        }
        return new ImageFingerprint(image.Width, image.Height, hash.GetHashAndReset(), look, gradient);
    }

    /// <summary>Bits in which the two difference hashes (dHash, 64 bits) differ. A cheap first look: fundus photographs of different eyes may differ in none.</summary>
    public int HashDistance(ImageFingerprint other) => BitOperations.PopCount(_gradient ^ other._gradient);

    /// <summary>
    /// Mean absolute difference of the 32×32 grey pictures, each less its mean and by its standard deviation, so that brightness and contrast do not
    /// count; +∞ where one is flat.
    /// </summary>
    public double LookDistance(ImageFingerprint other)
    {
        if (_look is null || other._look is null) return double.PositiveInfinity;
        double sum = 0;
        for (var i = 0; i < _look.Length; i++) sum += Math.Abs(_look[i] - other._look[i]);
        return sum / _look.Length;
    }
}
