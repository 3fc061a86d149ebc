using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Modules;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>
/// Training on several ranks: each has a copy of the network and a share of every batch, and the copies take the same steps, those of one process with the whole batch.
/// Losses are divided by what belongs to the whole batch, so that gradients are added up and not averaged: shares may differ in size and in their classes' weights.
/// </summary>
internal sealed class DataParallel : IDisposable
{
    private readonly ProcessGroup _ranks;
    private readonly Tensor[] _state;
    private readonly GradientSum _gradients;
    private readonly BatchNorm2d[] _norms;

    /// <param name="network">In its memory format, with what is not trained frozen.</param>
    /// <param name="recipe">Its name, for messages.</param>
    /// <param name="batchSize">Images of a step.</param>
    /// <param name="syncNorms">Batch norms measure the whole batch.</param>
    internal DataParallel(ProcessGroup ranks, Module network, string recipe, int batchSize, bool syncNorms)
    {
        if (batchSize < ranks.Size)
            throw new RecipeException(recipe, $"a step has {batchSize} images for {ranks.Size} processes", "Start at most as many processes as training.batchSize, and as there are images to train on");
        _ranks = ranks;
        _state = [.. network.NamedParameters().Concat(network.NamedBuffers()).Select(p => p.Tensor)];
        _norms = syncNorms ? [.. network.NamedModules().Select(m => m.Module).OfType<BatchNorm2d>()] : [];
        foreach (var norm in _norms) norm.Ranks = ranks;
        _gradients = new GradientSum(ranks, [.. network.Parameters().Where(p => p.RequiresGrad)]);
    }

    /// <summary>Somebody was asked to stop: every rank does, after the same step.</summary>
    internal bool StopsNow { get; private set; }

    /// <summary>Gives all ranks rank 0's weights and running values, to the bit: processors of different makes round differently, and running values without synchronised norms are each rank's own.</summary>
    internal void Synchronise()
    {
        using var noGrad = new NoGrad();
        _ranks.Broadcast(_state);
    }

    internal double Sum(double value)
    {
        using var scope = new TensorScope();
        var sum = Tensor.From<double>([value]);
        _ranks.Sum(sum);
        return sum.Item();
    }

    /// <param name="last">Of the backward passes of a step.</param>
    internal void Backward(Tensor loss, bool last)
    {
        if (last) _gradients.Arm();
        _ranks.Collective(() => loss.Backward());
        if (last) _gradients.Wait();
    }

    /// <summary>The loss of the whole batch; also spreads the word that somebody was asked to stop.</summary>
    internal double EndStep(double ownLoss, bool stop)
    {
        using var scope = new TensorScope();
        var sums = Tensor.From<double>([ownLoss, stop ? 1 : 0]);
        _ranks.Sum(sums);
        var values = sums.ToArray<double>();
        StopsNow = values[1] > 0;
        return values[0];
    }

    /// <summary>A run's checkpoint is read by each rank; a folder that is not shared would start them at different steps.</summary>
    internal void RequireSame(RunProgress progress, RunDirectory run)
    {
        using var scope = new TensorScope();
        var first = Tensor.From<long>([progress.Epoch, progress.Step]);
        _ranks.Broadcast([first]);
        if (first.ToArray<long>() is var at && (at[0] != progress.Epoch || at[1] != progress.Step))
            throw new RunDirectoryException(run.Path, $"rank {_ranks.Rank} sees the run after epoch {progress.Epoch}, step {progress.Step}, rank 0 after epoch {at[0]}, step {at[1]}",
                "Put the run's folder on a disk that all machines share");
    }

    public void Dispose()
    {
        foreach (var norm in _norms) norm.Ranks = null;
        _gradients.Dispose();
    }
}
