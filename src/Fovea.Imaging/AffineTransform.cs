namespace Fovea.Imaging;

/// <summary>
/// x' = A·x + B·y + Tx, y' = C·x + D·y + Ty: maps SOURCE pixel centres to DESTINATION pixel centres, in pixels, x right, y down,
/// (0, 0) the centre of the top-left pixel.
/// </summary>
public readonly record struct AffineTransform(double A, double B, double Tx, double C, double D, double Ty)
{
    public static AffineTransform Identity => new(1, 0, 0, 0, 1, 0);

    public double Determinant => (A * D) - (B * C);

    /// <summary>All six numbers are finite and the determinant is not 0.</summary>
    public bool IsInvertible =>
        double.IsFinite(A + B + Tx + C + D + Ty) && Determinant != 0 && double.IsFinite(1 / Determinant);

    public static AffineTransform Translation(double x, double y) => new(1, 0, x, 0, 1, y);

    /// <summary>Scales about the pixel centre (0, 0). For what <see cref="Image.Resize"/> does, see <see cref="ForResize"/>.</summary>
    public static AffineTransform Scaling(double x, double y) => new(x, 0, 0, 0, y, 0);

    /// <summary>
    /// What <see cref="Image.Resize"/> does to coordinates: the outer edges fit, so that x' = (x + ½)·s − ½ with s = the widths' ratio.
    /// </summary>
    public static AffineTransform ForResize(int sourceWidth, int sourceHeight, int width, int height)
    {
        var (sx, sy) = ((double)width / sourceWidth, (double)height / sourceHeight);
        return new(sx, 0, (0.5 * sx) - 0.5, 0, sy, (0.5 * sy) - 0.5);
    }

    /// <summary>Turns clockwise as seen (y points down) by <paramref name="degrees"/> about (<paramref name="x"/>, <paramref name="y"/>).</summary>
    public static AffineTransform Rotation(double degrees, double x, double y)
    {
        var (sin, cos) = double.SinCos(degrees * double.Pi / 180);
        return new(cos, -sin, x - (cos * x) + (sin * y), sin, cos, y - (sin * x) - (cos * y));
    }

    /// <summary>This transform first, then <paramref name="next"/>.</summary>
    public AffineTransform Then(in AffineTransform next) => Compose(next, this);

    /// <summary><paramref name="second"/> after <paramref name="first"/>: the matrix product second · first.</summary>
    public static AffineTransform Compose(in AffineTransform second, in AffineTransform first) => new(
        (second.A * first.A) + (second.B * first.C),
        (second.A * first.B) + (second.B * first.D),
        (second.A * first.Tx) + (second.B * first.Ty) + second.Tx,
        (second.C * first.A) + (second.D * first.C),
        (second.C * first.B) + (second.D * first.D),
        (second.C * first.Tx) + (second.D * first.Ty) + second.Ty);

    /// <summary>The transform back from destination to source.</summary>
    /// <exception cref="InvalidOperationException">There is none: the determinant is 0 or a number is not finite.</exception>
    public AffineTransform Invert()
    {
        if (!IsInvertible)
            throw new InvalidOperationException("The transform cannot be inverted.");
        var scale = 1 / Determinant;
        var (a, b, c, d) = (D * scale, -B * scale, -C * scale, A * scale);
        return new(a, b, -(a * Tx) - (b * Ty), c, d, -(c * Tx) - (d * Ty));
    }

    /// <summary>Where the source point goes.</summary>
    public (double X, double Y) Apply(double x, double y) => ((A * x) + (B * y) + Tx, (C * x) + (D * y) + Ty);
}
