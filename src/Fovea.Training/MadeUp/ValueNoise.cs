namespace Fovea.Training.MadeUp;

/// <summary>Smooth random fields over the plane: hashed values at integer points, smoothly interpolated. A function of (seed, x, y) alone.</summary>
internal static class ValueNoise
{
    /// <summary>One octave, in [0, 1]; features about one unit wide.</summary>
    public static float At(uint seed, double x, double y)
    {
        double fx = Math.Floor(x), fy = Math.Floor(y);
        int ix = (int)fx, iy = (int)fy;
        float tx = (float)(x - fx), ty = (float)(y - fy);
        tx = tx * tx * (3 - 2 * tx);
        ty = ty * ty * (3 - 2 * ty);
        float top = Lerp(Hash(seed, ix, iy), Hash(seed, ix + 1, iy), tx);
        float bottom = Lerp(Hash(seed, ix, iy + 1), Hash(seed, ix + 1, iy + 1), tx);
        return Lerp(top, bottom, ty);
    }

    /// <summary>Octaves of halved amplitude and doubled frequency, in [0, 1], mean about 0.5.</summary>
    public static float Fractal(uint seed, double x, double y, int octaves)
    {
        float sum = 0, weight = 1, total = 0;
        for (int i = 0; i < octaves; i++)
        {
            sum += weight * At(seed + (uint)i * 0x9E3779B9u, x, y);
            total += weight;
            weight *= 0.5f;
            x = x * 2 + 17.3;
            y = y * 2 + 5.7;
        }
        return sum / total;
    }

    /// <summary>White noise at integer points, in [0, 1).</summary>
    public static float Hash(uint seed, int x, int y)
    {
        uint h = seed ^ ((uint)x * 0x85EBCA6Bu) ^ ((uint)y * 0xC2B2AE35u);
        h = (h ^ (h >> 16)) * 0x7FEB352Du;
        h = (h ^ (h >> 15)) * 0x846CA68Bu;
        h ^= h >> 16;
        return (h >> 8) * (1f / (1 << 24));
    }

    private static float Lerp(float a, float b, float t) => a + (b - a) * t;
}
