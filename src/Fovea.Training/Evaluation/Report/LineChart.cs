using System.Globalization;
using System.Text;

namespace Fovea.Training.Evaluation.Report;

/// <summary>One curve; a missing value leaves a gap that the line bridges.</summary>
public sealed record Series(string Name, string Colour, IReadOnlyList<(double X, double? Y)> Points);

/// <summary>Curves over epochs as SVG.</summary>
public static class LineChart
{
    private const double Width = 640, Height = 280, Left = 52, Right = 12, Top = 14, Bottom = 40;

    /// <param name="yRange">The vertical axis; null fits the data.</param>
    public static string Draw(string xLabel, IReadOnlyList<Series> series, (double Low, double High)? yRange = null)
    {
        var values = series.SelectMany(s => s.Points).Where(p => p.Y is { } y && double.IsFinite(y)).Select(p => (p.X, Y: p.Y!.Value)).ToArray();
        if (values.Length == 0) return "";
        var (x0, x1) = (values.Min(v => v.X), values.Max(v => v.X));
        if (x1 <= x0) x1 = x0 + 1;
        var (low, high) = yRange ?? (values.Min(v => v.Y), values.Max(v => v.Y));
        if (high - low < 1e-9) (low, high) = (low - 0.5, high + 0.5);
        double X(double x) => Left + (x - x0) / (x1 - x0) * (Width - Left - Right);
        double Y(double y) => Top + (high - Math.Clamp(y, low, high)) / (high - low) * (Height - Top - Bottom);

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" width=\"{Width}\" height=\"{Height}\" role=\"img\" aria-label=\"{HtmlPage.Escape(string.Join(", ", series.Select(s => s.Name)))}\">");
        for (var i = 0; i <= 4; i++)
        {
            var y = low + (high - low) * i / 4;
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y):0.#}\" y2=\"{Y(y):0.#}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left - 6}\" y=\"{Y(y) + 4:0.#}\" text-anchor=\"end\">{y:0.##}</text>");
        }
        foreach (var x in Ticks(x0, x1))
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{X(x):0.#}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{x:0}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Width - Right}\" y=\"{Height - 6}\" text-anchor=\"end\">{HtmlPage.Escape(xLabel)}</text>");
        var legend = Left;
        foreach (var s in series)
        {
            var points = s.Points.Where(p => p.Y is { } y && double.IsFinite(y)).Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.X):0.#},{Y(p.Y!.Value):0.#}"));
            svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{s.Colour}\" stroke-width=\"2\" points=\"{string.Join(' ', points)}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{legend}\" y=\"{Height - 15}\" width=\"10\" height=\"10\" fill=\"{s.Colour}\"/><text x=\"{legend + 14}\" y=\"{Height - 6}\">{HtmlPage.Escape(s.Name)}</text>");
            legend += 34 + 7 * s.Name.Length;
        }
        return svg.Append("</svg>").ToString();
    }

    private static IEnumerable<double> Ticks(double from, double to)
    {
        var step = Math.Max(1, Math.Ceiling((to - from) / 8));
        for (var x = Math.Ceiling(from); x <= to; x += step) yield return x;
    }
}
