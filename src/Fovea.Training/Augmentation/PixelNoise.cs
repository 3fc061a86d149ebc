namespace Fovea.Training.Augmentation;

/// <summary>
/// Gaussian noise from a table: a normal value is one of its 4096 quantiles at (i + ½)/4096, so that 64 random bits give five values and none costs a logarithm.
/// Mean 0, standard deviation within 0.1 % of 1, values within ±3.7.
/// </summary>
internal static class GaussianNoise
{
    private const int Bits = 12;

    private static readonly float[] Quantiles = Table();

    /// <summary>In place; each value by itself, rounded and clamped.</summary>
    internal static void Add(Span<byte> pixels, float deviation, SeededRandom random)
    {
        ReadOnlySpan<float> quantiles = Quantiles;
        for (var i = 0; i < pixels.Length;)
        {
            var bits = random.NextUInt64();
            for (var end = Math.Min(i + 64 / Bits, pixels.Length); i < end; i++, bits >>= Bits)
                pixels[i] = (byte)Math.Clamp(pixels[i] + deviation * quantiles[(int)(bits & ((1 << Bits) - 1))] + 0.5f, 0, 255);
        }
    }

    private static float[] Table()
    {
        var table = new float[1 << Bits];
        for (var i = 0; i < table.Length; i++) table[i] = (float)Quantile((i + 0.5) / table.Length);
        return table;
    }

    /// <summary>The inverse of the normal distribution function, by Newton from 0 on its integral (series of Φ(x) − ½ = φ(x)·Σ x^(2n+1)/(2n+1)!!, Marsaglia 2004).</summary>
    private static double Quantile(double p)
    {
        var x = 0.0;
        for (var i = 0; i < 60; i++)
        {
            var density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
            double sum = x, term = x;
            for (var n = 3; Math.Abs(term) > 1e-17 && n < 400; n += 2) sum += term *= x * x / n;
            var step = Math.Clamp((0.5 + density * sum - p) / density, -0.5, 0.5);
            x -= step;
            if (Math.Abs(step) < 1e-14) break;
        }
        return x;
    }
}

/// <summary>3 × 3 kernels whose weights sum to 1, so that even areas stay as they are.</summary>
internal static class Kernels
{
    /// <summary>(1 − α)·identity + α·[−1 −1 −1; −1 9 −1; −1 −1 −1].</summary>
    internal static ReadOnlySpan<float> Sharpen(float share, float[] kernel)
    {
        kernel.AsSpan().Fill(-share);
        kernel[4] = 1 - share + 9 * share;
        return kernel;
    }

    /// <summary>(1 − α)·identity + α·[−1.5 −½ 0; −½ 1 ½; 0 ½ 1.5]: Albumentations' emboss at strength ½; light from the bottom right minus the top left.</summary>
    internal static ReadOnlySpan<float> Emboss(float share, float[] kernel)
    {
        ReadOnlySpan<float> relief = [-1.5f, -0.5f, 0, -0.5f, 1, 0.5f, 0, 0.5f, 1.5f];
        for (var i = 0; i < 9; i++) kernel[i] = share * relief[i];
        kernel[4] += 1 - share;
        return kernel;
    }
}
