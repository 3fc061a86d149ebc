using Fovea.Training.Training;

namespace Fovea.Training.Watching;

/// <summary>A run's curves for TensorBoard, in its folder: each epoch once, also after a resume, for which a new file with all that was before takes the old one's place.</summary>
internal sealed class EventLog(string folder)
{
    private string? _path;
    private int _written;

    internal void Write(IReadOnlyList<EpochMetrics> history)
    {
        if (_path is null || history.Count < _written)
        {
            foreach (var old in Directory.EnumerateFiles(folder, "events.out.tfevents.*.curves.*")) File.Delete(old);
            _path = Path.Combine(folder, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.curves.{Environment.ProcessId}");
            _written = 0;
        }
        if (history.Count == _written) return;
        using var file = new EventFile(_path);
        // What was before a resume is dated back by how long it took.
        var ago = history.Skip(_written).Sum(e => e.Seconds);
        foreach (var epoch in history.Skip(_written))
        {
            ago -= epoch.Seconds;
            Write(file, epoch, DateTimeOffset.UtcNow - TimeSpan.FromSeconds(ago));
        }
        _written = history.Count;
    }

    private static void Write(EventFile file, EpochMetrics e, DateTimeOffset time)
    {
        void Add(string tag, double? value)
        {
            if (value is { } v) file.Scalar(tag, e.Epoch, v, time);
        }
        Add("training/loss", e.Loss);
        Add("training/learning rate", e.LearningRate);
        Add("training/seconds", e.Seconds);
        Add("validation/loss", e.ValidationLoss);
        Add("validation/quadratic weighted kappa", e.QuadraticWeightedKappa);
        Add("validation/accuracy", e.Accuracy);
        Add("validation/AUC", e.Auc);
    }
}
