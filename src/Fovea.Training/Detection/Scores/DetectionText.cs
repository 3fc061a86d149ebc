using System.Globalization;
using System.Text;

namespace Fovea.Training.Detection.Scores;

/// <summary>A report as plain text for people.</summary>
public static class DetectionText
{
    public static string Of(DetectionReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var text = new StringBuilder();
        var interval = report.Intervals.Count > 0 ? $"; in brackets 95 % intervals, {report.Resamples} resamples by image" : "";
        text.AppendLine(CultureInfo.InvariantCulture, $"{report.Images} images; of each at most {report.MostBoxes} boxes of a label{interval}");
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"label",-24}{"truth",7}{"images",7}{"AP50",8}{"",18}{"AP",8}{"AP75",8}{"small",8}{"medium",8}{"large",8}{"VOC",8}{"image AUC",11}");
        foreach (var label in report.Labels)
            Row(label.Label, label.Truth.ToString(CultureInfo.InvariantCulture), label.Images.ToString(CultureInfo.InvariantCulture),
                label.Ap50, $"{label.Label}.ap50", label.Ap, label.Ap75, label.ApSmall, label.ApMedium, label.ApLarge, label.VocAp50, label.ImageAuc);
        double? Mean(string name) => report.Mean.GetValueOrDefault(name);
        Row("mean of labels", "", "", Mean("ap50"), "mean.ap50", Mean("ap"), Mean("ap75"), Mean("apSmall"), Mean("apMedium"), Mean("apLarge"), Mean("vocAp50"), Mean("imageAuc"));

        foreach (var rule in report.Labels.Count > 0 ? report.Labels[0].Hits.Select(h => h.Rule) : [])
        {
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"{Rule(rule),-24}{"AP",7}{"best F1",9}{"precision",11}{"recall",8}{"at score",10}   sensitivity at false positives per image:");
            text.AppendLine(CultureInfo.InvariantCulture, $"{"",-69}   {string.Concat(report.FalsePositivesPerImage.Select(f => f.ToString("0.###", CultureInfo.InvariantCulture).PadLeft(7)))}");
            foreach (var label in report.Labels)
            {
                var h = label.Hits.First(hit => hit.Rule == rule);
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"{label.Label,-24}{Number(h.AveragePrecision),7}{Number(h.F1),9}{Number(h.Precision),11}{Number(h.Recall),8}{Number(h.Threshold),10}   {string.Concat((h.Sensitivity ?? []).Select(s => Number(s).PadLeft(7)))}");
            }
        }
        return text.ToString();

        void Row(string name, string truth, string images, double? ap50, string key, params double?[] rest)
        {
            var range = report.Intervals.TryGetValue(key, out var i) ? string.Create(CultureInfo.InvariantCulture, $" ({i.Low:0.000}–{i.High:0.000})") : "";
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-24}{truth,7}{images,7}{Number(ap50),8}{range,-18}{string.Concat(rest[..^1].Select(v => Number(v).PadLeft(8)))}{Number(rest[^1]),11}");
        }
    }

    private static string Number(double? value) => value?.ToString("0.000", CultureInfo.InvariantCulture) ?? "–";

    private static string Rule(string rule) => rule == "centreHit" ? "by centre hit" : $"by IoU {rule[3..]}";
}
