using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Report;

/// <summary>A picture of the report's gallery: what the network was given, where it looked, what it said.</summary>
/// <param name="Jpeg">The encoded panel.</param>
public sealed record ReportExample(byte[] Jpeg, string Name, int Truth, int Predicted, double Probability);

/// <summary>Chooses photographs for a report and draws where the network looked.</summary>
public static class ReportExamples
{
    /// <summary>For each grade the first images that were graded right, and one that was not, if there is one: photograph and heat map side by side.</summary>
    /// <param name="predictions">Of images of <paramref name="data"/>, by their ids.</param>
    public static IReadOnlyList<ReportExample> Make(GradingModel model, Dataset data, Predictions predictions, int perGrade = 2, CancellationToken cancel = default)
    {
        var pictures = new ReportPictures(model, data);
        var examples = new List<ReportExample>();
        for (var grade = 0; grade < predictions.ClassCount; grade++)
        {
            var rows = Enumerable.Range(0, predictions.Count).Where(r => predictions.Truth[r] == grade).ToArray();
            var chosen = rows.Where(r => predictions.Predicted[r] == grade).Take(perGrade).Concat(rows.Where(r => predictions.Predicted[r] != grade).Take(1));
            foreach (var row in chosen)
            {
                cancel.ThrowIfCancellationRequested();
                var (name, predicted) = (predictions.Images[row], predictions.Predicted[row]);
                examples.Add(new ReportExample(pictures.Panel(name, predicted), name, grade, predicted, predictions.Probabilities?[row][predicted] ?? 1));
            }
        }
        return examples;
    }
}
