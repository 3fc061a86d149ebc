namespace Fovea.Training.Training;

/// <summary>What a trainer tells its observers.</summary>
public abstract record TrainingEvent;

/// <param name="Epoch">From 1.</param>
/// <param name="Step">Steps done in this epoch, of <paramref name="Steps"/>.</param>
/// <param name="Loss">Mean over the epoch so far.</param>
public sealed record StepDone(int Epoch, int Epochs, int Step, int Steps, int BatchSize, double Loss) : TrainingEvent;

/// <param name="IsBest">These are the weights that would be delivered now.</param>
public sealed record EpochDone(EpochMetrics Metrics, int Epochs, bool IsBest) : TrainingEvent;

/// <summary>Training goes on from a checkpoint.</summary>
public sealed record Resumed(int Epoch, int Step) : TrainingEvent;
