using System.Globalization;
using Fovea.Training.Evaluation.Errors;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Report;

/// <summary>Scores with intervals, clinical decisions, classes, confusion matrices.</summary>
internal static class ScoreSections
{
    /// <summary>The few numbers that most readers came for.</summary>
    public static void Facts(HtmlPage page, ReportInput input)
    {
        var m = input.Metrics;
        var html = new System.Text.StringBuilder("<div class=\"facts\">");
        void Fact(string value, string what, string? range = null, bool bad = false) =>
            html.Append(CultureInfo.InvariantCulture, $"<div{(bad ? " class=\"bad\"" : "")}><b>{value}</b><span>{HtmlPage.Escape(what)}</span>{(range is null ? "" : $"<span>{range}</span>")}</div>");
        string? Range(string key) => m.Intervals.TryGetValue(key, out var i) ? $"95 %: {Figure(i.Low)} – {Figure(i.High)}" : null;
        if (input.Ordered && m.QuadraticWeightedKappa is { } kappa) Fact(Figure(kappa), "quadratic weighted kappa", Range("quadraticWeightedKappa"));
        if (m.Accuracy is { } accuracy) Fact(Figure(accuracy), "accuracy", Range("accuracy"));
        if (!input.Ordered && m.F1Macro is { } f1) Fact(Figure(f1), "macro F1", Range("f1Macro"));
        var (decision, key) = input.Ordered ? (m.Referable, "referable") : (m.Urgent, "urgent");
        if (decision?.Sensitivity is { } sensitivity) Fact(Figure(sensitivity), $"sensitivity for {key} disease", Range($"{key}.sensitivity"));
        if (decision?.Specificity is { } specificity) Fact(Figure(specificity), $"specificity for {key} disease", Range($"{key}.specificity"));
        if (input.Predictions is { } predictions)
        {
            var missed = ErrorAnalysis.Of(predictions, input.Ordered).Cells.Where(c => c.Kind == ErrorKind.DiseaseCalledHealthy).Sum(c => c.Rows.Count);
            Fact(missed.ToString(CultureInfo.InvariantCulture), "diseased eyes called healthy", null, missed > 0);
        }
        page.Markup(html.Append("</div>").ToString());
    }

    public static void Scores(HtmlPage page, ReportInput input)
    {
        var m = input.Metrics;
        page.Section("Scores", m.Bootstrap is { } b
            ? $"95 % intervals by bootstrap: {b.Resamples} resamples by {(b.By == "group" ? "patient or group" : "image")}. They say how far another sample of the same kind of images might differ, not how another clinic's would."
            : null, "scores");
        List<(string Name, string Key, double? Value, bool Unit)> rows =
        [
            ("Quadratic weighted kappa", "quadraticWeightedKappa", m.QuadraticWeightedKappa, true), ("Linear weighted kappa", "linearWeightedKappa", m.LinearWeightedKappa, true),
            ("Cohen's kappa", "kappa", m.Kappa, true), ("Accuracy = micro precision, recall, F1", "accuracy", m.Accuracy, true), ("Balanced accuracy", "balancedAccuracy", m.BalancedAccuracy, true),
            ("Macro F1", "f1Macro", m.F1Macro, true), ("Macro precision", "precisionMacro", m.PrecisionMacro, true), ("Macro recall", "recallMacro", m.RecallMacro, true),
            ("AUC, one against the rest, mean over classes (MedMNIST's)", "auc", m.Auc, true), ("Average precision, mean over classes", "averagePrecision", m.AveragePrecision, true),
            ("Mean error, in grades", "meanAbsoluteError", m.MeanAbsoluteError, false), ("Log-loss", "logLoss", m.LogLoss, false), ("Brier score", "brier", m.Brier, false),
            ("Expected calibration error", "expectedCalibrationError", m.ExpectedCalibrationError, true),
        ];
        if (!input.Ordered) rows.RemoveAll(r => r.Key is "quadraticWeightedKappa" or "linearWeightedKappa" or "meanAbsoluteError");
        var body = string.Concat(rows.Where(r => r.Value is not null).Select(r =>
        {
            var i = m.Intervals.GetValueOrDefault(r.Key);
            return $"<tr><td>{HtmlPage.Escape(r.Name)}</td><td class=\"n\">{Figure(r.Value!.Value)}</td><td class=\"n\">{(i is null ? "–" : $"{Figure(i.Low)} – {Figure(i.High)}")}</td><td>{(r.Unit && i is not null ? Bar(r.Value.Value, i) : "")}</td></tr>";
        }));
        page.Markup("<div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Scores\"><table class=\"scores\"><thead><tr><th scope=\"col\">Score</th><th scope=\"col\" class=\"n\">Value</th><th scope=\"col\" class=\"n\">95 % interval</th><th scope=\"col\">0 to 1</th></tr></thead><tbody>"
            + body + "</tbody></table></div>");
        Decisions(page, input);
        foreach (var (name, reason) in m.Notes) page.Note($"{name}: {reason}.");
    }

    private static void Decisions(HtmlPage page, ReportInput input)
    {
        var m = input.Metrics;
        var decisions = ((string Key, string Title, DecisionMetrics? D)[])
        [
            ("anyRetinopathy", "Any retinopathy (≥ 1)", m.AnyRetinopathy), ("referable", "Referable (≥ 2)", m.Referable), ("visionThreatening", "Vision-threatening (≥ 3)", m.VisionThreatening),
            ("urgent", $"Urgent ({string.Join(", ", (m.Urgent?.Positive ?? []).Select(m.NameOf))})", m.Urgent),
        ];
        if (decisions.All(d => d.D is null)) return;
        string Cell(string key, double? value) => value is null ? "<td class=\"n\">–</td>"
            : $"<td class=\"n\">{Figure(value.Value)}{(m.Intervals.TryGetValue(key, out var i) ? $"<small>{Figure(i.Low)} – {Figure(i.High)}</small>" : "")}</td>";
        page.Markup("<h3>Clinical decisions</h3>").Note("Sensitivity, specificity and predictive values at the grade that the model gives; then what a threshold on the summed probability of the positive grades could do. "
            + "Predictive values hold for the share of disease among these images.");
        string[] columns = ["Images", "Sensitivity", "Specificity", "PPV", "NPV", "AUC", "Average precision", "Spec. at 90 % sens.", "at 95 %"];
        page.Markup("<div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Clinical decisions\"><table class=\"tight\"><thead><tr><th scope=\"col\">Decision</th>" + string.Concat(columns.Select(c => $"<th scope=\"col\" class=\"n\">{c}</th>")) + "</tr></thead><tbody>"
            + string.Concat(decisions.Where(d => d.D is not null).Select(d => string.Create(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{HtmlPage.Escape(d.Title)}</th><td class=\"n\">{d.D!.Positives}<small>of {d.D.Positives + d.D.Negatives}</small></td>")
                + Cell($"{d.Key}.sensitivity", d.D.Sensitivity) + Cell($"{d.Key}.specificity", d.D.Specificity) + Cell($"{d.Key}.positivePredictiveValue", d.D.PositivePredictiveValue)
                + Cell($"{d.Key}.negativePredictiveValue", d.D.NegativePredictiveValue) + Cell($"{d.Key}.auc", d.D.Auc) + Cell($"{d.Key}.averagePrecision", d.D.AveragePrecision)
                + Cell($"{d.Key}.specificityAt90", d.D.SpecificityAt90) + Cell($"{d.Key}.specificityAt95", d.D.SpecificityAt95) + "</tr>")) + "</tbody></table></div>");
    }

    public static void Confusion(HtmlPage page, ReportInput input)
    {
        var m = input.Metrics;
        page.Section("Confusion matrices", input.Ordered ? "Blue is right. Orange left of the diagonal was graded too low, right of it too high." : "Blue is right, orange wrong.", "confusion");
        page.Markup(MatrixTable.Draw(m.ConfusionMatrix, input.Names));
        string Cell(int c, string key, double? value) => value is null ? "<td class=\"n\">–</td>"
            : $"<td class=\"n\">{Figure(value.Value)}{(m.Intervals.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"perClass.{c}.{key}"), out var i) ? $"<small>{Figure(i.Low)} – {Figure(i.High)}</small>" : "")}</td>";
        page.Markup($"<h3>{(input.Ordered ? "Grade by grade" : "Class by class")}</h3>");
        string[] columns = ["Images", "Predicted", "Precision", "Recall", "Specificity", "F1", "AUC", "Average precision"];
        page.Markup("<div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Scores by class\"><table class=\"tight\"><thead><tr><th scope=\"col\">Class</th>" + string.Concat(columns.Select(c => $"<th scope=\"col\" class=\"n\">{c}</th>")) + "</tr></thead><tbody>"
            + string.Concat(m.PerClass.Select(c => string.Create(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{HtmlPage.Escape(input.Names[c.Class])}</th><td class=\"n\">{c.Support}</td><td class=\"n\">{c.Predicted}</td>")
                + Cell(c.Class, "precision", c.Precision) + Cell(c.Class, "recall", c.Recall) + Cell(c.Class, "specificity", c.Specificity) + Cell(c.Class, "f1", c.F1) + Cell(c.Class, "auc", c.Auc)
                + Cell(c.Class, "averagePrecision", c.AveragePrecision) + "</tr>")) + "</tbody></table></div>");
    }

    private static string Bar(double value, Interval i)
    {
        static double X(double v) => 4 + 168 * Math.Clamp(v, 0, 1);
        return string.Create(CultureInfo.InvariantCulture, $"<svg class=\"range\" viewBox=\"0 0 176 18\" aria-hidden=\"true\"><path d=\"M4 9H172M4 4V14M88 6V12M172 4V14\"/><line x1=\"{X(i.Low):0.#}\" x2=\"{X(i.High):0.#}\" y1=\"9\" y2=\"9\"/><circle cx=\"{X(value):0.#}\" cy=\"9\" r=\"4.5\"/></svg>");
    }

    internal static string Figure(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
