namespace Fovea.Training.MadeUp;

/// <summary>
/// The layers that one retina is painted on, at the size of the finished picture, with the two primitives that everything is made of: strokes and blobs. Both have
/// edges at least a pixel soft, so nothing needs supersampling and a lesion below a pixel fades instead of vanishing. Layers hold 0 (nothing) … about 1.
/// </summary>
internal sealed class RetinaCanvas
{
    private readonly bool mirrored;
    private int left, top, right, bottom, area, markBit; // the lesion being marked

    public RetinaCanvas(int width, int height, double centreX, double centreY, double radius, bool mirrored)
    {
        (Width, Height, CentreX, CentreY, Radius, this.mirrored) = (width, height, centreX, centreY, radius, mirrored);
        int count = width * height;
        Arteries = new float[count];
        Veins = new float[count];
        Reflex = new float[count];
        Exudate = new float[count];
        Cotton = new float[count];
        DeepBlood = new float[count];
        SurfaceBlood = new float[count];
        Haze = new float[count];
        Marks = new ushort[count];
    }

    public int Width { get; }
    public int Height { get; }

    /// <summary>The field's centre in pixels.</summary>
    public double CentreX { get; }

    public double CentreY { get; }

    /// <summary>The field's radius in pixels.</summary>
    public double Radius { get; }

    public float[] Arteries { get; }
    public float[] Veins { get; }

    /// <summary>Light reflected by the middle of vessels.</summary>
    public float[] Reflex { get; }

    public float[] Exudate { get; }
    public float[] Cotton { get; }

    /// <summary>Blood within the retina, under the vessels.</summary>
    public float[] DeepBlood { get; }

    /// <summary>Blood in front of the vessels, and new vessels.</summary>
    public float[] SurfaceBlood { get; }

    /// <summary>Blood in the vitreous, which dims all behind it.</summary>
    public float[] Haze { get; }

    /// <summary>One bit per <see cref="LesionKind"/>.</summary>
    public ushort[] Marks { get; }

    public (double X, double Y) ToPixel(Vector2D p) => (CentreX + (mirrored ? -p.X : p.X) * Radius, CentreY + p.Y * Radius);

    public Vector2D ToRetina(double x, double y) => new((mirrored ? CentreX - x : x - CentreX) / Radius, (y - CentreY) / Radius);

    /// <summary>Whether a place is in the picture and the field with a margin (field radii) to spare.</summary>
    public bool Shows(Vector2D p, double margin)
    {
        if (p.Length > 1 - margin) return false;
        (double x, double y) = ToPixel(p);
        double m = margin * Radius;
        return x >= m && y >= m && x <= Width - 1 - m && y <= Height - 1 - m;
    }

    /// <summary>The layer's value at a place; 0 outside of the picture.</summary>
    public float Sample(float[] layer, Vector2D p)
    {
        (double x, double y) = ToPixel(p);
        int ix = (int)Math.Floor(x + 0.5), iy = (int)Math.Floor(y + 0.5);
        return ix < 0 || iy < 0 || ix >= Width || iy >= Height ? 0 : layer[iy * Width + ix];
    }

    /// <summary>What is painted until <see cref="EndLesion"/> belongs to one lesion.</summary>
    public void BeginLesion(LesionKind kind)
    {
        (left, top, right, bottom, area) = (int.MaxValue, int.MaxValue, -1, -1, 0);
        markBit = 1 << (int)kind;
    }

    /// <summary>The box and area of what was painted since <see cref="BeginLesion"/>; null when none of it is in the picture.</summary>
    public (PixelBox Box, int Area)? EndLesion()
    {
        markBit = 0;
        return right < 0 ? null : (new PixelBox(left, top, right - left + 1, bottom - top + 1), area);
    }

    /// <summary>A stroke from a to b whose radius goes from ra to rb (field radii). <paramref name="edge"/>: softness of the edge as a share of the radius.</summary>
    public void Stroke(float[] layer, Vector2D a, Vector2D b, double ra, double rb, double amount, double edge = 0.5)
    {
        (double ax, double ay) = ToPixel(a);
        (double bx, double by) = ToPixel(b);
        double pa = ra * Radius, pb = rb * Radius, reach = Math.Max(pa, pb) * (1 + edge) + 1.5;
        if (!Clip(Math.Min(ax, bx) - reach, Math.Min(ay, by) - reach, Math.Max(ax, bx) + reach, Math.Max(ay, by) + reach, out int x0, out int y0, out int x1, out int y1)) return;
        double dx = bx - ax, dy = by - ay, squared = Math.Max(1e-9, dx * dx + dy * dy);
        for (int y = y0; y <= y1; y++)
        {
            for (int x = x0; x <= x1; x++)
            {
                double t = Math.Clamp(((x - ax) * dx + (y - ay) * dy) / squared, 0, 1);
                double ex = x - ax - t * dx, ey = y - ay - t * dy, r = pa + (pb - pa) * t;
                double thin = Math.Min(1, r / 0.5); // below a pixel's width the stroke fades instead
                r = Math.Max(r, 0.5);
                double soft = Math.Max(0.5, edge * r);
                Put(layer, x, y, amount * thin * PortableMath.SmoothStep((r + soft - Math.Sqrt(ex * ex + ey * ey)) / (2 * soft)), amount * thin);
            }
        }
    }

    /// <summary>
    /// An ellipse with an uneven outline. Radii in field radii, rx along <paramref name="axis"/>. <paramref name="edge"/>: width of the soft edge as a share of the radius;
    /// <paramref name="uneven"/>: 0 smooth … 1 ragged; <paramref name="above"/>: painted only below this pixel row (a fluid level).
    /// </summary>
    public void Blob(float[] layer, Vector2D centre, Vector2D axis, double rx, double ry, double amount, double edge, double uneven, uint seed, double above = double.NegativeInfinity)
    {
        (double cx, double cy) = ToPixel(centre);
        double ux = mirrored ? -axis.X : axis.X, uy = axis.Y, px = rx * Radius, py = ry * Radius;
        double faint = Math.Min(1, px * py / 0.36);
        px = Math.Max(px, 0.6);
        py = Math.Max(py, 0.6);
        double reach = Math.Max(px, py) * (1 + edge + uneven) + 1.5;
        if (!Clip(cx - reach, cy - reach, cx + reach, cy + reach, out int x0, out int y0, out int x1, out int y1)) return;
        double soft = Math.Max(edge, 1 / Math.Min(px, py));
        for (int y = y0; y <= y1; y++)
        {
            double level = Math.Clamp((y - above) / Math.Max(1, 0.008 * Radius) + 0.5, 0, 1);
            if (level == 0) continue;
            for (int x = x0; x <= x1; x++)
            {
                double ex = x - cx, ey = y - cy;
                double along = (ex * ux + ey * uy) / px, across = (ey * ux - ex * uy) / py;
                double d = Math.Sqrt(along * along + across * across);
                if (d > 2.2) continue;
                if (uneven > 0) d *= 1 + uneven * 2 * (ValueNoise.Fractal(seed, along * 1.3 + 40, across * 1.3 + 40, 2) - 0.5f);
                Put(layer, x, y, amount * faint * level * PortableMath.SmoothStep((1 - d) / soft + 0.5), amount * faint);
            }
        }
    }

    /// <summary>Adds to the layer by maximum, and to the lesion being marked where at least 40 % covered.</summary>
    public void Put(float[] layer, int x, int y, double value, double full)
    {
        if (value <= 0.004) return;
        int i = y * Width + x;
        if (value > layer[i]) layer[i] = (float)value;
        if (markBit == 0 || value < 0.4 * full) return;
        Marks[i] |= (ushort)markBit;
        area++;
        (left, top, right, bottom) = (Math.Min(left, x), Math.Min(top, y), Math.Max(right, x), Math.Max(bottom, y));
    }

    private bool Clip(double fromX, double fromY, double toX, double toY, out int x0, out int y0, out int x1, out int y1)
    {
        x0 = (int)Math.Max(0, Math.Floor(fromX));
        y0 = (int)Math.Max(0, Math.Floor(fromY));
        x1 = (int)Math.Min(Width - 1, Math.Ceiling(toX));
        y1 = (int)Math.Min(Height - 1, Math.Ceiling(toY));
        return x0 <= x1 && y0 <= y1;
    }
}
