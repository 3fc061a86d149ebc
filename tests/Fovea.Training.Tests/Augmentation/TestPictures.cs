using Fovea.Imaging;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Tests.Augmentation;

internal static class TestPictures
{
    internal static AugmentationKey Key(ulong sample = 0, ulong epoch = 0, ulong seed = 1) => new(seed, epoch, sample);

    internal static Image Augment(this Image image, AugmentationSpec spec, ulong sample = 0) => new Augmenter(spec).Apply(image, Key(sample));

    internal static Image Textured(int width, int height)
    {
        var image = new Image(width, height, 3);
        for (int i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)((i * 37 + i / width * 11) % 200 + 20);
        return image;
    }

    internal static Image Plain(int width, int height, byte r, byte g, byte b) => Image.Filled(width, height, 3, new Colour(r, g, b));

    /// <summary>Smooth: each channel a slope, so that interpolation is exact up to rounding.</summary>
    internal static Image Slopes(int width, int height)
    {
        var image = new Image(width, height, 3);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                var at = (y * width + x) * 3;
                (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]) = ((byte)(x * 2), (byte)(y * 2), (byte)(x + y));
            }
        }
        return image;
    }

    internal static byte At(this Image image, int x, int y, int channel = 0) => image.Pixels[(y * image.Width + x) * 3 + channel];

    internal static (double X, double Y, double Mass) Centroid(Image image)
    {
        double mass = 0, sumX = 0, sumY = 0;
        for (int y = 0; y < image.Height; y++)
        {
            for (int x = 0; x < image.Width; x++)
            {
                double value = image.At(x, y);
                (mass, sumX, sumY) = (mass + value, sumX + value * x, sumY + value * y);
            }
        }
        return (sumX / mass, sumY / mass, mass);
    }
}
