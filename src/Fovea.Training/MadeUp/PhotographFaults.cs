using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Training.MadeUp;

/// <summary>What may be wrong with a photograph as a whole; the names are the classes of the labels, in their order.</summary>
public enum PhotographFault
{
    Good,

    /// <summary>Everywhere, or where a shadow covers most of the field.</summary>
    TooDark,

    /// <summary>Everywhere, or by a flare over most of the field.</summary>
    Overexposed,

    /// <summary>Out of focus, or moved.</summary>
    Blurred,

    /// <summary>A lid, or the frame, takes a third of the field or more.</summary>
    FieldCutOff,

    /// <summary>Another kind of picture.</summary>
    NotAFundusPhotograph,
}

/// <summary>
/// Spoils photographs of retinas as cameras and patients do, so far that they are of no use, or so little that they still are; between the two nothing is made, because nobody could say what is true.
/// A function of the photograph and the random numbers alone.
/// </summary>
internal static class PhotographFaults
{
    private static readonly double[] Skin = [1, 0.68, 0.52];

    /// <summary>A photograph that can be graded: as it is, or a little darker, lighter or softer.</summary>
    public static Image Good(Image photograph, SeededRandom random) => random.NextInt(4) switch
    {
        0 => Map(photograph, (v, _, _, _) => v * 0.8),
        1 => Lighten(photograph, 1.12, 8),
        2 => photograph.GaussianBlur(0.002 * Radius(photograph)),
        _ => photograph.Clone(),
    };

    public static Image Spoil(Image photograph, PhotographFault fault, SeededRandom random) => fault switch
    {
        PhotographFault.Good => Good(photograph, random),
        PhotographFault.TooDark => Darken(photograph, random),
        PhotographFault.Overexposed => Overexpose(photograph, random),
        PhotographFault.Blurred => Blur(photograph, random),
        PhotographFault.FieldCutOff => CutOff(photograph, random),
        _ => OtherPicture(photograph, random),
    };

    private static Image Darken(Image photograph, SeededRandom random)
    {
        // To 4 … 18 of 255 on average; IDRiD's darkest photograph has 38.
        if (random.Chance(0.5))
        {
            var gain = random.NextDouble(4, 18) / Math.Max(1, Brightness(photograph));
            return Map(photograph, (v, _, _, _) => v * Math.Min(gain, 0.35));
        }
        var beyond = Ramp(photograph, random);
        return Map(photograph, (v, _, x, y) => v * (0.06 + 0.94 * PortableMath.SmoothStep(0.5 - beyond(x, y) / 0.5)));
    }

    private static Image Overexpose(Image photograph, SeededRandom random)
    {
        if (random.Chance(0.5)) return Lighten(photograph, random.NextDouble(1.9, 2.9), random.NextDouble(60, 110));
        var beyond = Ramp(photograph, random);
        return Map(photograph, (v, _, x, y) => v + (250 - v) * 0.95 * PortableMath.SmoothStep(0.5 + beyond(x, y) / 0.5));
    }

    private static Image Blur(Image photograph, SeededRandom random)
    {
        var radius = Radius(photograph);
        if (random.Chance(0.6)) return photograph.GaussianBlur(random.NextDouble(0.018, 0.05) * radius);
        // Moved while the shutter was open: the mean along a line.
        var length = random.NextDouble(0.10, 0.25) * radius;
        var direction = random.Direction();
        const int Steps = 24;
        var sum = new float[photograph.Pixels.Length];
        for (var s = 0; s < Steps; s++)
        {
            var shift = (s / (Steps - 1.0) - 0.5) * length;
            var moved = photograph.WarpAffine(AffineTransform.Translation(direction.X * shift, direction.Y * shift), photograph.Width, photograph.Height);
            for (var i = 0; i < sum.Length; i++) sum[i] += moved.Pixels[i];
        }
        var result = new Image(photograph.Width, photograph.Height, 3);
        for (var i = 0; i < sum.Length; i++) result.Pixels[i] = (byte)(sum[i] / Steps + 0.5f);
        return result;
    }

    private static Image CutOff(Image photograph, SeededRandom random)
    {
        var field = FieldOfView.Bright(photograph);
        var share = random.NextDouble(0.38, 0.65);
        if (random.Chance(0.4))
        {
            // The camera points beside the eye: the frame holds a part of the field and black.
            var (dx, dy) = random.NextInt(4) switch { 0 => (share, 0.0), 1 => (-share, 0.0), 2 => (0.0, share), _ => (0.0, -share) };
            return photograph.WarpAffine(AffineTransform.Translation(dx * field.Width + Math.Sign(dx) * field.X, dy * field.Height + Math.Sign(dy) * field.Y), photograph.Width, photograph.Height);
        }
        // A lid from above or below, skin or shadow, with a curved edge.
        var above = random.Chance(0.7);
        var (skin, bend) = (random.Chance(0.5), random.NextDouble(0.05, 0.25) * field.Height);
        double red = random.NextDouble(70, 150), soft = random.NextDouble(0.02, 0.12) * field.Height;
        return Map(photograph, (v, channel, x, y) =>
        {
            var u = (x - field.X) / (double)field.Width * 2 - 1;
            var edge = share * field.Height + bend * (u * u - 0.5);
            var into = above ? field.Y + edge - y : y - (field.Y + field.Height - edge);
            var lid = PortableMath.SmoothStep(0.5 + into / soft);
            return v * (1 - lid) + (skin ? red * Skin[channel] : 4) * lid;
        });
    }

    /// <summary>Noise in colours, drawn shapes, an eye from outside, writing: nothing that a camera of the fundus makes.</summary>
    private static Image OtherPicture(Image photograph, SeededRandom random)
    {
        var (width, height) = (photograph.Width, photograph.Height);
        var picture = new Image(width, height, 3);
        Colour Some() => new((byte)random.NextInt(256), (byte)random.NextInt(256), (byte)random.NextInt(256));
        switch (random.NextInt(4))
        {
            case 0:
                var seed = random.NoiseSeed();
                var grain = random.NextDouble(20, 160);
                for (var y = 0; y < height; y++)
                    for (var x = 0; x < width; x++)
                        for (var c = 0; c < 3; c++) picture.Row(y)[3 * x + c] = (byte)(255 * ValueNoise.Fractal(seed + (uint)c * 97, x / grain, y / grain, 5));
                return picture;
            case 1:
                picture = Image.Filled(width, height, 3, Some());
                for (var i = 0; i < 25; i++)
                {
                    double x = random.NextDouble(0, width), y = random.NextDouble(0, height), r = random.NextDouble(10, 200);
                    if (random.Chance(0.5)) picture.FillCircle(x, y, r, Some());
                    else picture.FillRectangle(x - r, y - r / 2, x + r, y + r / 2, Some());
                }
                return picture;
            case 2:
                picture = Image.Filled(width, height, 3, new Colour((byte)random.Between(150, 230), (byte)random.Between(110, 180), (byte)random.Between(90, 150)));
                double cx = width / 2.0, cy = height / 2.0, size = random.NextDouble(0.2, 0.4) * height;
                picture.FillEllipse(cx, cy, size * 1.9, size, 0, new Colour(235, 228, 222));
                picture.FillCircle(cx, cy, size * 0.85, new Colour((byte)random.Between(40, 120), (byte)random.Between(50, 120), (byte)random.Between(30, 150)));
                picture.FillCircle(cx, cy, size * random.NextDouble(0.25, 0.5), new Colour(12, 10, 10));
                picture.FillCircle(cx + size * 0.3, cy - size * 0.3, size * 0.1, Colour.White);
                return picture.GaussianBlur(3);
            default:
                picture = Image.Filled(width, height, 3, random.Chance(0.6) ? Colour.White : Some());
                for (var line = 40; line < height; line += 34) picture.DrawText($"Report {random.NextInt(100_000)} of {random.NextInt(1_000)}, {random.NextInt(1_000_000)} pages", 20 + random.NextInt(60), line, 20, new Colour(20, 20, 20));
                return picture;
        }
    }

    private static Image Lighten(Image photograph, double gain, double veil) => Map(photograph, (v, _, _, _) => v * gain + veil);

    /// <summary>How far a pixel lies beyond a line across the field, in radii; two thirds of the field and more lie beyond it.</summary>
    private static Func<int, int, double> Ramp(Image photograph, SeededRandom random)
    {
        var field = FieldOfView.Bright(photograph);
        var (direction, place) = (random.Direction(), random.NextDouble(-0.75, -0.35));
        double cx = field.X + field.Width / 2.0, cy = field.Y + field.Height / 2.0, radius = Radius(photograph);
        return (x, y) => ((x - cx) * direction.X + (y - cy) * direction.Y) / radius - place;
    }

    private static double Radius(Image photograph) => FieldOfView.Bright(photograph) is var f ? Math.Max(f.Width, f.Height) / 2.0 : 0;

    private static double Brightness(Image photograph)
    {
        var mean = photograph.MeanAndDeviation().Mean;
        var field = FieldOfView.Bright(photograph);
        var share = Math.Max(0.05, (double)field.Width * field.Height / ((double)photograph.Width * photograph.Height));
        return (0.299 * mean[0] + 0.587 * mean[1] + 0.114 * mean[2]) / share;
    }

    /// <param name="change">From a channel's value, the channel (0 red) and the place to its new value; the black around the field stays.</param>
    private static Image Map(Image photograph, Func<double, int, int, int, double> change)
    {
        var result = new Image(photograph.Width, photograph.Height, 3);
        for (var y = 0; y < photograph.Height; y++)
        {
            Span<byte> from = photograph.Row(y), to = result.Row(y);
            for (var i = 0; i < from.Length; i += 3)
            {
                var lit = Math.Max(from[i], Math.Max(from[i + 1], from[i + 2])) >= 16;
                for (var c = 0; c < 3; c++) to[i + c] = lit ? (byte)Math.Clamp(change(from[i + c], c, i / 3, y) + 0.5, 0, 255) : from[i + c];
            }
        }
        return result;
    }
}
