using System.Globalization;
using System.Text;
using Fovea.Training.Evaluation.Report;

namespace Fovea.Training.Inspection.Page;

/// <summary>Shares of the classes within each part, side by side, as SVG.</summary>
internal static class ClassChart
{
    private const double Width = 640, Left = 130, Right = 110, Bar = 14, Gap = 12;

    public static string Draw(DatasetInspection d)
    {
        var parts = d.Parts;
        var row = parts.Count * (Bar + 2) + Gap;
        var height = d.Classes.Count * row + 4;
        var most = parts.Max(p => p.Classes.Max() / (double)p.Images);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" role=\"img\" aria-label=\"Images by class; the table below has the figures\">");
        for (var c = 0; c < d.Classes.Count; c++)
        {
            var top = 4 + c * row;
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 12}\" y=\"{top + (row - Gap) / 2 + 4:0.#}\" text-anchor=\"end\">{HtmlPage.Escape(DistributionChart.Shortened(InspectionPage.ClassName(d, c)))}</text>");
            for (var p = 0; p < parts.Count; p++)
            {
                var share = (double)parts[p].Classes[c] / parts[p].Images;
                var (y, width) = (top + p * (Bar + 2), Math.Max(1, share / Math.Max(most, 1e-9) * (Width - Left - Right)));
                svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"fill p{p}\" x=\"{Left}\" y=\"{y:0.#}\" width=\"{width:0.#}\" height=\"{Bar}\" rx=\"2\"/>");
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + width + 8:0.#}\" y=\"{y + Bar - 3:0.#}\">{parts[p].Classes[c]}<tspan class=\"soft\"> · {share:P1}</tspan></text>");
            }
        }
        return svg.Append("</svg>").ToString();
    }
}
