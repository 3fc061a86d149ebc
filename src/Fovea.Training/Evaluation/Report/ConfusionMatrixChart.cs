using System.Globalization;
using System.Text;

namespace Fovea.Training.Evaluation.Report;

/// <summary>A confusion matrix as SVG: rows are the true grades, columns the predicted ones, shade and percentage by row (recall).</summary>
public static class ConfusionMatrixChart
{
    private const int Cell = 62, Left = 96, Top = 52;

    /// <param name="counts">Rows true, columns predicted.</param>
    public static string Draw(IReadOnlyList<IReadOnlyList<int>> counts, IReadOnlyList<string> names)
    {
        var n = counts.Count;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Left + n * Cell + 8} {Top + n * Cell + 8}\" width=\"{Left + n * Cell + 8}\" role=\"img\" aria-label=\"Confusion matrix\">");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + n * Cell / 2}\" y=\"16\" text-anchor=\"middle\" class=\"soft\">predicted</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"14\" y=\"{Top + n * Cell / 2}\" text-anchor=\"middle\" class=\"soft\" transform=\"rotate(-90 14 {Top + n * Cell / 2})\">true</text>");
        for (var i = 0; i < n; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + i * Cell + Cell / 2}\" y=\"{Top - 10}\" text-anchor=\"middle\">{HtmlPage.Escape(names[i])}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{Top + i * Cell + Cell / 2 + 4}\" text-anchor=\"end\">{HtmlPage.Escape(names[i])}</text>");
            var total = Math.Max(1, counts[i].Sum());
            for (var j = 0; j < n; j++)
            {
                var share = (double)counts[i][j] / total;
                // Right answers in blue, wrong ones in orange: a dark orange cell is where to look first.
                var colour = i == j ? "38,110,190" : "205,95,40";
                svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left + j * Cell}\" y=\"{Top + i * Cell}\" width=\"{Cell - 2}\" height=\"{Cell - 2}\" rx=\"4\" fill=\"rgba({colour},{0.06 + 0.84 * share:0.00})\"/>");
                var ink = share > 0.55 ? " style=\"fill:#fff\"" : "";
                svg.Append(CultureInfo.InvariantCulture, $"<text{ink} x=\"{Left + j * Cell + Cell / 2 - 1}\" y=\"{Top + i * Cell + 29}\" text-anchor=\"middle\">{counts[i][j]}</text>");
                svg.Append(CultureInfo.InvariantCulture, $"<text{ink} class=\"{(ink.Length > 0 ? "" : "soft")}\" x=\"{Left + j * Cell + Cell / 2 - 1}\" y=\"{Top + i * Cell + 45}\" text-anchor=\"middle\">{share:P0}</text>");
            }
        }
        return svg.Append("</svg>").ToString();
    }
}
