using Fovea.Imaging;

namespace Fovea.Training.Augmentation;

/// <summary>Applies an <see cref="AugmentationSpec"/>. A pure function of the image and the generator, whatever the order of the workers.</summary>
public sealed class Augmenter(AugmentationSpec spec)
{
    /// <param name="random">One generator for each (seed, epoch, sample); always draws the same number of values, so that a setting does not move the others.</param>
    /// <returns>A new image of the same size; the same one where the specification changes nothing.</returns>
    public Image Apply(Image image, SeededRandom random)
    {
        var flipX = random.NextDouble() < 0.5 && spec.FlipHorizontal;
        var flipY = random.NextDouble() < 0.5 && spec.FlipVertical;
        double Uniform(double width) => width * random.NextDouble(-1, 1);
        var (degrees, zoom, dx, dy) = (Uniform(spec.Rotation), 1 + Uniform(spec.Zoom), Uniform(spec.Shift), Uniform(spec.Shift));
        var (brightness, contrast) = (1 + Uniform(spec.Brightness), 1 + Uniform(spec.Contrast));

        var result = spec.HasGeometry ? Warp(image, flipX, flipY, degrees, zoom, dx * image.Width, dy * image.Height) : image;
        return spec.Brightness == 0 && spec.Contrast == 0 ? result : Tone(result, brightness, contrast);
    }

    private Image Warp(Image image, bool flipX, bool flipY, double degrees, double zoom, double dx, double dy)
    {
        var (cx, cy) = ((image.Width - 1) / 2.0, (image.Height - 1) / 2.0);
        var transform = AffineTransform.Translation(-cx, -cy)
            .Then(AffineTransform.Scaling(flipX ? -zoom : zoom, flipY ? -zoom : zoom))
            .Then(AffineTransform.Rotation(degrees, 0, 0))
            .Then(AffineTransform.Translation(cx + dx, cy + dy));
        return image.WarpAffine(transform, image.Width, image.Height, Interpolation.Linear, spec.Fill, new Colour(0, 0, 0));
    }

    /// <summary>((v − m)·contrast + m)·brightness by table, m being the mean over all channels.</summary>
    private static Image Tone(Image image, double brightness, double contrast)
    {
        long sum = 0;
        foreach (var v in image.Pixels) sum += v;
        var mean = (double)sum / image.Pixels.Length;
        Span<byte> table = stackalloc byte[256];
        for (var v = 0; v < 256; v++) table[v] = (byte)Math.Clamp(Math.Round(((v - mean) * contrast + mean) * brightness), 0, 255);
        var result = new Image(image.Width, image.Height, image.Channels);
        for (var i = 0; i < image.Pixels.Length; i++) result.Pixels[i] = table[image.Pixels[i]];
        return result;
    }
}
