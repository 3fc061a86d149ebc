using Fovea.Imaging;

namespace Fovea.Training.Data;

/// <summary>How a copy may lie against its original.</summary>
public enum Mirroring { None, LeftRight, UpDown, Both }

/// <summary>
/// What a picture shows, without its black border, brightness and shading: grey, the field of view drawn to 64×64 whatever its size and aspect, less its
/// own blur (sigma 3), by the standard deviation. For fundus photographs that is the vessels, the disc and large lesions.
/// </summary>
internal sealed class PictureLook
{
    public const int Side = 64;
    public const int SketchSide = 16;

    /// <summary>Marks pixels outside the field of view.</summary>
    public const sbyte Outside = sbyte.MinValue;

    private const double Sigma = 3;
    private const int Reach = 9;            // of the blur
    private const int WorkingSide = 256;    // pictures are shrunk to this first
    private const double BorderShare = 0.15; // of the way from dark to bright: what is darker is border
    private const double MinDeviation = 1;  // grey levels; flatter pictures show nothing
    private const float Levels = 32;        // steps a standard deviation

    private static readonly double[] Kernel = [.. Enumerable.Range(-Reach, 2 * Reach + 1).Select(k => Math.Exp(-k * k / (2 * Sigma * Sigma)))];

    private PictureLook(sbyte[] detail, sbyte[] coarse, float[] sketch) => (Detail, Coarse, Sketch) = (detail, coarse, sketch);

    /// <summary>64×64, row by row, or <see cref="Outside"/>. Four kilobytes: those of 100,000 pictures fit into memory.</summary>
    public sbyte[] Detail { get; }

    /// <summary>The same in 32×32, smoothed by 3×3: what is finer would lead the first steps of an alignment astray.</summary>
    public sbyte[] Coarse { get; }

    /// <summary>The same in 16×16, with mean 0 and norm 1: the product of two is their correlation.</summary>
    public float[] Sketch { get; }

    public static PictureLook? Of(Image image)
    {
        var grey = image.ToGrey();
        var scale = (double)WorkingSide / Math.Max(grey.Width, grey.Height);
        if (scale < 1) grey = grey.Resize(Math.Max(1, (int)Math.Round(grey.Width * scale)), Math.Max(1, (int)Math.Round(grey.Height * scale)), Interpolation.Area);
        var lit = grey.Threshold(BorderLevel(grey));
        var (x0, x1) = Extent(grey.Width, x => Count(grey.Height, y => lit.Pixels[y * lit.Width + x] > 0) > 0.05 * grey.Height);
        var (y0, y1) = Extent(grey.Height, y => Count(grey.Width, x => lit.Pixels[y * lit.Width + x] > 0) > 0.05 * grey.Width);
        if (x1 - x0 < 4 || y1 - y0 < 4) return null;
        var small = grey.Crop(x0, y0, x1 - x0, y1 - y0).Resize(Side, Side, Interpolation.Area).Pixels;
        var field = lit.Crop(x0, y0, x1 - x0, y1 - y0).Resize(Side, Side, Interpolation.Area).Erode(1).Pixels;
        // A picture that is dark almost everywhere has no border to speak of.
        if (field.Count(m => m > 252) < 0.2 * field.Length) Array.Fill(field, (byte)255);

        var detail = Unshaded(small, field);
        var deviation = Math.Sqrt(detail.Where(d => !double.IsNaN(d)).Average(d => d * d));
        if (deviation < MinDeviation) return null;
        var levels = Array.ConvertAll(detail, d => double.IsNaN(d) ? Outside : (sbyte)Math.Clamp(Math.Round(d / deviation * Levels), -127, 127));
        return new PictureLook(levels, CoarseOf(levels), SketchOf(levels));
    }

    /// <summary>The same look of the mirrored picture.</summary>
    public PictureLook Mirrored(Mirroring how) => how == Mirroring.None ? this : new PictureLook(Flip(Detail, Side, how), Flip(Coarse, Side / 2, how), Flip(Sketch, SketchSide, how));

    private static T[] Flip<T>(T[] square, int side, Mirroring how)
    {
        var flipped = new T[square.Length];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                var (u, v) = (how is Mirroring.LeftRight or Mirroring.Both ? side - 1 - x : x, how is Mirroring.UpDown or Mirroring.Both ? side - 1 - y : y);
                flipped[y * side + x] = square[v * side + u];
            }
        }
        return flipped;
    }

    private static byte BorderLevel(Image grey)
    {
        var counts = new int[256];
        foreach (var p in grey.Pixels) counts[p]++;
        var (dark, bright) = (Percentile(counts, 0.01 * grey.Pixels.Length), Percentile(counts, 0.99 * grey.Pixels.Length));
        return (byte)(dark + BorderShare * (bright - dark));
    }

    private static int Percentile(int[] counts, double rank)
    {
        var (level, seen) = (0, counts[0]);
        while (seen < rank) seen += counts[++level];
        return level;
    }

    private static int Count(int length, Func<int, bool> holds)
    {
        var count = 0;
        for (var i = 0; i < length; i++) count += holds(i) ? 1 : 0;
        return count;
    }

    private static (int First, int End) Extent(int length, Func<int, bool> holds)
    {
        var (first, end) = (0, length);
        while (first < end && !holds(first)) first++;
        while (end > first && !holds(end - 1)) end--;
        return (first, end);
    }

    /// <summary>Each pixel less the mean of those around it, weighted by a Gaussian; NaN outside the field, which counts nowhere.</summary>
    private static double[] Unshaded(byte[] picture, byte[] field)
    {
        var (values, weights) = (new double[picture.Length], new double[picture.Length]);
        for (var i = 0; i < picture.Length; i++) (values[i], weights[i]) = field[i] > 252 ? (picture[i], 1.0) : (0, 0);
        double[] blurred = Blur(values), covered = Blur(weights);
        return [.. Enumerable.Range(0, picture.Length).Select(i => weights[i] > 0 ? values[i] - blurred[i] / covered[i] : double.NaN)];
    }

    private static double[] Blur(double[] square) => Along(Along(square, 1, Side), Side, 1);

    private static double[] Along(double[] square, int step, int other)
    {
        var result = new double[square.Length];
        for (var line = 0; line < Side; line++)
        {
            for (var i = 0; i < Side; i++)
            {
                var sum = 0.0;
                for (var k = Math.Max(-Reach, -i); k <= Math.Min(Reach, Side - 1 - i); k++) sum += Kernel[k + Reach] * square[line * other + (i + k) * step];
                result[line * other + i * step] = sum;
            }
        }
        return result;
    }

    private static float[] SketchOf(sbyte[] detail)
    {
        const int block = Side / SketchSide;
        var sketch = new float[SketchSide * SketchSide];
        for (var i = 0; i < detail.Length; i++)
        {
            if (detail[i] != Outside) sketch[i / Side / block * SketchSide + i % Side / block] += detail[i];
        }
        var mean = sketch.Average();
        var norm = MathF.Sqrt(sketch.Sum(s => (s - mean) * (s - mean)));
        return Array.ConvertAll(sketch, s => norm > 0 ? (s - mean) / norm : 0);
    }

    private static sbyte[] CoarseOf(sbyte[] detail)
    {
        const int side = Side / 2;
        var half = new double[side * side];
        for (var i = 0; i < half.Length; i++)
        {
            var corner = i / side * 2 * Side + i % side * 2;
            sbyte[] four = [detail[corner], detail[corner + 1], detail[corner + Side], detail[corner + Side + 1]];
            half[i] = four.Contains(Outside) ? double.NaN : four.Sum(d => d) / 4.0;
        }
        var coarse = new sbyte[half.Length];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                var (sum, count) = (0.0, 0);
                for (var v = Math.Max(0, y - 1); v <= Math.Min(side - 1, y + 1); v++)
                {
                    for (var u = Math.Max(0, x - 1); u <= Math.Min(side - 1, x + 1); u++)
                    {
                        if (!double.IsNaN(half[v * side + u])) (sum, count) = (sum + half[v * side + u], count + 1);
                    }
                }
                // Twice as fine steps: smoothing took most of the height.
                coarse[y * side + x] = double.IsNaN(half[y * side + x]) ? Outside : (sbyte)Math.Clamp(Math.Round(2 * sum / count), -127, 127);
            }
        }
        return coarse;
    }
}
