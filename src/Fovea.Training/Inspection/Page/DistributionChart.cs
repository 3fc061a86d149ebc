using System.Globalization;
using System.Text;
using Fovea.Training.Evaluation.Report;

namespace Fovea.Training.Inspection.Page;

/// <summary>Values of some groups, one above the other on one axis: a histogram and a box plot of each (quartiles and median, thin line to the extremes), as SVG.</summary>
internal static class DistributionChart
{
    private const double Width = 640, Left = 118, Right = 16, HistogramHeight = 52, BoxHeight = 12, Gap = 12, Axis = 34;
    private const int Bins = 40;

    /// <param name="groups">Name, class of colour, values (at least one).</param>
    /// <param name="histograms">Without, only the boxes.</param>
    public static string Draw(string title, string unit, IReadOnlyList<(string Name, string Colour, double[] Values)> groups, bool histograms)
    {
        var (low, high) = (groups.Min(g => g.Values.Min()), groups.Max(g => g.Values.Max()));
        if (high <= low) (low, high) = (low - 0.5, high + 0.5);
        var row = (histograms ? HistogramHeight + 4 : 0) + BoxHeight + Gap;
        var height = 6 + groups.Count * row + Axis;
        double X(double value) => Left + (value - low) / (high - low) * (Width - Left - Right);

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height:0}\" width=\"{Width}\" role=\"img\" aria-label=\"{HtmlPage.Escape(title)}: {HtmlPage.Escape(string.Join("; ", groups.Select(Say)))}\">");
        foreach (var tick in Ticks(low, high))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{X(tick):0.#}\" x2=\"{X(tick):0.#}\" y1=\"4\" y2=\"{height - Axis:0.#}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{X(tick):0.#}\" y=\"{height - Axis + 15:0.#}\" text-anchor=\"middle\">{tick:#,0.###}</text>");
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Width - Right}\" y=\"{height - 4:0.#}\" text-anchor=\"end\" class=\"soft\">{HtmlPage.Escape(title)}{(unit.Length > 0 ? ", " + unit : "")}</text>");
        for (var g = 0; g < groups.Count; g++)
        {
            var (name, colour, values) = groups[g];
            var top = 6 + g * row;
            if (histograms)
            {
                Histogram(svg, values, low, high, top, colour, X);
                top += HistogramHeight + 4;
            }
            Box(svg, Distribution.Of(values)!, top, colour, X);
            var label = histograms ? top - HistogramHeight / 2 : top + BoxHeight - 2;
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 12}\" y=\"{label:0.#}\" text-anchor=\"end\">{HtmlPage.Escape(Shortened(name))}</text>");
            if (histograms) svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left - 12}\" y=\"{label + 15:0.#}\" text-anchor=\"end\">{values.Length}</text>");
        }
        return svg.Append("</svg>").ToString();
    }

    internal static string Shortened(string name) => name.Length <= 16 ? name : name[..15] + "…";

    private static string Say((string Name, string Colour, double[] Values) group) =>
        string.Create(CultureInfo.InvariantCulture, $"{group.Name} median {Distribution.Of(group.Values)!.Median:0.##}");

    private static void Histogram(StringBuilder svg, double[] values, double low, double high, double top, string colour, Func<double, double> x)
    {
        var counts = new int[Bins];
        foreach (var v in values) counts[Math.Min(Bins - 1, (int)((v - low) / (high - low) * Bins))]++;
        var most = counts.Max();
        var width = (x(high) - x(low)) / Bins;
        for (var b = 0; b < Bins; b++)
        {
            if (counts[b] == 0) continue;
            var bar = Math.Max(1.5, HistogramHeight * counts[b] / most);
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"fill {colour}\" x=\"{x(low) + b * width + 0.5:0.#}\" y=\"{top + HistogramHeight - bar:0.#}\" width=\"{width - 1:0.#}\" height=\"{bar:0.#}\"/>");
        }
    }

    private static void Box(StringBuilder svg, Distribution d, double top, string colour, Func<double, double> x)
    {
        var middle = top + BoxHeight / 2;
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"whisker\" x1=\"{x(d.Min):0.#}\" x2=\"{x(d.Max):0.#}\" y1=\"{middle:0.#}\" y2=\"{middle:0.#}\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"fill {colour}\" x=\"{x(d.LowerQuartile):0.#}\" y=\"{top:0.#}\" width=\"{Math.Max(2, x(d.UpperQuartile) - x(d.LowerQuartile)):0.#}\" height=\"{BoxHeight}\" rx=\"2\"/>");
        svg.Append(CultureInfo.InvariantCulture, $"<line class=\"median\" x1=\"{x(d.Median):0.#}\" x2=\"{x(d.Median):0.#}\" y1=\"{top - 2:0.#}\" y2=\"{top + BoxHeight + 2:0.#}\"/>");
    }

    /// <summary>Round numbers, four to eight of them.</summary>
    internal static IEnumerable<double> Ticks(double low, double high)
    {
        var rough = (high - low) / 5;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
        for (var k = Math.Ceiling(low / step); k * step <= high + 1e-9 * step; k++) yield return k * step;
    }
}
