using System.Globalization;
using Fovea.Training.Detection;
using Fovea.Training.Search;
using Fovea.Training.Training;

namespace Fovea.Cli;

/// <summary>Shows a training on stderr: one bar over all epochs, and a line for each epoch that is done.</summary>
internal sealed class TrainingConsole : IProgress<TrainingEvent>, IDisposable
{
    private readonly Lock _lock = new();
    private ProgressLine? _line;
    private string? _stage;
    private string _kappa = ""; // of the last evaluated epoch

    public void Report(TrainingEvent value)
    {
        lock (_lock)
        {
            switch (value)
            {
                case StageProgress stage when stage.Total > 0 && (stage.What.StartsWith("fold ", StringComparison.Ordinal) || stage.What.StartsWith("stage ", StringComparison.Ordinal)):
                    Close();
                    Console.Error.WriteLine(stage.What);
                    break;
                case StageProgress stage:
                    Line(stage.What, stage.Total, "images").Report(stage.Done);
                    if (stage.Done == stage.Total) Close();
                    break;
                case TrialStarted trial:
                    Close();
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"trial {trial.Trial}, rung {trial.Rung + 1} of {trial.Rungs}, {trial.Epochs} epochs: {trial.Settings}"));
                    break;
                case TrialDone tried:
                    Close();
                    Console.Error.WriteLine(tried.Result.Value is { } figure ? string.Create(CultureInfo.InvariantCulture, $"trial {tried.Result.Trial}: {figure:0.0000}") : $"trial {tried.Result.Trial}: {tried.Result.Problem}");
                    break;
                case WeightsLoaded loaded:
                    Close();
                    Console.Error.WriteLine(loaded.Report.ToString());
                    break;
                case BackboneLoaded loaded:
                    Close();
                    Console.Error.WriteLine(loaded.ToString());
                    break;
                case Resumed resumed:
                    Close();
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"resuming after epoch {resumed.Epoch}, step {resumed.Step}"));
                    break;
                case StepDone step:
                    var total = (long)step.Epochs * step.Steps * step.BatchSize;
                    var done = ((long)(step.Epoch - 1) * step.Steps + step.Step) * step.BatchSize;
                    Line("training", total, "images").Report(done, string.Create(CultureInfo.InvariantCulture, $"epoch {step.Epoch}/{step.Epochs}, loss {step.Loss:0.0000}{_kappa}"));
                    break;
                case EpochDone epoch:
                    if (epoch.Metrics.QuadraticWeightedKappa is { } kappa) _kappa = string.Create(CultureInfo.InvariantCulture, $", QWK {kappa:0.000}");
                    Line("training", 0, "images").WriteLine(Describe(epoch));
                    if (epoch.Metrics.Epoch == epoch.Epochs) Close();
                    break;
            }
        }
    }

    private static string Describe(EpochDone epoch)
    {
        var m = epoch.Metrics;
        var text = string.Create(CultureInfo.InvariantCulture, $"epoch {m.Epoch}/{epoch.Epochs}: loss {m.Loss:0.0000}");
        if (m.ValidationLoss is { } loss) text += string.Create(CultureInfo.InvariantCulture, $", validation loss {loss:0.0000}");
        if (m.QuadraticWeightedKappa is { } kappa) text += string.Create(CultureInfo.InvariantCulture, $", QWK {kappa:0.000}");
        if (m.Accuracy is { } accuracy) text += string.Create(CultureInfo.InvariantCulture, $", accuracy {accuracy:0.000}");
        if (m.Ap50 is { } ap50) text += string.Create(CultureInfo.InvariantCulture, $", AP50 {ap50:0.000}");
        return text + string.Create(CultureInfo.InvariantCulture, $", {m.Seconds:0.0} s{(epoch.IsBest && (m.QuadraticWeightedKappa ?? m.Ap50) is not null ? " *" : "")}");
    }

    private ProgressLine Line(string stage, long total, string unit)
    {
        if (_line is not null && _stage == stage) return _line;
        Close();
        _stage = stage;
        return _line = new ProgressLine(stage, total, unit);
    }

    private void Close()
    {
        _line?.Dispose();
        (_line, _stage) = (null, null);
    }

    public void Dispose() => Close();
}
