namespace Fovea.Training.MadeUp;

/// <summary>
/// Exponential, sine and cosine from additions and multiplications alone. The runtime's own call the C library, whose last bits differ between systems;
/// IEEE 754 fixes these, so that a seed paints the same bytes everywhere. Relative error below 1e-9, far under one grey level.
/// </summary>
internal static class PortableMath
{
    public static double Exp(double x)
    {
        if (x < -700) return 0;
        if (x > 700) x = 700;
        double k = Math.Floor(x * 1.4426950408889634 + 0.5);
        double r = x - k * 0.6931471805599453; // |r| <= 0.3466
        double p = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6 * (1 + r / 7 * (1 + r / 8 * (1 + r / 9))))))));
        return p * BitConverter.Int64BitsToDouble(((long)k + 1023) << 52);
    }

    public static double Cos(double x) => Sin(x + Math.PI / 2);

    public static double Sin(double x)
    {
        x -= Math.Floor(x * (1 / (2 * Math.PI)) + 0.5) * (2 * Math.PI); // [-pi, pi]
        if (x > Math.PI / 2) x = Math.PI - x;
        else if (x < -Math.PI / 2) x = -Math.PI - x;
        double q = x * x;
        return x * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72 * (1 - q / 110 * (1 - q / 156 * (1 - q / 210)))))));
    }

    /// <summary>0 at and below 0, 1 at and above 1, smooth between.</summary>
    public static double SmoothStep(double t)
    {
        t = Math.Clamp(t, 0, 1);
        return t * t * (3 - 2 * t);
    }
}
