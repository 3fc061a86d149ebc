using System.Text.Json;
using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Evaluation;
using Fovea.Training.Metrics;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Splits;
using Fovea.Weights;

namespace Fovea.Training.Training;

/// <summary>Progress of the parts of an experiment that are not training.</summary>
/// <param name="What">"Preparing images", "fold 2 of 5".</param>
public sealed record StageProgress(string What, int Done, int Total) : TrainingEvent;

/// <summary>The run starts from weights that others trained.</summary>
public sealed record WeightsLoaded(TransferReport Report) : TrainingEvent;

/// <summary>The outcome of an experiment.</summary>
/// <param name="Metrics">On images that no choice depended on: the test part, or all held-out folds together.</param>
/// <param name="History">Of the run, or of the last fold.</param>
public sealed record ExperimentResult(MetricsReport Metrics, Predictions Predictions, IReadOnlyList<EpochMetrics> History, string? ModelPath, double TrainingSeconds);

/// <summary>From a recipe and a data set to a measured model: split, prepare, train, evaluate once, write.</summary>
/// <param name="prepared">The data's images as `fovea data prepare` left them; null: they are prepared now, and kept in memory.</param>
/// <param name="split">Who trains and who tests; null: the data set's own parts, or the recipe's shares.</param>
public sealed class Experiment(Recipe recipe, Dataset data, string? weights, IProgress<TrainingEvent>? observer = null, PreparedArchive? prepared = null, Split? split = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private IReadOnlyDictionary<string, StoredTensor>? _pretrained;
    private Dictionary<string, double[]>? _refined;

    /// <summary>The processes that share the work, each with the same recipe, data and arguments; rank 0 writes. Null (default): this one alone.</summary>
    public ProcessGroup? Ranks { get; init; }

    /// <summary>Images by what prepared them, for experiments one after another on the same data; null (default): each prepares its own.</summary>
    public IDictionary<string, PreparedSet>? Prepared { get; init; }

    private bool Writes => Ranks is null or { IsFirst: true };

    /// <summary>One training run with the split given, the data set's own parts, or the recipe's shares.</summary>
    public ExperimentResult Run(RunDirectory run, CancellationToken cancel = default)
    {
        Check(run);
        var all = PrepareAll(cancel);
        var parts = PartsOf(all);
        using var claim = Start(run, all, parts, ["training", "validation", "test"]);
        var (training, validation, test) = (NotEmpty(Where(all, parts, 0), "training"), Where(all, parts, 1), new TestPart(Where(all, parts, 2)));
        // Published with training and test parts alone: what chooses the epoch comes out of the training part, as in a cross-validation.
        var (fit, choose) = validation.Count > 0 ? (training, validation) : InnerSplit(training, 0);
        var (network, progress) = Train(run, fit, choose, cancel);
        using (network)
        {
            var decoding = FitDecoding(network, fit, choose);
            var measured = test.Count > 0 ? test : new TestPart(NotEmpty(validation, "measuring")); // a recipe without a test part is measured on its validation part
            var predictions = Predict(network, measured, decoding);
            return Finish(run, network, progress, fit, predictions, test.Count > 0 ? "test" : "validation", decoding, cancel);
        }
    }

    /// <summary>Trains as <see cref="Run"/> does, and measures on the validation part alone: for choosing settings. The test part is not opened.</summary>
    public RunProgress Fit(RunDirectory run, CancellationToken cancel = default)
    {
        Check(run);
        var all = PrepareAll(cancel);
        var parts = PartsOf(all);
        using var claim = Start(run, all, parts, ["training", "validation", "test"]);
        var (training, validation) = (NotEmpty(Where(all, parts, 0), "training"), Where(all, parts, 1));
        var (fit, choose) = validation.Count > 0 ? (training, validation) : InnerSplit(training, 0);
        if (choose is null) throw new RecipeException(recipe.Name, "no validation part to measure on", "Use --set training.select=bestKappa");
        var (network, progress) = Train(run, fit, choose, cancel);
        network.Dispose();
        return progress;
    }

    /// <summary>Tries learning rates on the training part, as <see cref="LearningRateFinder"/> does; writes nothing.</summary>
    public IReadOnlyList<RateTrial> FindLearningRate(int steps, CancellationToken cancel = default)
    {
        Check(null);
        var all = PrepareAll(cancel);
        using var network = NewNetwork();
        return LearningRateFinder.Run(recipe, network, NotEmpty(Where(all, PartsOf(all), 0), "training"), steps: steps, observer: observer, cancel: cancel);
    }

    private int[] PartsOf(PreparedSet all) => split is not null ? ByGroups(all, groups => split.PartOf(data, groups))
        : data.HasParts ? ByGroups(all, groups => OfficialParts.Of(data, groups))
        : Parts(all, [1 - recipe.Split.Validation - recipe.Split.Test, recipe.Split.Validation, recipe.Split.Test], (ulong)recipe.Seed);

    private Dictionary<string, double[]> Refined(string path)
    {
        var predictions = Predictions.Read(path, null, recipe.Head.Classes);
        if (predictions.Probabilities is not { } p) throw new DatasetException(path, "no probabilities to refine labels with", "Give the predictions.csv of a run");
        var ours = predictions.Images.Select((id, i) => (Id: id, P: p[i])).Where(row => data.Find(row.Id) is not null).ToDictionary(row => row.Id, row => row.P, StringComparer.Ordinal);
        return ours.Count > 0 ? ours : throw new DatasetException(path, $"names no image of {data.Source}", "Give the predictions of a run on this data");
    }

    /// <summary>k runs; each image is predicted by the one network that has not seen it, nor anything chosen by it.</summary>
    public ExperimentResult CrossValidate(RunDirectory root, int folds, CancellationToken cancel = default)
    {
        Check(root);
        var all = PrepareAll(cancel);
        var foldOf = split is not null ? ByGroups(all, groups => split.PartOf(data, groups)) : Parts(all, [.. Enumerable.Repeat(1.0 / folds, folds)], (ulong)recipe.Seed);
        using var claim = Start(root, all, foldOf, [.. Enumerable.Range(0, folds).Select(f => $"fold {f}")]);
        var predictions = new List<Predictions>();
        IReadOnlyList<EpochMetrics> history = [];
        var seconds = 0.0;
        for (var fold = 0; fold < folds; fold++)
        {
            observer?.Report(new StageProgress($"fold {fold + 1} of {folds}", fold, folds));
            var run = new RunDirectory(root.In($"fold-{fold}"));
            var (training, validation) = InnerSplit(Where(all, foldOf, fold, except: true), fold);
            var (network, progress) = Train(run, training, validation, cancel);
            using (network)
            {
                var decoding = FitDecoding(network, training, validation);
                var heldOut = Predict(network, new TestPart(Where(all, foldOf, fold)), decoding);
                predictions.Add(heldOut);
                (history, seconds) = (progress.History, seconds + progress.ElapsedSeconds);
                Finish(run, network, progress, training, heldOut, "heldOut", decoding, cancel);
            }
        }
        var pooled = Pool(predictions);
        if (!Writes) return new ExperimentResult(Unmeasured(pooled), pooled, history, null, seconds);
        var metrics = MetricsReport.Compute(pooled, new MetricsOptions { Seed = (ulong)recipe.Seed }, cancel);
        pooled.Write(root.PredictionsCsv);
        RunDirectory.WriteText(root.MetricsJson, metrics.ToJson() + "\n");
        return new ExperimentResult(metrics, pooled, history, null, seconds);
    }

    /// <summary>Everything that can be refused before hours of work, or before anything is written.</summary>
    private void Check(RunDirectory? run)
    {
        if (data.Classes != recipe.Head.Classes)
            throw new RecipeException(recipe.Name, $"head.classes is {recipe.Head.Classes}, the data set has {data.Classes}", $"Use --set head.classes={data.Classes}");
        if (recipe.Model.Pretrained && weights is null)
            throw new RecipeException(recipe.Name, "the recipe starts from pretrained weights", "Give them with --weights FILE or NAME, or start from nothing with --set model.pretrained=false --set model.freeze=[]");
        data.RequireEveryClass();
        if (run is not null && File.Exists(run.RecipeJson) && File.ReadAllText(run.RecipeJson) != RecipeFile.Write(recipe))
            throw new RunDirectoryException(run.Path, "its run was begun with another recipe", $"Resume with {run.RecipeJson} and without --set, or give another folder");
        if (recipe.Labels.Predictions is { } file) _refined = Refined(file);
        if (weights is not null) _pretrained = PretrainedWeights.Read(weights);
        NewNetwork(report => observer?.Report(new WeightsLoaded(report))).Dispose();
    }

    private Network NewNetwork(Action<TransferReport>? loaded = null)
    {
        TorchRuntime.Seed((ulong)recipe.Seed);
        var network = ModelCatalog.Create(recipe.Model.Architecture, NetworkOptions.For(recipe.Head, recipe.Preprocessing.Size));
        try
        {
            if (recipe.Model.WeightsUpTo is { } upTo && !network.StageNames.Contains(upTo, StringComparer.Ordinal))
                throw new RecipeException(recipe.Name, $"model.weightsUpTo is '{upTo}', which is no stage of {recipe.Model.Architecture}", $"Its stages are {string.Join(", ", network.StageNames)}");
            if (_pretrained is not null)
            {
                var report = PretrainedWeights.Load(network, recipe.Model.Architecture, _pretrained, weights!, recipe.Model.WeightsUpTo);
                loaded?.Invoke(report);
            }
            Freezing.Apply(network, recipe.Model, recipe.Preprocessing.Size, recipe.Name);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private PreparedSet PrepareAll(CancellationToken cancel)
    {
        var key = JsonSerializer.Serialize(recipe.Preprocessing, RecipeFile.Options);
        if (Prepared?.TryGetValue(key, out var known) == true) return known;
        var set = PrepareAnew(cancel);
        Prepared?.Add(key, set);
        return set;
    }

    private PreparedSet PrepareAnew(CancellationToken cancel)
    {
        if (prepared is not null) return prepared.Of(data, recipe.Preprocessing);
        var count = data.Samples.Count;
        string[] ids = [.. data.Samples.Select(s => s.Id)];
        var prints = new ImageFingerprint?[count];
        var images = SetPreparation.Prepare(count, Read, recipe.Preprocessing, done => observer?.Report(new StageProgress("Preparing images", done, count)), cancel);
        return new PreparedSet(ids, images, [.. data.Samples.Select(s => s.Label)], PictureGroups.Of(data.Samples, Duplicates.Of(ids, prints, cancel)));

        // Copies are known by the photographs as they came: preparation can make different eyes alike.
        FundusImage Read(int i)
        {
            var photograph = data.Read(i);
            prints[i] = ImageFingerprint.Of(photograph.Pixels);
            return photograph;
        }
    }

    private static PreparedSet Where(PreparedSet set, int[] parts, int part, bool except = false) =>
        set.Subset([.. Enumerable.Range(0, set.Count).Where(i => parts[i] != Split.Unused && parts[i] == part != except)]);

    /// <summary>Choosing an epoch needs a validation part; it comes out of the training folds, so that the held-out fold stays unseen.</summary>
    private (PreparedSet Training, PreparedSet? Validation) InnerSplit(PreparedSet training, int fold)
    {
        if (recipe.Training.Select == Selection.Last) return (training, null);
        var parts = Parts(training, [1 - recipe.Split.Validation, recipe.Split.Validation], (ulong)recipe.Seed + (ulong)fold + 1);
        return (Where(training, parts, 0), Where(training, parts, 1));
    }

    /// <summary>Parts of the data's samples, found by their groups, as parts of the images at hand: a prepared set lacks those that could not be read.</summary>
    private int[] ByGroups(PreparedSet all, Func<int[], int[]> parts)
    {
        int[] groups = [.. Enumerable.Range(0, data.Samples.Count).Select(i => -1 - i)]; // an image that is not at hand is alone
        int[] positions = [.. all.Ids.Select(id => data.Find(id)!.Value)];
        for (var i = 0; i < positions.Length; i++) groups[positions[i]] = all.Groups[i];
        var ofData = parts(groups);
        return [.. positions.Select(i => ofData[i])];
    }

    private int[] Parts(PreparedSet set, double[] shares, ulong seed)
    {
        var groups = set.Groups.Distinct().Count();
        if (groups < shares.Length)
            throw new DatasetException(data.Source, $"{groups} groups of images (a patient's, or copies of a picture) for {shares.Length} parts", "Add images, or ask for fewer parts");
        return GroupSplitter.Parts(set.Labels, set.Groups, shares, seed);
    }

    private PreparedSet NotEmpty(PreparedSet set, string purpose) => set.Count > 0 ? set
        : throw new DatasetException(data.Source, $"no image is left for {purpose}", "Add images, or use another split");

    /// <summary>Takes the folder and writes down what the run consists of; a run that is resumed must consist of the same.</summary>
    private IDisposable? Start(RunDirectory run, PreparedSet all, int[] parts, string[] names)
    {
        var claim = Writes ? run.Claim() : null;
        try
        {
            var split = CsvText.Of(all.Ids.Select((id, i) => $"{CsvText.Cell(id)},{all.Groups[i]},{all.Labels[i]},{(parts[i] == Split.Unused ? "unused" : names[parts[i]])}").Prepend("image,group,grade,part"));
            if (File.Exists(run.SplitCsv) && File.ReadAllText(run.SplitCsv) != split)
                throw new RunDirectoryException(run.Path, "its run was begun with other images, labels or folds", "Resume with the same --data, --folds and --split, or give another folder");
            if (Ranks is not null && !Ranks.Agree(split + RecipeFile.Write(recipe)))
                throw new DatasetException(data.Source, $"rank {Ranks.Rank} has other images, labels, parts or another recipe than rank 0", "Give all processes the same data and the same options");
            if (claim is null) return null;
            RunDirectory.WriteText(run.SplitCsv, split);
            run.WriteRecipe(recipe);
            RunDirectory.WriteText(run.EnvironmentJson, JsonSerializer.Serialize(RunEnvironment.Current, Json) + "\n");
            return claim;
        }
        catch
        {
            claim?.Dispose();
            throw;
        }
    }

    /// <summary>Fitted on the part that chooses the epoch, which a training without a choice does not have: then on the training images.</summary>
    private DecodingSpec? FitDecoding(Network network, PreparedSet training, PreparedSet? validation)
    {
        if (recipe.Decoding.Fit == DecodingFit.None) return null;
        var set = validation ?? training;
        return DecodingFitter.Fit(recipe.Head, recipe.Decoding.Fit, new NetworkEvaluator(network, recipe).Logits(set), set.Labels);
    }

    private Predictions Predict(Network network, TestPart part, DecodingSpec? decoding)
    {
        try
        {
            return TestEvaluation.Predict(network, recipe, part, decoding, Ranks);
        }
        catch (NotFiniteNumberException e)
        {
            throw new TrainingDivergedException(recipe.Name, e.Message, e);
        }
    }

    private (Network Network, RunProgress Progress) Train(RunDirectory run, PreparedSet training, PreparedSet? validation, CancellationToken cancel)
    {
        var network = NewNetwork();
        try
        {
            return (network, StagedTraining.Run(recipe, network, training, validation, run, observer, _refined, Ranks, cancel));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private ExperimentResult Finish(RunDirectory run, Network network, RunProgress progress, PreparedSet training, Predictions predictions, string part, DecodingSpec? decoding, CancellationToken cancel)
    {
        if (!Writes) return new ExperimentResult(Unmeasured(predictions), predictions, progress.History, null, progress.ElapsedSeconds);
        var metrics = MetricsReport.Compute(predictions, new MetricsOptions { Seed = (ulong)recipe.Seed }, cancel);
        predictions.Write(run.PredictionsCsv);
        RunDirectory.WriteText(run.MetricsJson, metrics.ToJson() + "\n");
        run.WriteHistory(progress.History);
        ModelFile.Write(run.Model, ModelCards.For(recipe, data, training.Ids, metrics, part, decoding), network.State());
        return new ExperimentResult(metrics, predictions, progress.History, run.Model, progress.ElapsedSeconds);
    }

    // Intervals are rank 0's work.
    private static MetricsReport Unmeasured(Predictions predictions) => MetricsReport.Compute(predictions, new MetricsOptions { Resamples = 0 });

    private static Predictions Pool(List<Predictions> folds) => new(folds[0].ClassCount, [.. folds.SelectMany(p => p.Images)], [.. folds.SelectMany(p => p.Truth)],
        [.. folds.SelectMany(p => p.Predicted)], [.. folds.SelectMany(p => p.Probabilities!)], [.. folds.SelectMany(p => p.Groups!)]);
}
