using Fovea.Imaging;

namespace Fovea.Training.MadeUp;

/// <summary>Turns the painted layers into a photograph: illumination, field stop, the camera's faults, sensor noise, 8 bits.</summary>
internal sealed class FundusCamera
{
    private readonly RetinaCanvas canvas;
    private readonly double exposure, vignette, tiltX, tiltY, edgeHaze, noise, border, softness;
    private readonly uint noiseSeed;

    public FundusCamera(RetinaCanvas canvas, SeededRandom patient, SeededRandom eye)
    {
        this.canvas = canvas;
        vignette = patient.NextDouble(0.10, 0.38);
        noise = patient.NextDouble(0.8, 2.2);
        border = patient.NextDouble(0, 3);
        softness = patient.NextDouble(0.0008, 0.0022);
        exposure = eye.NextDouble(0.88, 1.10);
        tiltX = 0.09 * eye.Bell();
        tiltY = 0.06 * eye.Bell();
        edgeHaze = eye.Chance(0.3) ? eye.NextDouble(0.05, 0.25) : 0;
        noiseSeed = eye.NoiseSeed();
    }

    public Image Expose(FundusBackground background, CameraFault fault, double strength)
    {
        int width = canvas.Width, height = canvas.Height;
        float[] rgb = new float[width * height * 3];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double d = FieldDistance(x, y);
                if (d > 1 + 2 / canvas.Radius) continue;
                int i = y * width + x;
                Vector2D p = canvas.ToRetina(x, y);
                Colour3 c = Illuminate(Layer(background.At(p), i), x, y, d);
                (rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]) = ((float)c.R, (float)c.G, (float)c.B);
            }
        }
        if (fault == CameraFault.Overexposed) Flood(rgb, strength);
        // Optics blur the eye, not the field stop, which sits in the camera: blur first, stop after.
        double sigma = softness * canvas.Radius + (fault == CameraFault.Blur ? (0.008 + 0.06 * strength) * canvas.Radius : 0);
        if (sigma > 0.3) FloatBlur.Apply(rgb, width, height, sigma);
        return Develop(rgb, fault, strength);
    }

    private double FieldDistance(int x, int y)
    {
        double dx = (x - canvas.CentreX) / canvas.Radius, dy = (y - canvas.CentreY) / canvas.Radius;
        return Math.Sqrt(dx * dx + dy * dy);
    }

    // From the choroid outwards: exudates, deep blood, vessels, cotton wool in the nerve fibre layer, surface blood, vitreous.
    private Colour3 Layer(Colour3 c, int i)
    {
        float exudate = canvas.Exudate[i], deep = canvas.DeepBlood[i], vein = canvas.Veins[i], artery = canvas.Arteries[i];
        float cotton = canvas.Cotton[i], surface = canvas.SurfaceBlood[i], haze = canvas.Haze[i];
        if (exudate > 0) c = Colour3.Mix(c, new Colour3(c.R * 0.35 + 165, c.G * 0.5 + 158, c.B * 0.9 + 48), exudate);
        if (deep > 0) c = Absorb(c, deep, 0.28, 0.78, 0.6);
        if (vein > 0) c = Absorb(c, vein, 0.22, 0.56, 0.40);
        if (artery > 0) c = Absorb(c, artery, 0.11, 0.40, 0.30);
        if (canvas.Reflex[i] > 0) c = new Colour3(c.R * (1 + 0.22 * canvas.Reflex[i]) + 4 * canvas.Reflex[i], c.G * (1 + 0.45 * canvas.Reflex[i]), c.B * (1 + 0.4 * canvas.Reflex[i]));
        if (cotton > 0) c = Colour3.Mix(c, new Colour3(c.R * 0.4 + 140, c.G * 0.45 + 126, c.B * 0.7 + 66), cotton);
        if (surface > 0) c = Absorb(c, surface, 0.34, 0.95, 0.75);
        if (haze > 0) c = Absorb(c, haze, 0.6, 1.1, 0.8) + new Colour3(6, 2, 0) * haze;
        return c;
    }

    private static Colour3 Absorb(Colour3 c, double density, double r, double g, double b) =>
        new(c.R * PortableMath.Exp(-r * density), c.G * PortableMath.Exp(-g * density), c.B * PortableMath.Exp(-b * density));

    private Colour3 Illuminate(Colour3 c, int x, int y, double d)
    {
        double u = (x - canvas.CentreX) / canvas.Radius, v = (y - canvas.CentreY) / canvas.Radius;
        double r2 = d * d, light = exposure * (1 - vignette * (0.45 * r2 + 0.55 * r2 * r2 * r2)) * (1 + tiltX * u + tiltY * v);
        c *= light;
        if (edgeHaze > 0)
        {
            double rim = edgeHaze * PortableMath.SmoothStep((d - 0.8) / 0.22);
            c = Colour3.Mix(c, new Colour3(165, 130, 75) * light, rim);
        }
        return c;
    }

    private static void Flood(float[] rgb, double strength)
    {
        float gain = (float)(1.25 + 1.6 * strength), veil = (float)(15 + 85 * strength);
        for (int i = 0; i < rgb.Length; i++) if (rgb[i] > 0) rgb[i] = Math.Min(rgb[i] * gain + veil, 400);
    }

    private Image Develop(float[] rgb, CameraFault fault, double strength)
    {
        int width = canvas.Width, height = canvas.Height;
        byte[] pixels = new byte[rgb.Length];
        (double r, double g, double b) = fault switch
        {
            CameraFault.Dark => (1 - 0.88 * strength, 1 - 0.90 * strength, 1 - 0.90 * strength),
            CameraFault.BlueCast => (1 - 0.62 * strength, 1 - 0.15 * strength, 1 + 0.8 * strength),
            CameraFault.PinkCast => (1 + 0.1 * strength, 1 - 0.05 * strength, 1 + 0.9 * strength),
            CameraFault.GreenCast => (1 - 0.5 * strength, 1 + 0.5 * strength, 1),
            _ => (1.0, 1.0, 1.0),
        };
        double lift = fault switch
        {
            CameraFault.BlueCast => 75 * strength,
            CameraFault.PinkCast => 145 * strength,
            _ => 0,
        };
        double sigma = fault == CameraFault.Dark ? noise * (1 + strength) : noise;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double inside = Math.Clamp((1 - FieldDistance(x, y)) * canvas.Radius + 0.5, 0, 1);
                int i = 3 * (y * width + x);
                double common = Noise(x, y, 0) * 0.6;
                double dim = 0.25 + 0.75 * inside;
                pixels[i] = Quantise(border * 0.6 + inside * rgb[i] * r + sigma * dim * (common + Noise(x, y, 1) * 0.6));
                pixels[i + 1] = Quantise(border * 0.4 + inside * rgb[i + 1] * g + sigma * dim * (common + Noise(x, y, 2) * 0.6));
                pixels[i + 2] = Quantise(border * 0.3 + inside * (rgb[i + 2] * b + lift) + sigma * dim * (common + Noise(x, y, 3) * 0.8));
            }
        }
        return new Image(width, height, 3, pixels);
    }

    // Mean 0, standard deviation 1: the scaled sum of two uniforms.
    private double Noise(int x, int y, uint channel) =>
        (ValueNoise.Hash(noiseSeed + channel, x, y) + ValueNoise.Hash(noiseSeed + 101 + channel, x, y) - 1) * 2.449489742783178;

    private static byte Quantise(double value)
    {
        // A shoulder instead of a hard clip, as sensors' tone curves have.
        if (value > 225) value = 225 + 30 * (1 - 1 / (1 + (value - 225) / 30));
        return (byte)Math.Clamp((int)(value + 0.5), 0, 255);
    }
}
