using System.Globalization;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation.Report;

/// <summary>A picture of the report's gallery: what the network was given, where it looked, what it said.</summary>
/// <param name="Jpeg">The encoded panel.</param>
public sealed record ReportExample(byte[] Jpeg, string Name, int Truth, int Predicted, double Probability);

/// <summary>The page that a run leaves behind: curves, scores with intervals, confusion matrix, heat maps.</summary>
public static class RunReport
{
    private static readonly string[] Grades = ["0 none", "1 mild", "2 moderate", "3 severe", "4 prolif."];

    /// <summary>Names of the classes as the page writes them: the five grades of retinopathy, or numbers.</summary>
    public static IReadOnlyList<string> ClassNames(int classes) =>
        classes == Grades.Length ? Grades : [.. Enumerable.Range(0, classes).Select(k => k.ToString(CultureInfo.InvariantCulture))];

    /// <param name="history">Empty for an evaluation without training.</param>
    /// <param name="subject">What was scored: "unseen made-up retinas (120)".</param>
    /// <param name="next">Lines that the reader may type next; null for none.</param>
    public static string Make(string title, string subject, MetricsReport metrics, IReadOnlyList<EpochMetrics> history, IReadOnlyList<ReportExample> examples, Recipe? recipe,
        string? warning = null, string? next = null)
    {
        var page = new HtmlPage(title);
        page.Note($"{subject}. {metrics.Samples} images{(metrics.Groups is { } g && g != metrics.Samples ? $" in {g} groups" : "")}.");
        if (warning is not null) page.Warning(warning);
        Scores(page, metrics);
        page.Section("Confusion matrix", "Rows are the true grades, columns the predicted ones; percentages are shares of a row. Orange is wrong: the further left of the diagonal, the more disease was missed.");
        page.Drawing(ConfusionMatrixChart.Draw([.. metrics.ConfusionMatrix.Select(row => (IReadOnlyList<int>)[.. row.Select(v => (int)v)])], ClassNames(metrics.Classes)));
        PerClass(page, metrics);
        if (history.Count > 1) Curves(page, history);
        if (examples.Count > 0)
        {
            page.Section("Where the network looked", "Grad-CAM over the photograph: warm colours mark what spoke for the predicted grade. A wrong grade is marked.");
            page.Gallery(examples.Select(e => (e.Jpeg, "image/jpeg",
                string.Create(CultureInfo.InvariantCulture, $"{e.Name}: true {e.Truth}, predicted {e.Predicted} ({e.Probability:P0})"), e.Truth != e.Predicted)));
        }
        if (recipe is not null) page.Section("Recipe").Code(RecipeFile.Write(recipe));
        if (next is not null) page.Section("Next").Code(next);
        return page.ToString();
    }

    private static void Scores(HtmlPage page, MetricsReport m)
    {
        page.Section("Scores", m.Bootstrap is { } b ? $"95 % intervals: bootstrap, {b.Resamples} resamples by {b.By}." : null);
        IReadOnlyList<string>? Row(string name, string key, double? value) => value is { } v
            ? [name, v.ToString("0.000", CultureInfo.InvariantCulture), m.Intervals.TryGetValue(key, out var i) ? string.Create(CultureInfo.InvariantCulture, $"{i.Low:0.000} – {i.High:0.000}") : "–"]
            : null;
        IReadOnlyList<string>?[] rows =
        [
            Row("Quadratic weighted kappa", "quadraticWeightedKappa", m.QuadraticWeightedKappa), Row("Accuracy", "accuracy", m.Accuracy), Row("Balanced accuracy", "balancedAccuracy", m.BalancedAccuracy),
            Row("F1, macro", "f1Macro", m.F1Macro), Row("AUC, mean over classes", "auc", m.Auc),
            Row("Referable (≥ 2): sensitivity", "referable.sensitivity", m.Referable?.Sensitivity), Row("Referable (≥ 2): specificity", "referable.specificity", m.Referable?.Specificity),
            Row("Expected calibration error", "expectedCalibrationError", m.ExpectedCalibrationError),
        ];
        page.Table(["Score", "#Value", "#95 % interval"], rows.OfType<IReadOnlyList<string>>());
    }

    private static void PerClass(HtmlPage page, MetricsReport m)
    {
        var names = ClassNames(m.Classes);
        page.Table(["Grade", "#Images", "#Precision", "#Recall", "#F1"],
            m.PerClass.Select(c => (IReadOnlyList<string>)[names[c.Class], c.Support.ToString(CultureInfo.InvariantCulture), Figure(c.Precision), Figure(c.Recall), Figure(c.F1)]));
    }

    private static void Curves(HtmlPage page, IReadOnlyList<EpochMetrics> history)
    {
        IReadOnlyList<(double, double?)> Of(Func<EpochMetrics, double?> value) => [.. history.Select(e => ((double)e.Epoch, value(e)))];
        page.Section("Training", "Loss of the training images (with augmentation) and of the validation images; then the validation scores.");
        page.Drawing(LineChart.Draw("epoch", [new("training loss", "#2b6cb0", Of(e => e.Loss)), new("validation loss", "#dd6b20", Of(e => e.ValidationLoss))]));
        if (history.Any(e => e.QuadraticWeightedKappa is not null))
        {
            page.Drawing(LineChart.Draw("epoch", [new("quadratic weighted kappa", "#2f855a", Of(e => e.QuadraticWeightedKappa)), new("accuracy", "#805ad5", Of(e => e.Accuracy)),
                new("AUC", "#b83280", Of(e => e.Auc))], (0, 1)));
        }
    }

    private static string Figure(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
