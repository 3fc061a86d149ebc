using Fovea.Imaging;

namespace Fovea.Training.Tests.Data;

/// <summary>Small pictures of noise on gradients, each seed its own.</summary>
internal static class Pictures
{
    public static Image Noise(ulong seed, int width = 64, int height = 48)
    {
        var random = SeededRandom.For(seed, 1);
        // A few large blobs: what is left after shrinking to 32×32.
        var coarse = new Image(6, 5, 3);
        for (var i = 0; i < coarse.Pixels.Length; i++) coarse.Pixels[i] = (byte)random.NextInt(256);
        return coarse.Resize(width, height, Interpolation.Cubic);
    }

    public static void Write(TestFolder folder, string name, ulong seed)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        ImageFile.Write(folder[name], Noise(seed));
    }
}
