using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Quality;

/// <summary>What is measured of a photograph before anything is concluded. Colours and light: means over the field of view.</summary>
/// <param name="Width">Of the photograph, pixels.</param>
/// <param name="Height">Of the photograph, pixels.</param>
/// <param name="FieldDiameter">The longer side of the field's bounding box, pixels of the photograph. 0 where no field is found.</param>
/// <param name="FieldShare">Share of the photograph that the field covers, 0–1.</param>
/// <param name="CornerShare">How much of the four corners of the field's box is lit, 0–1: near 0 for a disc, 1 for a rectangle.</param>
/// <param name="Brightness">Mean luma, 0–255.</param>
/// <param name="Contrast">Standard deviation of the green channel, in which vessels and lesions show best, 0–127.5.</param>
/// <param name="BurntShare">Share of the field whose red and green are both above 235, 0–1.</param>
/// <param name="Sharpness">
/// Detail of vessels' width: standard deviation of the green channel between blurs of 1.5 and 4 pixels at a field of 384 pixels, after a median against the sensor's
/// noise, relative to mean green, in percent.
/// </param>
/// <param name="GreenToRed">Mean green over mean red; a retina's is about 0.3–0.75.</param>
/// <param name="BlueToRed">Mean blue over mean red; a retina's is below 0.75.</param>
/// <param name="RetinaColoured">Share of the field where red leads green and blue, 0–1.</param>
public sealed record QualityMeasures(
    int Width, int Height, double FieldDiameter, double FieldShare, double CornerShare, double Brightness, double Contrast, double BurntShare, double Sharpness,
    double GreenToRed, double BlueToRed, double RetinaColoured)
{
    /// <summary>How the frame lies around the field.</summary>
    public FieldFraming Framing { get; init; }

    /// <summary>The size at which all but the sides are measured: a photograph's detail is judged in proportion to its field.</summary>
    private const int WorkingDiameter = 384;

    internal static QualityMeasures Of(Image photograph)
    {
        var (small, scale) = Shrink(photograph, 1024);
        var threshold = BorderThreshold(small);
        var box = Box(small, threshold);
        if (box.Width == 0) return new QualityMeasures(photograph.Width, photograph.Height, 0, 0, 0, small.ToGrey().MeanAndDeviation().Mean[0], 0, 0, 0, 0, 0, 0);

        var diameter = Math.Max(box.Width, box.Height);
        var field = small.Crop(box.X, box.Y, box.Width, box.Height);
        var factor = (double)WorkingDiameter / diameter;
        field = field.Resize(
            Math.Max(1, (int)Math.Round(box.Width * factor)), Math.Max(1, (int)Math.Round(box.Height * factor)), factor < 1 ? Interpolation.Area : Interpolation.Linear);
        var lit = Lit(field, threshold);
        var covered = (double)lit.Pixels.Count(v => v != 0) / lit.Pixels.Length * box.Width * box.Height / ((double)small.Width * small.Height);
        // Inside only: the edge of the field is the strongest edge of all.
        var inner = lit.Erode(WorkingDiameter / 24);
        if (!inner.Pixels.Contains((byte)255)) inner = lit;
        var mean = field.MeanAndDeviation(inner).Mean;
        var luma = 0.299 * mean[0] + 0.587 * mean[1] + 0.114 * mean[2];
        var green = field.Channel(1);
        var contrast = green.MeanAndDeviation(inner).Deviation[0];
        var (burnt, coloured) = Shares(field, inner);
        return new QualityMeasures(
            photograph.Width, photograph.Height, diameter / scale, covered, CornersLit(lit), luma, contrast, burnt, Detail(green, inner, mean[1]),
            mean[1] / Math.Max(1, mean[0]), mean[2] / Math.Max(1, mean[0]), coloured)
        {
            Framing = FieldFramings.Of(lit, covered),
        };
    }

    private static (Image Small, double Scale) Shrink(Image image, int longest)
    {
        var scale = Math.Min(1, (double)longest / Math.Max(image.Width, image.Height));
        return scale == 1
            ? (image, 1)
            : (image.Resize(Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)), Interpolation.Area), scale);
    }

    // Between black border and field: a fifth of the brightest hundredth, so that it serves dark photographs, too, but never the sensor's noise.
    private static int BorderThreshold(Image image)
    {
        var counts = new int[256];
        for (var i = 0; i < image.Pixels.Length; i += 3) counts[Largest(image.Pixels, i)]++;
        var (seen, top) = (0, 255);
        while (top > 0 && (seen += counts[top]) < image.Pixels.Length / 300) top--;
        return Math.Clamp(top / 5, 7, 20);
    }

    private static PixelBox Box(Image image, int threshold)
    {
        var lit = Lit(image, threshold);
        var columns = new int[image.Width];
        var rows = new int[image.Height];
        for (var y = 0; y < image.Height; y++)
        {
            var row = lit.Row(y);
            for (var x = 0; x < row.Length; x++)
            {
                if (row[x] == 0) continue;
                columns[x]++;
                rows[y]++;
            }
        }
        int x0 = Array.FindIndex(columns, c => c > 0.02 * image.Height), x1 = Array.FindLastIndex(columns, c => c > 0.02 * image.Height);
        int y0 = Array.FindIndex(rows, c => c > 0.02 * image.Width), y1 = Array.FindLastIndex(rows, c => c > 0.02 * image.Width);
        return x0 < 0 || y0 < 0 ? default : new PixelBox(x0, y0, x1 - x0 + 1, y1 - y0 + 1);
    }

    private static Image Lit(Image image, int threshold)
    {
        var mask = new Image(image.Width, image.Height, 1);
        for (var i = 0; i < mask.Pixels.Length; i++) mask.Pixels[i] = Largest(image.Pixels, 3 * i) > threshold ? (byte)255 : (byte)0;
        return mask;
    }

    private static double CornersLit(Image lit)
    {
        var (lights, count) = (0, 0);
        int side = Math.Max(1, Math.Min(lit.Width, lit.Height) / 12);
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side - y; x++) // the triangle in the corner
            {
                foreach (var (u, v) in (ReadOnlySpan<(int, int)>)[(x, y), (lit.Width - 1 - x, y), (x, lit.Height - 1 - y), (lit.Width - 1 - x, lit.Height - 1 - y)])
                {
                    count++;
                    if (lit.Row(v)[u] != 0) lights++;
                }
            }
        }
        return (double)lights / count;
    }

    private static (double Burnt, double Coloured) Shares(Image field, Image inner)
    {
        var (burnt, coloured, count) = (0, 0, 0);
        for (var i = 0; i < inner.Pixels.Length; i++)
        {
            if (inner.Pixels[i] == 0) continue;
            count++;
            var (r, g, b) = (field.Pixels[3 * i], field.Pixels[3 * i + 1], field.Pixels[3 * i + 2]);
            if (r > 235 && g > 235) burnt++;
            if (r > 1.08 * g && r > 1.08 * b) coloured++;
        }
        return ((double)burnt / count, (double)coloured / count);
    }

    private static double Detail(Image green, Image inner, double meanGreen)
    {
        var quiet = green.MedianBlur(5);
        Image fine = quiet.GaussianBlur(1.5), coarse = quiet.GaussianBlur(4);
        var (sum, squares, count) = (0.0, 0.0, 0);
        for (var i = 0; i < inner.Pixels.Length; i++)
        {
            if (inner.Pixels[i] == 0) continue;
            var d = fine.Pixels[i] - coarse.Pixels[i];
            (sum, squares, count) = (sum + d, squares + d * d, count + 1);
        }
        var mean = sum / count;
        return 100 * Math.Sqrt(Math.Max(0, squares / count - mean * mean)) / Math.Max(8, meanGreen);
    }

    private static int Largest(byte[] pixels, int at) => Math.Max(pixels[at], Math.Max(pixels[at + 1], pixels[at + 2]));
}
