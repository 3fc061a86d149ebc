using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>
/// The camera's round field of view: a circle in pixels (x right, y down, (0, 0) the centre of the top-left pixel), which may reach beyond the picture where
/// the camera or somebody cut it.
/// </summary>
/// <param name="Fitted">False where no circle was seen (nothing of the edge is in the picture): then the circle stands for the square around what is bright.</param>
public readonly record struct FieldOfView(double CentreX, double CentreY, double Radius, bool Fitted)
{
    /// <summary>The longest side, in samples, of the grid that is looked at.</summary>
    private const int Grid = 512;

    /// <summary>As many samples in a row belong to the retina; stray bright pixels come alone.</summary>
    private const int Run = 3;

    /// <summary>The retina begins where this share of the way from the border's level to the bright parts' is reached: low, as its rim is dark.</summary>
    private const double EdgeShare = 0.12;

    /// <summary>…but so many grey levels above the border at least; cameras' black is noisy.</summary>
    private const int LeastContrast = 8;

    private const int Trials = 400;

    /// <summary>An edge point belongs to the circle within this share of its radius.</summary>
    private const double Closeness = 0.015;

    /// <summary>The square of whole pixels around the circle; it may reach beyond the picture.</summary>
    public PixelBox Square
    {
        get
        {
            var side = Math.Max(1, (int)Math.Round(2 * Radius));
            return new((int)Math.Round(CentreX + 0.5 - side / 2.0), (int)Math.Round(CentreY + 0.5 - side / 2.0), side, side);
        }
    }

    /// <summary>
    /// Finds the retina's edge on a grid of at most 512 samples, and the circle that most of its points agree on; what cuts the circle off straight, date stamps
    /// and reflections at the rim are outvoted.
    /// </summary>
    public static FieldOfView Find(Image image)
    {
        var edge = new List<(double X, double Y)>();
        var (box, step) = Scan(image, edge);
        return Vote(edge, Math.Max(box.Width, box.Height) / (double)step) is var (x, y, radius)
            ? new(x * step, y * step, radius * step, true) // samples are the pixels at multiples of the step
            : new(box.X + (box.Width - 1) / 2.0, box.Y + (box.Height - 1) / 2.0, Math.Max(box.Width, box.Height) / 2.0, false);
    }

    /// <summary>The part of the picture with retina in it, to one grid cell; the whole picture where all is dark.</summary>
    public static PixelBox Bright(Image image) => Scan(image, null).Box;

    /// <param name="edge">Takes the points where the retina begins and ends, in samples; what the picture's sides cut off is no edge.</param>
    private static (PixelBox Box, int Step) Scan(Image image, List<(double X, double Y)>? edge)
    {
        var step = Math.Max(1, (Math.Max(image.Width, image.Height) + Grid - 1) / Grid);
        var (width, height) = ((image.Width + step - 1) / step, (image.Height + step - 1) / step);
        var levels = Levels(image, step, width, height);
        var threshold = Threshold(levels);
        var (x0, y0, x1, y1) = (width, height, -1, -1);
        for (var y = 0; y < height; y++)
        {
            if (Extent(levels.AsSpan(y * width), 1, width, threshold) is not var (left, right)) continue;
            (x0, x1, y0, y1) = (Math.Min(x0, left), Math.Max(x1, right), Math.Min(y0, y), y);
            if (left > 0) edge?.Add((left - 0.5, y));
            if (right < width - 1) edge?.Add((right + 0.5, y));
        }
        for (var x = 0; x < width && edge is not null; x++)
        {
            if (Extent(levels.AsSpan(x), width, height, threshold) is not var (top, bottom)) continue;
            if (top > 0) edge.Add((x, top - 0.5));
            if (bottom < height - 1) edge.Add((x, bottom + 0.5));
        }
        if (x1 < 0) return (new PixelBox(0, 0, image.Width, image.Height), step);
        return (new PixelBox(x0 * step, y0 * step, Math.Min(image.Width, (x1 + 1) * step) - x0 * step, Math.Min(image.Height, (y1 + 1) * step) - y0 * step), step);
    }

    /// <summary>The brightest channel: the rim of a retina is red, and nearly black in grey.</summary>
    private static byte[] Levels(Image image, int step, int width, int height)
    {
        var levels = new byte[width * height];
        for (var y = 0; y < height; y++)
        {
            var row = image.Row(y * step);
            for (var x = 0; x < width; x++)
            {
                var p = row.Slice(3 * x * step, 3);
                levels[y * width + x] = Math.Max(p[0], Math.Max(p[1], p[2]));
            }
        }
        return levels;
    }

    private static int Threshold(byte[] levels)
    {
        var counts = new int[256];
        foreach (var level in levels) counts[level]++;
        var (border, high) = (Quantile(counts, levels.Length * 0.02), Quantile(counts, levels.Length * 0.95));
        return border + Math.Max(LeastContrast, (int)(EdgeShare * (high - border)));
    }

    private static int Quantile(int[] counts, double below)
    {
        var level = 0;
        for (long sum = counts[0]; sum <= below && level < 255; sum += counts[level]) level++;
        return level;
    }

    /// <summary>First and last of the samples that belong to a run of bright ones.</summary>
    private static (int First, int Last)? Extent(ReadOnlySpan<byte> line, int stride, int count, int threshold)
    {
        var (first, last, run) = (-1, -1, 0);
        var needed = Math.Min(Run, count);
        for (var i = 0; i < count; i++)
        {
            run = line[i * stride] > threshold ? run + 1 : 0;
            if (run < needed) continue;
            if (first < 0) first = i - needed + 1;
            last = i;
        }
        return first < 0 ? null : (first, last);
    }

    /// <summary>The circle through three edge points that most points lie near, then fitted to those; null where too few agree.</summary>
    private static (double X, double Y, double Radius)? Vote(List<(double X, double Y)> edge, double extent)
    {
        if (edge.Count < 24) return null;
        (double X, double Y, double Radius) best = default;
        var most = 0;
        var random = 12345u;
        for (var trial = 0; trial < Trials; trial++)
        {
            if (Through(edge[Next()], edge[Next()], edge[Next()]) is not { } circle || !Plausible(circle)) continue;
            var votes = edge.Count(p => Near(p, circle));
            if (votes > most) (most, best) = (votes, circle);
        }
        for (var round = 0; round < 3 && most > 0; round++)
        {
            if (Fit(edge.Where(p => Near(p, best))) is not { } fitted || !Plausible(fitted)) break;
            best = fitted;
        }
        var near = edge.Where(p => Near(p, best)).ToArray();
        return near.Length >= 24 && near.Length >= edge.Count * 0.4 && near.Length >= 0.3 * best.Radius && Spread(near) ? best : null;

        int Next()
        {
            random = random * 1664525 + 1013904223;
            return (int)(((ulong)random * (ulong)edge.Count) >> 32);
        }

        bool Plausible((double X, double Y, double Radius) c) => c.Radius >= 0.35 * extent && c.Radius <= 1.0 * extent;

        bool Near((double X, double Y) p, (double X, double Y, double Radius) c) =>
            Math.Abs(Math.Sqrt((p.X - c.X) * (p.X - c.X) + (p.Y - c.Y) * (p.Y - c.Y)) - c.Radius) <= Math.Max(1, Closeness * c.Radius);

        // Points on one side only say little of the radius: they must lie in three quarters of the turn, or opposite each other.
        bool Spread((double X, double Y)[] points)
        {
            var seen = new bool[4];
            foreach (var (x, y) in points) seen[(x > best.X ? 1 : 0) + (y > best.Y ? 2 : 0)] = true;
            return (seen[0] && seen[3]) || (seen[1] && seen[2]);
        }
    }

    private static (double X, double Y, double Radius)? Through((double X, double Y) a, (double X, double Y) b, (double X, double Y) c)
    {
        var (bx, by, cx, cy) = (b.X - a.X, b.Y - a.Y, c.X - a.X, c.Y - a.Y);
        var d = 2 * (bx * cy - by * cx);
        if (Math.Abs(d) < 1e-6) return null;
        var (b2, c2) = (bx * bx + by * by, cx * cx + cy * cy);
        var (x, y) = ((cy * b2 - by * c2) / d, (bx * c2 - cx * b2) / d);
        return (a.X + x, a.Y + y, Math.Sqrt(x * x + y * y));
    }

    /// <summary>Least squares of x² + y² = 2ax + 2by + c (Kåsa 1976).</summary>
    private static (double X, double Y, double Radius)? Fit(IEnumerable<(double X, double Y)> points)
    {
        var all = points.ToArray();
        if (all.Length < 3) return null;
        var (mx, my) = (all.Average(p => p.X), all.Average(p => p.Y));
        double xx = 0, xy = 0, yy = 0, xz = 0, yz = 0, z = 0;
        foreach (var p in all)
        {
            var (x, y) = (p.X - mx, p.Y - my);
            var q = x * x + y * y;
            (xx, xy, yy, xz, yz, z) = (xx + x * x, xy + x * y, yy + y * y, xz + x * q, yz + y * q, z + q);
        }
        var d = 2 * (xx * yy - xy * xy);
        if (d < 1e-9) return null;
        var (a, b) = ((xz * yy - yz * xy) / d, (yz * xx - xz * xy) / d);
        return (mx + a, my + b, Math.Sqrt(a * a + b * b + z / all.Length));
    }
}
