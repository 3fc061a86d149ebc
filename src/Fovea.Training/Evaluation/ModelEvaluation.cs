using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation;

/// <summary>Measures a finished model file on labelled photographs, through the same code that serves it.</summary>
public static class ModelEvaluation
{
    private const int BatchSize = 16;

    /// <param name="indices">Positions in the data set; which ones is the caller's choice.</param>
    /// <param name="done">Told how many are ready.</param>
    public static Predictions Predict(GradingModel model, Dataset data, IReadOnlyList<int> indices, Action<int>? done = null, CancellationToken cancel = default)
    {
        var predicted = new List<int>(indices.Count);
        var probabilities = new List<double[]>(indices.Count);
        for (var start = 0; start < indices.Count; start += BatchSize)
        {
            cancel.ThrowIfCancellationRequested();
            var batch = indices.Skip(start).Take(BatchSize).ToArray();
            var prepared = new PreparedImage[batch.Length];
            Parallel.For(0, batch.Length, new ParallelOptions { CancellationToken = cancel }, i => prepared[i] = model.Prepare(data.Read(batch[i])));
            foreach (var prediction in model.Predict(prepared))
            {
                predicted.Add(prediction.Grade);
                probabilities.Add([.. prediction.Probabilities]);
            }
            done?.Invoke(predicted.Count);
        }
        var samples = indices.Select(i => data.Samples[i]).ToArray();
        var groups = samples.Any(s => s.Patient is not null) ? samples.Select(s => s.Patient ?? s.Id).ToArray() : null;
        return new Predictions(data.Classes, [.. samples.Select(s => s.Id)], [.. samples.Select(s => s.Label)], [.. predicted], [.. probabilities], groups);
    }
}
