using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

// Drawing changes this image. Everything is anti-aliased; coordinates may have fractions (kept to 1/16 pixel) and lie outside.
public sealed unsafe partial class Image
{
    private const int Inside = -1;
    private const int MaxThickness = 1000;

    public void DrawLine(double x0, double y0, double x1, double y1, Colour colour, int thickness = 1) =>
        Draw(colour, Stroke(thickness), (i, c, t) => Native.DrawLine(i, x0, y0, x1, y1, c, t));

    /// <summary>The outline through both corners, inclusive.</summary>
    public void DrawRectangle(double x0, double y0, double x1, double y1, Colour colour, int thickness = 1) =>
        Draw(colour, Stroke(thickness), (i, c, t) => Native.DrawRectangle(i, x0, y0, x1, y1, c, t));

    public void FillRectangle(double x0, double y0, double x1, double y1, Colour colour) =>
        Draw(colour, Inside, (i, c, t) => Native.DrawRectangle(i, x0, y0, x1, y1, c, t));

    public void DrawCircle(double x, double y, double radius, Colour colour, int thickness = 1) =>
        Draw(colour, Stroke(thickness), (i, c, t) => Native.DrawCircle(i, x, y, radius, c, t));

    public void FillCircle(double x, double y, double radius, Colour colour) =>
        Draw(colour, Inside, (i, c, t) => Native.DrawCircle(i, x, y, radius, c, t));

    /// <param name="degrees">How far the ellipse is turned, clockwise as seen.</param>
    public void DrawEllipse(double x, double y, double radiusX, double radiusY, double degrees, Colour colour, int thickness = 1) =>
        DrawArc(x, y, radiusX, radiusY, degrees, 0, 360, colour, thickness);

    /// <summary>The part of an ellipse between two angles in degrees, clockwise as seen, from its own x axis.</summary>
    public void DrawArc(
        double x, double y, double radiusX, double radiusY, double degrees, double start, double end, Colour colour, int thickness = 1) =>
        Draw(colour, Stroke(thickness), (i, c, t) => Native.DrawEllipse(i, x, y, radiusX, radiusY, degrees, start, end, c, t));

    public void FillEllipse(double x, double y, double radiusX, double radiusY, double degrees, Colour colour) =>
        Draw(colour, Inside, (i, c, t) => Native.DrawEllipse(i, x, y, radiusX, radiusY, degrees, 0, 360, c, t));

    /// <summary>Lines from point to point, and back to the first when closed.</summary>
    public void DrawPolyline(ReadOnlySpan<(double X, double Y)> points, bool closed, Colour colour, int thickness = 1) =>
        Polygon(points, closed, colour, Stroke(thickness));

    /// <summary>The area inside, by the even-odd rule.</summary>
    public void FillPolygon(ReadOnlySpan<(double X, double Y)> points, Colour colour) => Polygon(points, true, colour, Inside);

    /// <summary>Text in a plain stroke font; characters outside ASCII appear as question marks.</summary>
    /// <param name="x">Left end of the baseline.</param>
    /// <param name="y">The baseline.</param>
    /// <param name="height">Of a capital letter, in pixels.</param>
    public void DrawText(string text, double x, double y, double height, Colour colour, int thickness = 1)
    {
        ArgumentNullException.ThrowIfNull(text);
        Draw(colour, Stroke(thickness), (i, c, t) => Native.DrawText(i, Ascii(text), x, y, height, c, t));
    }

    /// <summary>The width of a text and its height with descenders, in pixels, as <see cref="DrawText"/> would draw it.</summary>
    public static (int Width, int Height) MeasureText(string text, double height, int thickness = 1)
    {
        ArgumentNullException.ThrowIfNull(text);
        Native.TextSize(Ascii(text), height, Stroke(thickness), out var width, out var total);
        return (width, total);
    }

    /// <summary>Copies <paramref name="other"/> onto this image with its top-left pixel at (x, y); what falls outside is cut off.</summary>
    public void Paste(Image other, int x, int y)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Channels != Channels)
            throw new ArgumentException("The images differ in channels.", nameof(other));
        var (left, right) = (Math.Max(0, x), (int)Math.Min(Width, (long)x + other.Width));
        if (left >= right)
            return;
        for (var row = Math.Max(0, y); row < Math.Min(Height, (long)y + other.Height); row++)
            other.Row(row - y)[((left - x) * Channels)..((right - x) * Channels)].CopyTo(Row(row)[(left * Channels)..]);
    }

    private delegate void Stroker(PixelView image, byte* rgb, int thickness);

    private void Draw(Colour colour, int thickness, Stroker stroker)
    {
        var rgb = stackalloc byte[] { colour.R, colour.G, colour.B };
        fixed (byte* pixels = Pixels)
            stroker(new PixelView(pixels, this), rgb, thickness);
    }

    private void Polygon(ReadOnlySpan<(double X, double Y)> points, bool closed, Colour colour, int thickness)
    {
        if (points.Length == 0)
            return;
        var flat = new double[points.Length * 2];
        for (var i = 0; i < points.Length; i++)
            (flat[2 * i], flat[(2 * i) + 1]) = points[i];
        Draw(colour, thickness, (i, c, t) =>
        {
            fixed (double* at = flat)
                Native.DrawPolygon(i, at, flat.Length / 2, closed ? 1 : 0, c, t);
        });
    }

    private static int Stroke(int thickness)
    {
        if (thickness is < 1 or > MaxThickness)
            throw new ArgumentOutOfRangeException(nameof(thickness), thickness, $"A line is 1 to {MaxThickness} pixels thick.");
        return thickness;
    }

    private static string Ascii(string text) => string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));
}
