using System.Reflection;
using System.Text.Json;
using Fovea.Detection;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Files;
using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Detection.Scores;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Detection;

/// <summary>The outcome of a detector's experiment.</summary>
/// <param name="Report">On photographs that no choice depended on: the test part, or all held-out folds together.</param>
public sealed record DetectionResult(DetectionReport Report, DetectionTable Table, IReadOnlyList<EpochMetrics> History, string? ModelPath, double TrainingSeconds);

/// <summary>From a recipe and photographs with marked lesions to a measured detector: split, train, evaluate once, write.</summary>
public sealed class DetectionExperiment(DetectionRecipe recipe, LesionSet data, string? weights, IProgress<TrainingEvent>? observer = null)
{
    private const ulong SplitStream = 15;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private readonly LesionImage[] _images = [.. data.Images.Select(MaskBoxes.WithBoxes).Where(i => i.Boxes is not null)];
    private IReadOnlyDictionary<string, StoredTensor>? _pretrained;

    /// <summary>The processes that share the work, each with the same recipe, data and arguments; rank 0 writes. Null (default): this one alone.</summary>
    public ProcessGroup? Ranks { get; init; }

    private bool Writes => Ranks is null or { IsFirst: true };

    /// <summary>One training run with the data set's own parts, or the recipe's shares.</summary>
    public DetectionResult Run(RunDirectory run, CancellationToken cancel = default)
    {
        var hasParts = _images.Any(i => i.Part == SamplePart.Test);
        int[] parts = hasParts ? [.. _images.Select(i => i.Part switch { SamplePart.Test => 2, SamplePart.Validation => 1, _ => 0 })]
            : Shares([1 - recipe.Split.Validation - recipe.Split.Test, recipe.Split.Validation, recipe.Split.Test]);
        if (hasParts && recipe.Training.Select == DetectionSelection.BestAp50 && !parts.Contains(1)) parts = TakeValidation(parts);
        using var claim = Start(run, parts, ["training", "validation", "test"]);
        var (training, validation, test) = (Where(parts, 0), Where(parts, 1), Where(parts, 2));
        var (network, card, progress) = Train(run, training, validation, cancel);
        using (network)
        {
            var (measured, part) = test.Length > 0 ? (test, "test") : (validation, "validation");
            var table = Measure(network, card, measured, cancel);
            var report = Write(run, table, cancel);
            WriteModel(run, Finished(card, report, part, training.Length), network.State());
            return new DetectionResult(report, table, progress.History, run.Model, progress.ElapsedSeconds);
        }
    }

    /// <summary>k runs; the boxes of each photograph are found by the one detector that has not seen it. Where the recipe delivers a detector of all photographs, that is trained first, in the folder <c>all</c>.</summary>
    public DetectionResult CrossValidate(RunDirectory root, int folds, CancellationToken cancel = default)
    {
        if (recipe.Training.Select != DetectionSelection.Last)
            throw new RecipeException(recipe.Name, "training.select looks at a validation part, which folds leave none", "Use --set training.select=last");
        var foldOf = Shares([.. Enumerable.Repeat(1.0 / folds, folds)]);
        using var claim = Start(root, foldOf, [.. Enumerable.Range(0, folds).Select(f => $"fold {f}")]);
        var (images, history, seconds) = (new List<DetectionImage>(), (IReadOnlyList<EpochMetrics>)[], 0.0);
        (DetectorCard Card, IReadOnlyDictionary<string, StoredTensor> Weights)? delivered = null;
        if (recipe.Training.DeliverAll)
        {
            var run = new RunDirectory(root.In("all"));
            if (Writes) run.Create();
            var (network, card, progress) = Train(run, _images, [], cancel);
            using (network) delivered = (card, network.State());
            WriteModel(run, Described(card, _images.Length), delivered.Value.Weights);
            seconds += progress.ElapsedSeconds;
        }
        for (var fold = 0; fold < folds; fold++)
        {
            observer?.Report(new StageProgress($"fold {fold + 1} of {folds}", fold, folds));
            var run = new RunDirectory(root.In($"fold-{fold}"));
            if (Writes) run.Create();
            var training = _images.Where((_, i) => foldOf[i] != fold).ToArray();
            var (network, card, progress) = Train(run, training, [], cancel);
            using (network)
            {
                var table = Measure(network, card, Where(foldOf, fold), cancel);
                images.AddRange(table.Images);
                var report = Write(run, table, cancel);
                WriteModel(run, Finished(card, report, "heldOut", training.Length), network.State());
                (history, seconds) = (progress.History, seconds + progress.ElapsedSeconds);
            }
        }
        var all = new DetectionTable(recipe.Labels, [.. images.OrderBy(i => i.Id, StringComparer.Ordinal)]);
        var whole = Write(root, all, cancel);
        if (delivered is var (deliveredCard, weightsOfAll)) WriteModel(root, Finished(deliveredCard, whole, "folds", _images.Length), weightsOfAll);
        return new DetectionResult(whole, all, history, delivered is null ? null : root.Model, seconds);
    }

    private LesionImage[] Where(int[] parts, int part) => [.. _images.Where((_, i) => parts[i] == part)];

    private int[] Shares(double[] shares)
    {
        int[][] patients = [.. Enumerable.Range(0, _images.Length).GroupBy(i => _images[i].Patient ?? $"\0{i}").Select(g => g.ToArray())];
        if (patients.Length < shares.Count(s => s > 0)) throw new DatasetException(data.Source, $"photographs of {patients.Length} patients for {shares.Length} parts", "Add photographs, or ask for fewer parts");
        SeededRandom.For((ulong)recipe.Seed, SplitStream).Shuffle<int[]>(patients);
        var (parts, part, upTo) = (new int[_images.Length], 0, shares[0]);
        for (var i = 0; i < patients.Length; i++)
        {
            while (part + 1 < shares.Length && (i + 0.5) / patients.Length > upTo) upTo += shares[++part];
            foreach (var image in patients[i]) parts[image] = part;
        }
        return parts;
    }

    private int[] TakeValidation(int[] parts)
    {
        var inner = Shares([1 - recipe.Split.Validation, recipe.Split.Validation]);
        return [.. parts.Select((p, i) => p == 0 ? inner[i] : p)];
    }

    private IDisposable? Start(RunDirectory run, int[] parts, string[] names)
    {
        if (_images.Length == 0) throw new DatasetException(data.Source, "no photograph with marked lesions", "Give boxes or masks");
        if (!parts.Contains(0)) throw new DatasetException(data.Source, "no photograph is left for training", "Add photographs, or use another split");
        if (recipe.Model.Pretrained && weights is null)
            throw new RecipeException(recipe.Name, "the recipe starts from pretrained weights", "Give them with --weights FILE or NAME, or start from nothing with --set model.pretrained=false --set model.frozenNorms=false --set model.freeze=[]");
        if (File.Exists(run.RecipeJson) && File.ReadAllText(run.RecipeJson) != DetectionRecipeFile.Write(recipe))
            throw new RunDirectoryException(run.Path, "its run was begun with another recipe", $"Resume with {run.RecipeJson} and without --set, or give another folder");
        if (weights is not null) _pretrained = DetectorWeights.Read(weights);
        NewNetwork(null).Dispose(); // what does not fit is refused before anything is written
        var claim = Writes ? run.Claim() : null;
        try
        {
            var split = CsvText.Of(_images.Select((image, i) => $"{CsvText.Cell(image.Id)},{image.Boxes!.Count},{names[parts[i]]}").Prepend("image,boxes,part"));
            if (File.Exists(run.SplitCsv) && File.ReadAllText(run.SplitCsv) != split)
                throw new RunDirectoryException(run.Path, "its run was begun with other photographs, boxes or folds", "Resume with the same --data and --folds, or give another folder");
            if (Ranks is not null && !Ranks.Agree(split + DetectionRecipeFile.Write(recipe)))
                throw new DatasetException(data.Source, $"rank {Ranks.Rank} has other photographs, boxes, parts or another recipe than rank 0", "Give all processes the same data and the same options");
            if (claim is null) return null;
            RunDirectory.WriteText(run.SplitCsv, split);
            RunDirectory.WriteText(run.RecipeJson, DetectionRecipeFile.Write(recipe));
            RunDirectory.WriteText(run.EnvironmentJson, JsonSerializer.Serialize(RunEnvironment.Current, Json) + "\n");
            return claim;
        }
        catch
        {
            claim?.Dispose();
            throw;
        }
    }

    private FasterRcnn NewNetwork(AnchorLayout? anchors)
    {
        TorchRuntime.Seed((ulong)recipe.Seed);
        var network = DetectorCatalog.Find(recipe.Model.Architecture).Create(new DetectorOptions(recipe.Labels.Count) { Anchors = anchors, ClassAgnosticBoxes = recipe.Model.ClassAgnosticBoxes });
        try
        {
            if (_pretrained is not null)
            {
                var loaded = DetectorWeights.Load(network, _pretrained, weights!);
                if (anchors is not null) observer?.Report(loaded);
            }
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private (FasterRcnn Network, DetectorCard Card, RunProgress Progress) Train(RunDirectory run, LesionImage[] training, LesionImage[] validation, CancellationToken cancel)
    {
        TrainingPhotograph[] photographs = [.. training.Select((image, i) => new TrainingPhotograph(i, image.Path, Labelled(image)))];
        if (photographs.All(p => p.Boxes.Count == 0)) throw new DatasetException(data.Source, $"no {string.Join(", ", recipe.Labels)} in the training part", "Add photographs, or change labels");
        var anchors = DetectorCatalog.Find(recipe.Model.Architecture).Anchors;
        if (recipe.Model.FitAnchors)
            anchors = AnchorClustering.Fit(anchors, [.. photographs.SelectMany(p => p.Boxes).Select(b => new Box((float)b.Left, (float)b.Top, (float)b.Right, (float)b.Bottom))], (ulong)recipe.Seed);
        var network = NewNetwork(anchors);
        try
        {
            var card = CardOf(anchors);
            var chooses = recipe.Training.Select == DetectionSelection.BestAp50;
            Func<double?>? validate = chooses && validation.Length > 0
                ? () => DetectionReport.Compute(Measure(network, card, validation, cancel), new DetectionScoreOptions { Resamples = 0 }, cancel).Mean.GetValueOrDefault("ap50") : null;
            using var trainer = new DetectionTrainer(recipe, network, photographs, validate, run, observer, Ranks);
            return (network, card, trainer.Run(cancel));
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>In the pixels that tiles are cut from, kinds as labels from 1.</summary>
    private List<MarkedBox> Labelled(LesionImage image)
    {
        var scale = recipe.Tiles.LongerSide is { } side ? (double)side / Math.Max(image.Width, image.Height) : 1;
        var boxes = new List<MarkedBox>();
        foreach (var lesion in image.Boxes!)
        {
            var label = DetectionEvaluator.LabelOf(lesion.Kind, recipe.Labels);
            if (label == 0) continue;
            var b = lesion.Bounds;
            boxes.Add(new MarkedBox(b.Left * scale, b.Top * scale, b.Right * scale, b.Bottom * scale, label));
        }
        return boxes;
    }

    private DetectionTable Measure(FasterRcnn network, DetectorCard card, LesionImage[] images, CancellationToken cancel)
    {
        using var detector = LesionDetector.Of(network, card);
        if (Ranks is null) return DetectionEvaluator.Run(detector, images, done => observer?.Report(new StageProgress("Looking for lesions", done, images.Length)), cancel);
        // Each looks at its share, and all get everything. Nobody stops before: the others would wait.
        var (first, count) = Ranks.Share(images.Length);
        var own = DetectionEvaluator.Run(detector, images[first..(first + count)], done => observer?.Report(new StageProgress("Looking for lesions", done, count)), CancellationToken.None);
        return new DetectionTable(own.Labels, [.. Ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(own.Images)).SelectMany(bytes => JsonSerializer.Deserialize<DetectionImage[]>(bytes)!)]);
    }

    private DetectionReport Write(RunDirectory run, DetectionTable table, CancellationToken cancel)
    {
        if (!Writes) return DetectionReport.Compute(table, new DetectionScoreOptions { Resamples = 0 }, cancel);
        var report = DetectionReport.Compute(table, new DetectionScoreOptions { Seed = (ulong)recipe.Seed }, cancel);
        RunDirectory.WriteText(run.MetricsJson, report.ToJson() + "\n");
        CocoFile.Write(run.In("detections.json"), [.. table.Images.Select((image, i) => new CocoImage(i + 1, image.Id, 0, 0,
            [.. image.Found.Select(f => new CocoObject(recipe.Labels[f.Label], new MarkedBox(f.Bounds.Left, f.Bounds.Top, f.Bounds.Right, f.Bounds.Bottom), Score: f.Score))]))], recipe.Labels);
        return report;
    }

    private void WriteModel(RunDirectory run, DetectorCard card, IReadOnlyDictionary<string, StoredTensor> weights)
    {
        if (Writes) DetectorFile.Write(run.Model, card, weights);
    }

    private DetectorCard CardOf(AnchorLayout anchors) => new()
    {
        Task = DetectorCard.LesionBoxes, Architecture = recipe.Model.Architecture, Labels = recipe.Labels, Anchors = anchors, ClassAgnosticBoxes = recipe.Model.ClassAgnosticBoxes,
        LongerSide = recipe.Tiles.LongerSide, Tiles = recipe.Tiles.Inference, Detection = recipe.Detection, Licence = recipe.Licence ?? "unknown: trained on the user's own data",
        Recipe = JsonSerializer.SerializeToElement(recipe, RecipeFile.Options),
        Producer = $"fovea {typeof(DetectionExperiment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}",
    };

    private DetectorCard Finished(DetectorCard card, DetectionReport report, string part, int images)
    {
        var figures = new Dictionary<string, CardMetric>();
        void Add(string name, string interval, double? value)
        {
            if (value is { } v) figures[$"{part}.{name}"] = report.Intervals.TryGetValue(interval, out var i) ? new CardMetric(v, i.Low, i.High) : new CardMetric(v);
        }
        Add("ap50", "mean.ap50", report.Mean.GetValueOrDefault("ap50"));
        foreach (var label in report.Labels) Add($"{label.Label}.ap50", $"{label.Label}.ap50", label.Ap50);
        var thresholds = report.Labels.Select(l => (l.Label, l.Hits.First(h => h.Rule == "iou0.3").Threshold)).Where(l => l.Threshold is not null).ToDictionary(l => l.Label, l => Math.Clamp(l.Threshold!.Value, 0, 1));
        return Described(card, images) with { Thresholds = thresholds, Metrics = figures };
    }

    private DetectorCard Described(DetectorCard card, int images) => card with
    {
        Created = DateTimeOffset.UtcNow, Data = [new CardData(Path.GetFileName(Path.TrimEndingDirectorySeparator(data.Source)), "training", images, "see the data set")],
    };
}
