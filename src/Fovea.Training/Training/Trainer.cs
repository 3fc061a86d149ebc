using System.Diagnostics;
using System.Globalization;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;
using Fovea.Training.Evaluation;
using Fovea.Training.Losses;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Watching;

namespace Fovea.Training.Training;

/// <summary>
/// Trains a network by a recipe: for each epoch, for each batch: forward, loss, backward, clip, step; then evaluate, checkpoint, stop early.
/// A run that is killed at any instant and resumed ends in the same weights, bit for bit, on the same CPU with the same number of threads.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const ulong StepStream = 3, NoiseStream = 4;

    private readonly Recipe _recipe;
    private readonly Network _network;
    private readonly RunDirectory _run;
    private readonly PreparedSet? _validation;
    private readonly BatchLoader _loader;
    private readonly GradeLoss _loss;
    private readonly Optimiser _optimiser;
    private readonly ExponentialMovingAverage? _average;
    private readonly LearningRateSchedule _schedule;
    private readonly NetworkEvaluator _evaluator;
    private readonly bool _averagesEpochs;
    private readonly IProgress<TrainingEvent>? _observer;
    private readonly ProcessGroup? _ranks;
    private readonly DataParallel? _parallel;

    /// <param name="network">Initialised, or with pretrained weights; trained in place.</param>
    /// <param name="ranks">The processes that share the work, each with the same recipe, network and sets; rank 0 writes. Null: this one alone.</param>
    /// <param name="validation">Decides which epoch is delivered; null with <see cref="Selection.Last"/>.</param>
    /// <param name="stepsBefore">Of the stages before, where the schedule spans them.</param>
    /// <param name="stepsOfAll">Of all stages; null: of this training.</param>
    /// <param name="refined">Probabilities of the grades by image, where the recipe refines labels.</param>
    public Trainer(Recipe recipe, Network network, PreparedSet training, PreparedSet? validation, RunDirectory run, IProgress<TrainingEvent>? observer = null,
        long stepsBefore = 0, long? stepsOfAll = null, IReadOnlyDictionary<string, double[]>? refined = null, ProcessGroup? ranks = null)
    {
        if (validation is null && recipe.Training.Select != Selection.Last)
            throw new ArgumentException("choosing the best epoch needs a validation part", nameof(validation));
        (_recipe, _network, _validation, _run, _observer, _ranks) = (recipe, network, validation, run, observer, ranks);
        _loader = new BatchLoader(training, recipe.Augmentation, recipe.Training.BatchSize, (ulong)recipe.Seed, recipe.Training.ClassSampling, SoftLabels(training, recipe, refined),
            ranks is null ? null : ranks.Share);
        _loss = new GradeLoss(recipe.Head, recipe.Loss, training.ClassCounts(recipe.Head.Classes));
        network.UseChannelsLast();
        _optimiser = OptimiserFactory.Create(recipe, network);
        _averagesEpochs = recipe.Training.SwaFrom is not null;
        _average = recipe.Training.Ema is { } decay ? new ExponentialMovingAverage(network, decay, warmUp: true) : _averagesEpochs ? new ExponentialMovingAverage(network) : null;
        _schedule = new LearningRateSchedule(recipe.Schedule, recipe.Training.Epochs, _loader.StepsPerEpoch, stepsBefore, stepsOfAll);
        _evaluator = new NetworkEvaluator(network, recipe) { Ranks = ranks };
        if (ranks is null) return;
        if (recipe.Loss.KappaWeight > 0) throw new RecipeException(recipe.Name, $"loss.kappaWeight is {recipe.Loss.KappaWeight}, and a kappa of shares of a batch is not the batch's", "Use 0, or train in one process");
        _parallel = new DataParallel(ranks, network, recipe.Name, _loader.BatchSize, recipe.Training.SyncBatchNorm);
    }

    /// <summary>Trains to the end, from the run's last checkpoint where there is one.</summary>
    /// <returns>The state after the last epoch. The network then holds the delivered weights.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the last checkpoint is at most a step old.</exception>
    public RunProgress Run(CancellationToken cancel = default)
    {
        TorchRuntime.FlushDenormals();
        if (Writes) _run.Create();
        var progress = Resume();
        _parallel?.RequireSame(progress, _run);
        if (Writes && progress is { Epoch: 0, Step: 0 }) RunPictures.Write(_run.Path, _loader.Epoch(0, 0, cancel).First());
        var t = _recipe.Training;
        while (progress.Epoch < t.Epochs && !OutOfPatience(progress))
        {
            var watch = Stopwatch.StartNew();
            _parallel?.Synchronise();
            progress = TrainEpoch(progress, cancel);
            progress = FinishEpoch(progress, watch.Elapsed.TotalSeconds);
        }
        Deliver(progress);
        return progress;
    }

    private bool Writes => _ranks is null or { IsFirst: true };

    private RunProgress TrainEpoch(RunProgress progress, CancellationToken cancel)
    {
        var (epoch, steps) = (progress.Epoch, _loader.StepsPerEpoch);
        var saved = Stopwatch.StartNew();
        try
        {
            foreach (var batch in _loader.Epoch(epoch, progress.Step, _ranks is null ? cancel : CancellationToken.None)) // ranks stop together, after a step
            {
                var loss = TrainStep(batch, epoch, _recipe.Optimiser.LearningRate * _schedule.Factor(StepsBefore(epoch, batch.Step), progress.History), cancel);
                progress = progress with { Step = batch.Step + 1, LossSum = progress.LossSum + loss };
                _observer?.Report(new StepDone(epoch + 1, _recipe.Training.Epochs, progress.Step, steps, _loader.BatchSize, progress.LossSum / progress.Step));
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

    private long StepsBefore(int epoch, int step) => (long)epoch * _loader.StepsPerEpoch + step;

    private double TrainStep(Batch batch, int epoch, double rate, CancellationToken cancel)
    {
        using var scope = new TensorScope();
        var seeds = SeededRandom.For((ulong)_recipe.Seed, StepStream, (ulong)epoch, (ulong)batch.Step);
        for (var rank = 0; rank < _ranks?.Rank; rank++) seeds.NextUInt64(); // other images, other dropout
        TorchRuntime.Seed(seeds.NextUInt64());
        _optimiser.LearningRate = rate;
        var value = Backward(batch, Targets(batch, epoch), epoch, cancel);
        if (_recipe.Optimiser.ClipNorm is { } norm) GradientClipping.ClipNorm(_optimiser.Parameters, norm);
        _optimiser.Step();
        _optimiser.ZeroGrad();
        if (!_averagesEpochs) _average?.Update();

        if (!double.IsFinite(value))
            throw new TrainingDivergedException(_recipe.Name, string.Create(CultureInfo.InvariantCulture, $"the loss became {value} in epoch {epoch + 1}, step {batch.Step + 1}"));
        return value;
    }

    /// <summary>Adds a batch's gradients to the parameters, part by part where the recipe has micro-batches, and gives its loss.</summary>
    private double Backward(Batch batch, GradeTargets targets, int epoch, CancellationToken cancel)
    {
        var (count, value, total) = (batch.Labels.Length, 0.0, _loss.Total(targets));
        if (_parallel is not null) total = _parallel.Sum(total);
        // Parts as even as can be: one image alone would leave a batch norm nothing to measure.
        var (parts, image) = (_recipe.Training.MicroBatch is { } most ? (count + most - 1) / most : 1, batch.Pixels.Length / count);
        for (var part = 0; part < parts; part++)
        {
            using var scope = new TensorScope();
            var start = part * count / parts;
            var n = (part + 1) * count / parts - start;
            var images = Sized(ImageBatch.ToTensor(n == count ? batch.Pixels : batch.Pixels.AsSpan(start * image, n * image).ToArray(), batch.Width, batch.Height, _recipe.Preprocessing), epoch);
            var own = n == count ? targets : targets.Slice(start, n, _recipe.Head.Classes);
            NetworkOutput output;
            using (new Autocast(_recipe.Training.UsesBFloat16)) output = _network.Call(images, Phase.Training);
            var loss = _loss.Call(output.Logits, own, total);
            if (output.Auxiliary is { } auxiliary) loss += _loss.Call(auxiliary, own, total) * Network.AuxiliaryWeight;
            if (_parallel is null) loss.Backward();
            else _parallel.Backward(loss, last: part == parts - 1);
            value += loss.Item();
        }
        return _parallel is null ? value : _parallel.EndStep(value, cancel.IsCancellationRequested);
    }

    /// <summary>Noise on a regression's targets is a function of (seed, epoch, sample), as augmentation is.</summary>
    private GradeTargets Targets(Batch batch, int epoch)
    {
        var noise = _recipe.Loss.TargetNoise;
        return new GradeTargets(batch.Labels, batch.OtherLabels, batch.Shares)
        {
            Soft = batch.Soft,
            Noise = noise == 0 ? null : Array.ConvertAll(batch.Draws, draw => (float)SeededRandom.For((ulong)_recipe.Seed, NoiseStream, (ulong)epoch, draw).NextDouble(-noise, noise)),
        };
    }

    private RunProgress FinishEpoch(RunProgress progress, double seconds)
    {
        var (t, epoch) = (_recipe.Training, progress.Epoch + 1);
        if (epoch >= t.SwaFrom)
        {
            _average!.Update(1 - 1.0 / (epoch - t.SwaFrom.Value + 1)); // the mean of the epochs' ends so far
            if (epoch == t.Epochs) MeasureNorms(epoch);
        }
        EpochScore? score = null;
        if (_validation is not null && (epoch % t.EvaluateEvery == 0 || epoch == t.Epochs))
            score = Score(_validation, epoch);
        var rate = _recipe.Optimiser.LearningRate * _schedule.Factor(StepsBefore(epoch, 0) - 1, progress.History);
        var metrics = new EpochMetrics(epoch, progress.LossSum / Math.Max(1, progress.Step), rate, score?.Loss, score?.QuadraticWeightedKappa, score?.Accuracy, score?.Auc, seconds, score?.F1Macro);
        var value = metrics.Score(t.Select);
        var best = value > progress.BestValue;
        progress = progress with
        {
            Epoch = epoch, Step = 0, LossSum = 0, ElapsedSeconds = progress.ElapsedSeconds + seconds, History = [.. progress.History, metrics],
            BestEpoch = best ? epoch : progress.BestEpoch, BestValue = best ? value!.Value : progress.BestValue,
        };
        // The best before the last: a kill between the two leaves a last checkpoint from which the same best is written again.
        if (best && t.Select != Selection.Last) Save(_run.BestCheckpoint, progress);
        Save(_run.LastCheckpoint, progress);
        if (Writes) _run.WriteHistory(progress.History);
        _observer?.Report(new EpochDone(metrics, t.Epochs, best));
        return progress;
    }

    /// <summary>The images at the size that this epoch trains at.</summary>
    private Tensor Sized(Tensor images, int epoch)
    {
        var sizes = _recipe.Training.Sizes;
        if (sizes.Count == 0) return images;
        var side = sizes[Math.Min(sizes.Count - 1, epoch * sizes.Count / _recipe.Training.Epochs)];
        return side == images.Size(2) ? images : Functional.InterpolateBilinear(images, side);
    }

    /// <summary>Batch norms of the averaged weights, measured on the images of an epoch that is not trained on.</summary>
    private void MeasureNorms(int epoch)
    {
        using var swapped = _average!.Swap();
        NormStatistics.Measure(_network, _loader.Epoch(epoch, 0, CancellationToken.None).Select(b => ImageBatch.ToTensor(b.Pixels, b.Width, b.Height, _recipe.Preprocessing)), _recipe.Training.UsesBFloat16);
    }

    /// <summary>Trains for so many steps at rates of the caller's choice, and gives the loss of each as it was before the step.</summary>
    internal IEnumerable<(int Step, double Loss)> TryRates(int steps, Func<int, double> rate, CancellationToken cancel)
    {
        TorchRuntime.FlushDenormals();
        for (int epoch = 0, done = 0; done < steps; epoch++)
            foreach (var batch in _loader.Epoch(epoch, 0, cancel))
            {
                double loss;
                try
                {
                    loss = TrainStep(batch, epoch, rate(done), cancel);
                }
                catch (TrainingDivergedException)
                {
                    loss = double.NaN;
                }
                yield return (done, loss);
                if (++done == steps || !double.IsFinite(loss)) yield break;
            }
    }

    /// <summary>One row for each training image: share·p + (1 − share)·label.</summary>
    private static float[][]? SoftLabels(PreparedSet training, Recipe recipe, IReadOnlyDictionary<string, double[]>? refined)
    {
        if (refined is null) return null;
        var (classes, share) = (recipe.Head.Classes, recipe.Labels.Share);
        return [.. training.Ids.Select((id, i) => Enumerable.Range(0, classes).Select(k =>
            (float)((refined.TryGetValue(id, out var p) ? share * p[k] : k == training.Labels[i] ? share : 0) + (k == training.Labels[i] ? 1 - share : 0))).ToArray())];
    }

    /// <summary>Scores the weights that would be delivered: the averaged ones where the recipe averages.</summary>
    private EpochScore Score(PreparedSet set, int epoch)
    {
        if (_average is null || (_averagesEpochs && _average.Updates == 0)) return Evaluate();
        using var swapped = _average.Swap();
        return Evaluate();

        EpochScore Evaluate()
        {
            try
            {
                _parallel?.Synchronise();
                var score = _evaluator.Score(set, _loss);
                if (Writes && epoch % _recipe.Training.EmbedEvery == 0) Embeddings.Write(_run.Path, epoch, _network, set, _recipe.Preprocessing);
                return double.IsFinite(score.Loss) ? score : throw new NotFiniteNumberException("the validation loss is not a number");
            }
            catch (NotFiniteNumberException e)
            {
                throw new TrainingDivergedException(_recipe.Name, e.Message, e);
            }
        }
    }

    private bool OutOfPatience(RunProgress progress) =>
        _recipe.Training.Patience is { } patience && progress.BestEpoch > 0 && progress.Epoch - progress.BestEpoch >= patience;

    private void Save(string path, RunProgress progress)
    {
        if (Writes) Checkpoint.Save(path, progress, _network, _optimiser, _average, RecipeFile.Write(_recipe), _recipe.Name);
    }

    private RunProgress Resume()
    {
        if (!File.Exists(_run.LastCheckpoint)) return RunProgress.Start;
        var progress = Load(_run.LastCheckpoint);
        _observer?.Report(new Resumed(progress.Epoch, progress.Step));
        return progress;
    }

    private RunProgress Load(string path) => Checkpoint.Restore(path, _network, _optimiser, _average, RecipeFile.Write(_recipe),
        at => !_averagesEpochs ? StepsBefore(at.Epoch, at.Step) : Math.Max(0, at.Epoch - _recipe.Training.SwaFrom!.Value + 1));

    /// <summary>Leaves the weights of the chosen epoch, averaged where the recipe averages, in the network.</summary>
    private void Deliver(RunProgress progress)
    {
        if (Writes)
        {
            if (_recipe.Training.Select != Selection.Last && progress.BestEpoch > 0) Load(_run.BestCheckpoint);
            _average?.CopyTo(_network);
        }
        _parallel?.Synchronise();
    }

    public void Dispose()
    {
        _parallel?.Dispose();
        _optimiser.Dispose();
        _average?.Dispose();
    }
}

/// <summary>The loss or the weights are no longer numbers. The message is one line: <c>RECIPE: reason. Remedy.</c></summary>
public sealed class TrainingDivergedException(string recipe, string reason, Exception? inner = null)
    : Exception($"{recipe}: the training diverged: {reason}. Lower optimiser.learningRate or set optimiser.clipNorm.", inner);
