using System.Globalization;
using System.Text;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation;

/// <summary>A comparison as a table for a terminal, and as a page.</summary>
public static class ComparisonText
{
    private static readonly (string Key, string Title, string Short)[] Columns =
    [
        ("quadraticWeightedKappa", "Quadratic weighted kappa", "QWK"), ("accuracy", "Accuracy", "accuracy"), ("f1Macro", "Macro F1", "macro F1"), ("auc", "AUC", "AUC"),
        ("referable.sensitivity", "Referable: sensitivity", "ref. sens."), ("referable.specificity", "Referable: specificity", "ref. spec."),
        ("urgent.sensitivity", "Urgent: sensitivity", "urg. sens."), ("urgent.specificity", "Urgent: specificity", "urg. spec."), ("expectedCalibrationError", "Calibration error", "ECE"),
    ];

    public static string Of(SystemComparison comparison)
    {
        var columns = Present(comparison);
        var width = Math.Max(8, comparison.Systems.Max(s => s.Name.Length) + 2);
        var text = new StringBuilder();
        text.AppendLine("system".PadRight(width) + "images".PadLeft(8) + string.Concat(columns.Select(c => c.Short.PadLeft(27))));
        foreach (var s in comparison.Systems)
        {
            text.AppendLine(s.Name.PadRight(width) + s.Metrics.Samples.ToString(CultureInfo.InvariantCulture).PadLeft(8)
                + string.Concat(columns.Select(c => (Value(s.Metrics, c.Key) is { } v ? Figure(v) + (s.Metrics.Intervals.TryGetValue(c.Key, out var i) ? $" [{Figure(i.Low)}, {Figure(i.High)}]" : "") : "–").PadLeft(27))));
        }
        if (comparison.Systems.Count < 2) return text.ToString();
        text.AppendLine().AppendLine($"difference from {comparison.Systems[0].Name} [95 % interval, paired bootstrap], * where it does not hold 0");
        foreach (var s in comparison.Systems.Skip(1))
        {
            if (s.AgainstFirst is not { } pair)
            {
                text.AppendLine($"{s.Name.PadRight(width)}not paired: {s.Unpaired}");
                continue;
            }
            text.AppendLine(s.Name.PadRight(width) + pair.Samples.ToString(CultureInfo.InvariantCulture).PadLeft(8) + string.Concat(columns.Select(c => Difference(pair, c.Key).PadLeft(27))));
            text.AppendLine("".PadRight(width) + string.Create(CultureInfo.InvariantCulture, $"right where the first is wrong {pair.McNemar.SecondOnly}, wrong where it is right {pair.McNemar.FirstOnly}; McNemar p = {P(pair.McNemar.P)}"));
        }
        return text.ToString();
    }

    public static string Page(SystemComparison comparison)
    {
        var page = new HtmlPage("Comparison of systems").AddStyle(ReportStyle.Css);
        var columns = Present(comparison);
        var b = comparison.Systems[0].Metrics.Bootstrap;
        page.Section("Scores", b is null ? null : $"95 % intervals by bootstrap: {b.Resamples} resamples by {(b.By == "group" ? "patient or group" : "image")}.");
        Table(page, "Scores", 2, ["System", "Network", "Parameters", "Images", .. columns.Select(c => c.Title)], comparison.Systems.Select(s => (string[])
            [Cell(HtmlPage.Escape(s.Name)), Cell(HtmlPage.Escape(s.Architecture ?? "–")), Cell(s.Parameters?.ToString("#,0", CultureInfo.InvariantCulture) ?? "–", true), Cell(s.Metrics.Samples.ToString(CultureInfo.InvariantCulture), true),
                .. columns.Select(c => Value(s.Metrics, c.Key) is { } v ? Cell(Figure(v) + (s.Metrics.Intervals.TryGetValue(c.Key, out var i) ? $"<small>{Figure(i.Low)} – {Figure(i.High)}</small>" : ""), true) : Cell("–", true))]));
        page.Markup(Forest(comparison, columns[0]));
        page.Section($"Differences from {comparison.Systems[0].Name}", "Both systems are scored on the same resamples, so that what is hard for both does not blur the difference. Bold where the 95 % interval does not hold 0. "
            + "McNemar's exact test is of the images that only one of the two gets right. With many comparisons, some differ by chance.");
        Table(page, "Differences", 1, ["System", .. columns.Select(c => c.Title), "Only this one right", "Only the first right", "McNemar p"], comparison.Systems.Skip(1).Select(s => s.AgainstFirst is { } pair
            ? (string[])[Cell(HtmlPage.Escape(s.Name)), .. columns.Select(c => pair.Scores.TryGetValue(c.Key, out var d)
                ? Cell((Clear(d) ? $"<b>{Signed(d.Difference)}</b>" : Signed(d.Difference)) + (d.Interval is { } i ? $"<small>{Signed(i.Low)} – {Signed(i.High)}, p {P(d.P ?? 1)}</small>" : ""), true) : Cell("–", true)),
                Cell(pair.McNemar.SecondOnly.ToString(CultureInfo.InvariantCulture), true), Cell(pair.McNemar.FirstOnly.ToString(CultureInfo.InvariantCulture), true), Cell(P(pair.McNemar.P), true)]
            : [Cell(HtmlPage.Escape(s.Name)), $"<td colspan=\"{columns.Length + 3}\">not paired: {HtmlPage.Escape(s.Unpaired ?? "")}</td>"]));
        return page.ToString();
    }

    /// <summary>The systems under each other, with their intervals.</summary>
    private static string Forest(SystemComparison comparison, (string Key, string Title, string Short) column)
    {
        var systems = comparison.Systems.Where(s => Value(s.Metrics, column.Key) is not null).ToArray();
        double[] ends = [.. systems.SelectMany(s => s.Metrics.Intervals.TryGetValue(column.Key, out var i) ? new[] { i.Low, i.High } : [Value(s.Metrics, column.Key)!.Value])];
        var (low, high) = (ends.Min(), ends.Max());
        if (high - low < 1e-6) (low, high) = (low - 0.05, high + 0.05);
        const double left = 170, width = 330;
        double X(double v) => left + (v - low) / (high - low) * width;
        var svg = new StringBuilder().Append(CultureInfo.InvariantCulture, $"<figure class=\"plot forest\"><figcaption><b>{HtmlPage.Escape(column.Title)}</b></figcaption><svg viewBox=\"0 0 520 {24 * systems.Length + 34}\" role=\"img\" aria-label=\"{HtmlPage.Escape(column.Title)} of each system with its interval; the numbers are in the table\">");
        for (var s = 0; s < systems.Length; s++)
        {
            var (y, value) = (14 + 24 * s, Value(systems[s].Metrics, column.Key)!.Value);
            var name = systems[s].Name.Length > 26 ? "…" + systems[s].Name[^25..] : systems[s].Name;
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{left - 12}\" y=\"{y + 4}\" text-anchor=\"end\">{HtmlPage.Escape(name)}</text>");
            if (systems[s].Metrics.Intervals.TryGetValue(column.Key, out var i))
                svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"c{s % 10}\" points=\"{X(i.Low):0.#},{y} {X(i.High):0.#},{y}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"c{s % 10}\" cx=\"{X(value):0.#}\" cy=\"{y}\" r=\"4.5\"/>");
        }
        foreach (var (at, label) in new PlotAxis("", low, high).Ticks(5))
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{X(at):0.#}\" y=\"{24 * systems.Length + 26}\" text-anchor=\"middle\">{label}</text>");
        return svg.Append("</svg></figure>").ToString();
    }

    private static (string Key, string Title, string Short)[] Present(SystemComparison comparison) =>
        [.. Columns.Where(c => comparison.Systems.Any(s => Value(s.Metrics, c.Key) is not null) && (comparison.Systems.Any(s => s.Metrics.Referable is not null) || c.Key != "quadraticWeightedKappa"))];

    private static double? Value(MetricsReport m, string key) => key switch
    {
        "quadraticWeightedKappa" => m.QuadraticWeightedKappa, "accuracy" => m.Accuracy, "f1Macro" => m.F1Macro, "auc" => m.Auc, "expectedCalibrationError" => m.ExpectedCalibrationError,
        "referable.sensitivity" => m.Referable?.Sensitivity, "referable.specificity" => m.Referable?.Specificity, "urgent.sensitivity" => m.Urgent?.Sensitivity, _ => m.Urgent?.Specificity,
    };

    private static void Table(HtmlPage page, string label, int words, string[] headings, IEnumerable<string[]> rows) => page.Markup(
        $"<div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\"><table class=\"tight\"><thead><tr>{string.Concat(headings.Select((h, i) => $"<th scope=\"col\"{(i < words ? "" : " class=\"n\"")}>{HtmlPage.Escape(h)}</th>"))}</tr></thead><tbody>{string.Concat(rows.Select(r => $"<tr>{string.Concat(r)}</tr>"))}</tbody></table></div>");

    private static string Cell(string html, bool number = false) => $"<td{(number ? " class=\"n\"" : "")}>{html}</td>";

    private static string Difference(PairedComparison pair, string key) => !pair.Scores.TryGetValue(key, out var d) ? "–"
        : Signed(d.Difference) + (d.Interval is { } i ? $" [{Signed(i.Low)}, {Signed(i.High)}]" : "") + (Clear(d) ? "*" : "");

    private static bool Clear(ScoreDifference d) => d.Interval is { } i && (i.Low > 0 || i.High < 0);

    private static string P(double p) => p < 0.001 ? "< 0.001" : p.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Figure(double v) => v.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Signed(double v) => v.ToString("+0.000;-0.000;0.000", CultureInfo.InvariantCulture);
}
