using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>The slow change of light over a retina, and its removal.</summary>
internal static class Illumination
{
    /// <summary>Pixels with no channel above it belong to the border.</summary>
    internal const int BrightestBorder = 20;

    /// <summary>The mean is so smooth that it is worked out on cells of so many pixels.</summary>
    private const int Cell = 8;

    /// <summary>
    /// Divides each channel by, or subtracts from it, its own mean in a Gaussian neighbourhood within the field of view, and sets that mean to the one of
    /// the whole field: only the unevenness goes, and the edge is not darkened by the border beside it. The border becomes black.
    /// </summary>
    public static void Correct(Image image, double sigma, bool divide)
    {
        var (width, height) = ((image.Width + Cell - 1) / Cell, (image.Height + Cell - 1) / Cell);
        var (sums, weights) = (new float[3][], new float[width * height]);
        for (var c = 0; c < 3; c++) sums[c] = new float[width * height];
        Span<double> total = stackalloc double[3];
        long inside = 0;
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            for (var x = 0; x < image.Width; x++)
            {
                var p = row.Slice(3 * x, 3);
                if (!Inside(p)) continue;
                var cell = y / Cell * width + x / Cell;
                weights[cell]++;
                inside++;
                for (var c = 0; c < 3; c++) (sums[c][cell], total[c]) = (sums[c][cell] + p[c], total[c] + p[c]);
            }
        }
        if (inside == 0) return;
        var kernel = Kernel(sigma / Cell);
        Blur(weights, width, height, kernel);
        for (var c = 0; c < 3; c++)
        {
            Blur(sums[c], width, height, kernel);
            for (var i = 0; i < weights.Length; i++) sums[c][i] = weights[i] > 1e-3f ? sums[c][i] / weights[i] : (float)(total[c] / inside);
        }
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            var (y0, y1, fy) = Between(y, height);
            for (var x = 0; x < image.Width; x++)
            {
                var p = row.Slice(3 * x, 3);
                if (!Inside(p))
                {
                    p.Clear();
                    continue;
                }
                var (x0, x1, fx) = Between(x, width);
                for (var c = 0; c < 3; c++)
                {
                    var s = sums[c];
                    var upper = s[y0 * width + x0] + (s[y0 * width + x1] - s[y0 * width + x0]) * fx;
                    var lower = s[y1 * width + x0] + (s[y1 * width + x1] - s[y1 * width + x0]) * fx;
                    var (here, mean) = (upper + (lower - upper) * fy, (float)(total[c] / inside));
                    var value = divide ? p[c] * mean / Math.Max(1, here) : p[c] - here + mean;
                    p[c] = (byte)Math.Clamp(MathF.Round(value), 0, 255);
                }
            }
        }
    }

    /// <summary>Scales the channels to one mean within the field of view, at most fourfold.</summary>
    public static void GreyWorld(Image image)
    {
        Span<double> total = stackalloc double[3];
        for (var i = 0; i < image.Pixels.Length; i += 3)
        {
            var p = image.Pixels.AsSpan(i, 3);
            if (!Inside(p)) continue;
            for (var c = 0; c < 3; c++) total[c] += p[c];
        }
        var mean = (total[0] + total[1] + total[2]) / 3;
        if (mean == 0) return;
        Span<byte> table = stackalloc byte[256];
        for (var c = 0; c < 3; c++)
        {
            var gain = Math.Clamp(mean / Math.Max(total[c], 1e-9), 0.25, 4);
            for (var v = 0; v < 256; v++) table[v] = (byte)Math.Min(255, Math.Round(v * gain));
            for (var i = c; i < image.Pixels.Length; i += 3) image.Pixels[i] = table[image.Pixels[i]];
        }
    }

    private static bool Inside(ReadOnlySpan<byte> p) => p[0] > BrightestBorder || p[1] > BrightestBorder || p[2] > BrightestBorder;

    /// <summary>The cells' centres on both sides of a pixel, and how far it is on the way.</summary>
    private static (int From, int To, float Share) Between(int pixel, int cells)
    {
        var at = (pixel + 0.5f) / Cell - 0.5f;
        var from = (int)MathF.Floor(at);
        return (Math.Clamp(from, 0, cells - 1), Math.Clamp(from + 1, 0, cells - 1), at - from);
    }

    private static float[] Kernel(double sigma)
    {
        var half = new float[(int)Math.Ceiling(3 * sigma) + 1];
        for (var i = 0; i < half.Length; i++) half[i] = (float)Math.Exp(-0.5 * i * i / (sigma * sigma));
        return half;
    }

    /// <summary>Not normalised: sums are divided by weights that were blurred alike. Nothing comes from beyond the edges.</summary>
    private static void Blur(float[] values, int width, int height, float[] half)
    {
        var line = new float[Math.Max(width, height)];
        for (var y = 0; y < height; y++) Along(y * width, 1, width);
        for (var x = 0; x < width; x++) Along(x, width, height);

        void Along(int start, int stride, int count)
        {
            for (var i = 0; i < count; i++) line[i] = values[start + i * stride];
            for (var i = 0; i < count; i++)
            {
                var sum = half[0] * line[i];
                for (var k = 1; k < half.Length; k++)
                {
                    if (i >= k) sum += half[k] * line[i - k];
                    if (i + k < count) sum += half[k] * line[i + k];
                }
                values[start + i * stride] = sum;
            }
        }
    }
}
