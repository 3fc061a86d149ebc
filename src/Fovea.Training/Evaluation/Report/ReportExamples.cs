using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Report;

/// <summary>Chooses photographs for a report and draws where the network looked.</summary>
public static class ReportExamples
{
    private const int Side = 256;

    /// <summary>For each grade the first images that were graded right, and one that was not, if there is one: photograph and heat map side by side.</summary>
    /// <param name="predictions">Of images of <paramref name="data"/>, by their ids.</param>
    public static IReadOnlyList<ReportExample> Make(GradingModel model, Dataset data, Predictions predictions, int perGrade = 2, CancellationToken cancel = default)
    {
        var position = data.Samples.Select((s, i) => (s.Id, i)).ToDictionary(s => s.Id, s => s.i, StringComparer.Ordinal);
        var examples = new List<ReportExample>();
        for (var grade = 0; grade < predictions.ClassCount; grade++)
        {
            var rows = Enumerable.Range(0, predictions.Count).Where(r => predictions.Truth[r] == grade).ToArray();
            var chosen = rows.Where(r => predictions.Predicted[r] == grade).Take(perGrade).Concat(rows.Where(r => predictions.Predicted[r] != grade).Take(1));
            foreach (var row in chosen)
            {
                cancel.ThrowIfCancellationRequested();
                var name = predictions.Images[row];
                var predicted = predictions.Predicted[row];
                examples.Add(new ReportExample(Panel(model, data.Read(position[name]), predicted), name, grade, predicted, predictions.Probabilities?[row][predicted] ?? 1));
            }
        }
        return examples;
    }

    private static byte[] Panel(GradingModel model, FundusImage photograph, int grade)
    {
        var prepared = model.Prepare(photograph);
        var map = model.Explain(prepared, grade);
        var overlay = map.IsFlat ? prepared.Pixels : HeatmapOverlay.OnPrepared(map, prepared);
        var panel = new Image(2 * Side, Side, 3);
        panel.Paste(prepared.Pixels.Resize(Side, Side), 0, 0);
        panel.Paste(overlay.Resize(Side, Side), Side, 0);
        return ImageCodec.Encode(panel, ImageFormat.Jpeg, 88);
    }
}
