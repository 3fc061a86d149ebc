using System.Globalization;
using System.Text;

namespace Fovea.Training.Metrics;

/// <summary>A report as plain text for people: scores with intervals, classes, confusion matrix, reasons.</summary>
public static class MetricsText
{
    public static string Of(MetricsReport report)
    {
        var text = new StringBuilder();
        var groups = report.Groups is { } g ? $" in {g} groups" : "";
        text.AppendLine($"{report.Samples} images{groups}, {report.Classes} classes");
        text.AppendLine();
        var interval = report.Bootstrap is { } b ? $"95 % interval ({b.Resamples} resamples by {b.By}, seed {b.Seed})" : "";
        text.AppendLine(Invariant($"{"",-34}{"score",9}   {interval}").TrimEnd());
        void Row(string title, string name, double? value)
        {
            if (value is not { } v) return;
            var range = report.Intervals.TryGetValue(name, out var i) ? Invariant($"   {i.Low:0.0000} to {i.High:0.0000}") : "";
            text.AppendLine(Invariant($"{title,-34}{v,9:0.0000}{range}"));
        }
        Row("quadratic weighted kappa", "quadraticWeightedKappa", report.QuadraticWeightedKappa);
        Row("linear weighted kappa", "linearWeightedKappa", report.LinearWeightedKappa);
        Row("Cohen's kappa", "kappa", report.Kappa);
        Row("accuracy (= micro F1)", "accuracy", report.Accuracy);
        Row("balanced accuracy", "balancedAccuracy", report.BalancedAccuracy);
        Row("mean absolute error (classes)", "meanAbsoluteError", report.MeanAbsoluteError);
        Row("macro F1", "f1Macro", report.F1Macro);
        Row("macro precision", "precisionMacro", report.PrecisionMacro);
        Row("macro recall", "recallMacro", report.RecallMacro);
        Row("AUC, one against the rest", "auc", report.Auc);
        Row("average precision", "averagePrecision", report.AveragePrecision);
        Row("log-loss", "logLoss", report.LogLoss);
        Row("Brier score", "brier", report.Brier);
        Row("expected calibration error", "expectedCalibrationError", report.ExpectedCalibrationError);
        Of(Decision.OfGrades[0].Title, "anyRetinopathy", report.AnyRetinopathy);
        Of(Decision.OfGrades[1].Title, "referable", report.Referable);
        Of(Decision.OfGrades[2].Title, "visionThreatening", report.VisionThreatening);
        Of($"urgent ({string.Join(", ", (report.Urgent?.Positive ?? []).Select(report.NameOf))})", "urgent", report.Urgent);
        void Of(string title, string name, DecisionMetrics? d)
        {
            if (d is null) return;
            text.AppendLine();
            text.AppendLine($"{title}: {d.Positives} of {report.Samples} images");
            Row("  sensitivity", $"{name}.sensitivity", d.Sensitivity);
            Row("  specificity", $"{name}.specificity", d.Specificity);
            Row("  positive predictive value", $"{name}.positivePredictiveValue", d.PositivePredictiveValue);
            Row("  negative predictive value", $"{name}.negativePredictiveValue", d.NegativePredictiveValue);
            Row("  AUC", $"{name}.auc", d.Auc);
            Row("  average precision", $"{name}.averagePrecision", d.AveragePrecision);
            Row("  specificity at 90 % sensitivity", $"{name}.specificityAt90", d.SpecificityAt90);
            Row("  specificity at 95 % sensitivity", $"{name}.specificityAt95", d.SpecificityAt95);
        }

        text.AppendLine();
        text.AppendLine("class   images  predicted  precision   recall       F1      AUC       AP");
        foreach (var c in report.PerClass)
        {
            var name = report.ClassNames is { } names ? "  " + names[c.Class] : "";
            text.AppendLine(Invariant($"{c.Class,5}{c.Support,9}{c.Predicted,11}{c.Precision,11:0.0000}{c.Recall,9:0.0000}{c.F1,9:0.0000}{c.Auc,9:0.0000}{c.AveragePrecision,9:0.0000}{name}").TrimEnd());
        }
        if (report.Classes <= 20) AppendMatrix(text, report);
        if (report.Notes.Count > 0) text.AppendLine();
        foreach (var (name, reason) in report.Notes) text.AppendLine($"{name}: {reason}.");
        return text.ToString();
    }

    private static void AppendMatrix(StringBuilder text, MetricsReport report)
    {
        var width = Math.Max(5, report.ConfusionMatrix.Max(row => row.Max()).ToString(CultureInfo.InvariantCulture).Length + 2);
        string Cells(IEnumerable<long> values) => string.Concat(values.Select(v => v.ToString(CultureInfo.InvariantCulture).PadLeft(width)));
        text.AppendLine();
        text.AppendLine("confusion matrix (rows: true, columns: predicted)");
        text.AppendLine($"     {Cells(Enumerable.Range(0, report.Classes).Select(c => (long)c))}");
        for (var t = 0; t < report.Classes; t++) text.AppendLine(Invariant($"{t,5}{Cells(report.ConfusionMatrix[t])}"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
