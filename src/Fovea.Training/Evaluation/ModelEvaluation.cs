using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Quality;
using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation;

/// <summary>What is known of an image beyond its label.</summary>
/// <param name="Id">In its data set.</param>
/// <param name="Quality"><c>good</c>, or the first thing that is wrong with it.</param>
/// <param name="Width">Of the photograph, in pixels.</param>
/// <param name="Height">Of the photograph, in pixels.</param>
/// <param name="Origin">The set it comes from.</param>
/// <param name="Eye"><c>left</c>, <c>right</c>, or null.</param>
public sealed record EvaluatedImage(string Id, string Quality, int Width, int Height, string Origin, string? Eye);

/// <summary>What a model said of images, and what it said it from. Lists are in one order.</summary>
/// <param name="Features">Of the network's last stage, one vector an image.</param>
/// <param name="Logits">Row-major, one row an image.</param>
/// <param name="Sets">Grades that the model file promises to hold the true one; null where it promises none.</param>
public sealed record Evaluation(Predictions Predictions, IReadOnlyList<EvaluatedImage> Images, IReadOnlyList<float[]> Features, float[] Logits, IReadOnlyList<IReadOnlyList<int>>? Sets);

/// <summary>Measures a finished model file on labelled photographs, through the same code that serves it.</summary>
public static class ModelEvaluation
{
    private const int BatchSize = 16;

    /// <param name="indices">Positions in the data set; which ones is the caller's choice.</param>
    /// <param name="done">Told how many are ready.</param>
    public static Evaluation Run(GradingModel model, Dataset data, IReadOnlyList<int> indices, Action<int>? done = null, CancellationToken cancel = default)
    {
        var readings = new List<ModelReading>(indices.Count);
        var images = new EvaluatedImage[indices.Count];
        for (var start = 0; start < indices.Count; start += BatchSize)
        {
            cancel.ThrowIfCancellationRequested();
            var prepared = new PreparedImage[Math.Min(BatchSize, indices.Count - start)];
            var first = start;
            Parallel.For(0, prepared.Length, new ParallelOptions { CancellationToken = cancel }, i =>
            {
                var photograph = data.Read(indices[first + i]);
                var sample = data.Samples[indices[first + i]];
                var quality = QualityAssessor.Assess(photograph);
                images[first + i] = new EvaluatedImage(sample.Id, quality.Gradable ? "good" : Words(quality.Problems[0].Reason), photograph.OriginalWidth, photograph.OriginalHeight, sample.Origin, sample.Eye);
                prepared[i] = model.Prepare(photograph);
            });
            readings.AddRange(model.Read(prepared));
            done?.Invoke(readings.Count);
        }
        var samples = indices.Select(i => data.Samples[i]).ToArray();
        var groups = samples.Any(s => s.Patient is not null) ? samples.Select(s => s.Patient ?? s.Id).ToArray() : null;
        var predictions = new Predictions(data.Classes, [.. samples.Select(s => s.Id)], [.. samples.Select(s => s.Label)], [.. readings.Select(r => r.Prediction.Grade)],
            [.. readings.Select(r => r.Prediction.Probabilities.Select(p => Math.Clamp(p, 0, 1)).ToArray())], groups) { ClassNames = data.ClassNames };
        return new Evaluation(predictions, images, [.. readings.Select(r => r.Features)], [.. readings.SelectMany(r => r.Logits)],
            readings.Any(r => r.Prediction.Set is null) ? null : [.. readings.Select(r => r.Prediction.Set!)]);
    }

    /// <summary><see cref="Run"/>'s predictions alone.</summary>
    public static Predictions Predict(GradingModel model, Dataset data, IReadOnlyList<int> indices, Action<int>? done = null, CancellationToken cancel = default) =>
        Run(model, data, indices, done, cancel).Predictions;

    /// <summary><c>TooDark</c> as "too dark".</summary>
    private static string Words(QualityReason reason) =>
        string.Concat(reason.ToString().Select((c, i) => char.IsUpper(c) ? i == 0 ? $"{char.ToLowerInvariant(c)}" : $" {char.ToLowerInvariant(c)}" : $"{c}"));
}
