using System.Diagnostics;
using System.Globalization;
using Fovea.Detection;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Detection;

/// <summary>
/// Trains a detector by a recipe: for each epoch, for each batch of tiles: forward, four losses, backward, clip, step; then evaluate and checkpoint. A run that is killed at any instant and resumed ends
/// in the same weights, bit for bit, on the same CPU with the same number of threads.
/// </summary>
internal sealed class DetectionTrainer : IDisposable
{
    private const ulong StepStream = 13, SampleStream = 14;

    private readonly DetectionRecipe _recipe;
    private readonly FasterRcnn _network;
    private readonly RunDirectory _run;
    private readonly Func<double?>? _validate;
    private readonly TileLoader _loader;
    private readonly DetectionLoss _loss;
    private readonly Optimiser _optimiser;
    private readonly ExponentialMovingAverage? _average;
    private readonly LearningRateSchedule _schedule;
    private readonly IProgress<TrainingEvent>? _observer;
    private readonly DetectionInput _input = new();
    private readonly ProcessGroup? _ranks;
    private readonly DataParallel? _parallel;

    /// <param name="network">Initialised, or with pretrained weights; trained in place.</param>
    /// <param name="validate">The score that chooses the epoch, of the network as it is, the same on every rank; null with <see cref="DetectionSelection.Last"/>.</param>
    /// <param name="ranks">The processes that share the work, each with the same recipe, network and photographs; rank 0 writes. Null: this one alone.</param>
    public DetectionTrainer(DetectionRecipe recipe, FasterRcnn network, IReadOnlyList<TrainingPhotograph> photographs, Func<double?>? validate, RunDirectory run, IProgress<TrainingEvent>? observer,
        ProcessGroup? ranks = null)
    {
        if (validate is null && recipe.Training.Select != DetectionSelection.Last) throw new ArgumentException("choosing the best epoch needs a validation part", nameof(validate));
        (_recipe, _network, _validate, _run, _observer, _ranks) = (recipe, network, validate, run, observer, ranks);
        _loader = new TileLoader(photographs, recipe, ranks is null ? null : ranks.Share);
        Freeze(network, recipe);
        network.UseChannelsLast();
        _optimiser = CreateOptimiser(recipe, network);
        _average = recipe.Training.Ema is { } decay ? new ExponentialMovingAverage(network, decay, warmUp: true) : null;
        _schedule = new LearningRateSchedule(recipe.Schedule, recipe.Training.Epochs, _loader.StepsPerEpoch);
        // Norms that are trained measure the whole batch: a share of a few tiles is too small.
        _parallel = ranks is null ? null : new DataParallel(ranks, network, recipe.Name, _loader.BatchSize, syncNorms: !recipe.Model.FrozenNorms);
        _loss = new DetectionLoss(network, recipe.Sampling.ToSettings()) { Whole = own => _parallel?.Sum(own) ?? own };
    }

    private bool Writes => _ranks is null or { IsFirst: true };

    /// <summary>Trains to the end, from the run's last checkpoint where there is one. The network then holds the delivered weights.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the last checkpoint is at most a step old.</exception>
    public RunProgress Run(CancellationToken cancel)
    {
        TorchRuntime.FlushDenormals();
        if (Writes) _run.Create();
        var progress = RunProgress.Start;
        if (File.Exists(_run.LastCheckpoint))
        {
            progress = Load(_run.LastCheckpoint);
            _observer?.Report(new Resumed(progress.Epoch, progress.Step));
        }
        _parallel?.RequireSame(progress, _run);
        while (progress.Epoch < _recipe.Training.Epochs)
        {
            var watch = Stopwatch.StartNew();
            _parallel?.Synchronise();
            progress = TrainEpoch(progress, cancel);
            progress = FinishEpoch(progress, watch.Elapsed.TotalSeconds);
        }
        if (Writes)
        {
            if (_recipe.Training.Select != DetectionSelection.Last && progress.BestEpoch > 0) Load(_run.BestCheckpoint);
            _average?.CopyTo(_network);
        }
        _parallel?.Synchronise();
        return progress;
    }

    private RunProgress TrainEpoch(RunProgress progress, CancellationToken cancel)
    {
        var (epoch, saved) = (progress.Epoch, Stopwatch.StartNew());
        try
        {
            foreach (var batch in _loader.Epoch(epoch, progress.Step, _ranks is null ? cancel : CancellationToken.None)) // ranks stop together, after a step
            {
                var loss = TrainStep(batch, epoch, cancel);
                progress = progress with { Step = batch.Step + 1, LossSum = progress.LossSum + loss };
                _observer?.Report(new StepDone(epoch + 1, _recipe.Training.Epochs, progress.Step, _loader.StepsPerEpoch, _loader.BatchSize, progress.LossSum / progress.Step));
                if (_parallel is { StopsNow: true }) throw new OperationCanceledException(cancel);
                if (saved.Elapsed.TotalSeconds < _recipe.Training.CheckpointSeconds) continue;
                Save(_run.LastCheckpoint, progress);
                saved.Restart();
            }
        }
        catch (OperationCanceledException)
        {
            Save(_run.LastCheckpoint, progress);
            throw;
        }
        return progress;
    }

    private double TrainStep(TileBatch batch, int epoch, CancellationToken cancel)
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed(SeededRandom.For((ulong)_recipe.Seed, StepStream, (ulong)epoch, (ulong)batch.Step, (ulong)batch.First).NextUInt64());
        SeededRandom[] random = [.. batch.Tiles.Select((_, i) => SeededRandom.For((ulong)_recipe.Seed, SampleStream, (ulong)epoch, (ulong)batch.Step, (ulong)(batch.First + i)))];
        _optimiser.LearningRate = _recipe.Optimiser.LearningRate * _schedule.Factor((long)epoch * _loader.StepsPerEpoch + batch.Step);
        var loss = _loss.Call(DetectionBatch.Of(batch.Tiles, _input), batch.Truth, random).Total();
        if (_parallel is null) loss.Backward();
        else _parallel.Backward(loss, last: true);
        var value = _parallel?.EndStep(loss.Item(), cancel.IsCancellationRequested) ?? loss.Item();
        if (_recipe.Optimiser.ClipNorm is { } norm) GradientClipping.ClipNorm(_optimiser.Parameters, norm);
        _optimiser.Step();
        _optimiser.ZeroGrad();
        _average?.Update();
        return double.IsFinite(value) ? value
            : throw new TrainingDivergedException(_recipe.Name, string.Create(CultureInfo.InvariantCulture, $"the loss became {value} in epoch {epoch + 1}, step {batch.Step + 1}"));
    }

    private RunProgress FinishEpoch(RunProgress progress, double seconds)
    {
        var (t, epoch) = (_recipe.Training, progress.Epoch + 1);
        double? score = null;
        if (_validate is not null && t.Select == DetectionSelection.BestAp50 && (epoch % t.EvaluateEvery == 0 || epoch == t.Epochs)) score = Score();
        var rate = _recipe.Optimiser.LearningRate * _schedule.Factor((long)epoch * _loader.StepsPerEpoch - 1);
        var metrics = new EpochMetrics(epoch, progress.LossSum / Math.Max(1, progress.Step), rate, null, null, null, null, seconds) { Ap50 = score };
        var value = t.Select == DetectionSelection.Last ? epoch : score;
        var best = value > progress.BestValue;
        progress = progress with
        {
            Epoch = epoch, Step = 0, LossSum = 0, ElapsedSeconds = progress.ElapsedSeconds + seconds, History = [.. progress.History, metrics],
            BestEpoch = best ? epoch : progress.BestEpoch, BestValue = best ? value!.Value : progress.BestValue,
        };
        if (best && t.Select != DetectionSelection.Last) Save(_run.BestCheckpoint, progress);
        Save(_run.LastCheckpoint, progress);
        if (Writes) _run.WriteHistory(progress.History);
        _observer?.Report(new EpochDone(metrics, t.Epochs, best));
        return progress;
    }

    /// <summary>Of the weights that would be delivered: the averaged ones where the recipe averages.</summary>
    private double? Score()
    {
        if (_average is null) return Validate();
        using var swapped = _average.Swap();
        return Validate();

        double? Validate()
        {
            _parallel?.Synchronise(); // running values of norms are each rank's own
            return _validate!();
        }
    }

    private void Save(string path, RunProgress progress)
    {
        if (Writes) Checkpoint.Save(path, progress, _network, _optimiser, _average, DetectionRecipeFile.Write(_recipe), _recipe.Name);
    }

    private RunProgress Load(string path) => Checkpoint.Restore(path, _network, _optimiser, _average, DetectionRecipeFile.Write(_recipe),
        at => (long)at.Epoch * _loader.StepsPerEpoch + at.Step);

    private static void Freeze(FasterRcnn network, DetectionRecipe recipe)
    {
        foreach (var name in recipe.Model.Freeze)
        {
            var prefix = $"backbone.body.{name}.";
            var frozen = network.NamedParameters().Where(p => p.Path.StartsWith(prefix, StringComparison.Ordinal)).ToList();
            if (frozen.Count == 0)
                throw new RecipeException(recipe.Name, $"model.freeze names '{name}', which the backbone does not have",
                    NearestName.Of(name, network.Backbone.Body.NamedModules().Select(m => m.Path).Where(p => p.Length > 0)) is { } near ? $"Did you mean '{near}'" : "Name parts of the backbone");
            foreach (var (_, tensor) in frozen) tensor.RequiresGrad = false;
        }
        if (!recipe.Model.FrozenNorms) return;
        foreach (var (_, module) in network.Backbone.Body.NamedModules())
            if (module is BatchNorm2d norm)
            {
                norm.KeepsStatistics = true;
                norm.RequireGrad(false);
            }
    }

    private static Optimiser CreateOptimiser(DetectionRecipe recipe, FasterRcnn network)
    {
        var o = recipe.Optimiser;
        ParameterGroup[] groups =
        [
            .. network.NamedParameters().Where(p => p.Tensor.RequiresGrad)
                .GroupBy(p => (Body: p.Path.StartsWith("backbone.body.", StringComparison.Ordinal), Decays: p.Tensor.Dimensions > 1 || !o.DecayOnlyWeights))
                .Select(g => new ParameterGroup([.. g]) { LearningRateFactor = g.Key.Body ? o.BackboneFactor : 1, WeightDecay = g.Key.Decays ? o.WeightDecay : 0 }),
        ];
        return OptimiserFactory.Create(o, groups);
    }

    public void Dispose()
    {
        _parallel?.Dispose();
        _optimiser.Dispose();
        _average?.Dispose();
    }
}
