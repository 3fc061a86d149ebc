using Fovea.Detection;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Training.Augmentation;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Detection;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Detection;

/// <summary>Tiny trainings on drawn discs: that they learn, resume to the same bits, and leave a file that finds them again, also on seams.</summary>
public sealed class DetectionTrainingTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-detection-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static DetectionRecipe Recipe(params string[] overrides) => DetectionRecipeFile.Parse("""
        { "task": "lesions", "labels": ["haemorrhage"], "model": { "frozenNorms": false },
          "tiles": { "side": 96, "perPhotograph": 2, "inference": { "side": 96, "overlap": 32 } },
          "sampling": { "anchors": 64, "proposals": 32, "beforeNms": 100, "afterNms": 50 },
          "split": { "validation": 0.25, "test": 0.25 }, "augmentation": { "flipHorizontal": true },
          "optimiser": { "learningRate": 0.01 }, "training": { "epochs": 2, "batchSize": 2 } }
        """, "test", overrides);

    /// <summary>Photographs of 128 × 96 with two dark discs each.</summary>
    private LesionSet Discs(int count)
    {
        var folder = Path.Combine(_root, "set");
        Directory.CreateDirectory(folder);
        for (var i = 0; i < count; i++)
        {
            var random = SeededRandom.For(7, (ulong)i);
            var image = Image.Filled(128, 96, 3, new Colour(180, 90, 40));
            var objects = new List<VocObject>();
            for (var n = 0; n < 2; n++)
            {
                var (x, y, r) = (12 + random.NextInt(44) + 60 * n, 12 + random.NextInt(72), 5 + random.NextInt(4));
                image.FillCircle(x, y, r, new Colour(60, 10, 10));
                objects.Add(new VocObject("haemorrhage", new MarkedBox(x - r, y - r, x + r + 1, y + r + 1)));
            }
            ImageFile.Write(Path.Combine(folder, $"eye{i:00}.png"), image);
            VocFile.Write(Path.Combine(folder, $"eye{i:00}.xml"), new VocAnnotation($"eye{i:00}.png", 128, 96, objects));
        }
        return LesionReader.Open(folder);
    }

    private RunDirectory Run(string name) => new(Path.Combine(_root, name));

    [Fact]
    public void Run_KilledAndResumed_EndsInTheSameBits()
    {
        var set = Discs(8);
        new DetectionExperiment(Recipe(), set, null).Run(Run("whole"), TestContext.Current.CancellationToken);

        using var cancel = new CancellationTokenSource();
        var stop = new StopAfter(cancel, epoch: 2, step: 1);
        Assert.ThrowsAny<OperationCanceledException>(() => new DetectionExperiment(Recipe(), set, null, stop).Run(Run("cut"), cancel.Token));
        var resumed = new DetectionExperiment(Recipe(), set, null).Run(Run("cut"), TestContext.Current.CancellationToken);

        var (a, b) = (DetectorFile.Read(Run("whole").Model), DetectorFile.Read(Run("cut").Model));
        Assert.Equal(a.Card.WeightsSha256, b.Card.WeightsSha256);
        Assert.Equal(2, resumed.History.Count);
        Assert.Equal(2, resumed.Report.Images); // a quarter of eight
    }

    /// <summary>The second of two losses is then of nothing: zero, and not the mean of nothing, which is no number.</summary>
    [Fact]
    public void Call_EmptyPictureAndNoProposal_HasAFiniteLossTiedToTheWeights()
    {
        using var network = DetectorCatalog.Find("fasterrcnn_mobilenet_v2_fpn").Create(new DetectorOptions(1));
        using var scope = new TensorScope();
        var loss = new DetectionLoss(network, new DetectionLossSettings { Proposals = new ProposalSettings(10, 0) });
        var losses = loss.Call(DetectionBatch.Of([new Image(64, 64, 3)], new DetectionInput()), [[]], random: null);
        Assert.Equal((0, 0), (losses.Classes.Item(), losses.Boxes.Item()));
        Assert.True(losses.Objectness.Item() > 0);
        losses.Total().Backward();
        Assert.All(network.NamedParameters().Where(p => p.Path.StartsWith("roi_heads.", StringComparison.Ordinal)), p => Assert.Equal(0, p.Tensor.Grad!.Abs().Sum().Item()));
    }

    private sealed class StopAfter(CancellationTokenSource cancel, int epoch, int step) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value)
        {
            if (value is StepDone done && done.Epoch == epoch && done.Step == step) cancel.Cancel();
        }
    }

    /// <summary>Two folds, each measured, and a detector of all photographs, from which another starts.</summary>
    [Fact]
    public void CrossValidate_TwoFolds_MeasuresEveryPhotographOnceAndDeliversOneOfAll()
    {
        var set = Discs(4);
        var result = new DetectionExperiment(Recipe("training.epochs=1", "schedule.warmupEpochs=0", "training.deliverAll=true"), set, null).CrossValidate(Run("folds"), 2, TestContext.Current.CancellationToken);
        Assert.Equal(set.Images.Select(i => i.Id), result.Table.Images.Select(i => i.Id));
        Assert.Equal(8, result.Report.Labels[0].Truth);
        Assert.True(File.Exists(Path.Combine(Run("folds").Path, "fold-1", "model.fovea")));
        var (all, delivered) = (DetectorFile.Read(Path.Combine(Run("folds").Path, "all", "model.fovea")), DetectorFile.Read(result.ModelPath!));
        Assert.Equal(all.Card.WeightsSha256, delivered.Card.WeightsSha256);
        Assert.Equal(4, delivered.Card.Data[0].Images);
        if (result.Report.Mean.GetValueOrDefault("ap50") is { } ap) Assert.Equal(ap, delivered.Card.Metrics["folds.ap50"].Value);

        using var other = DetectorCatalog.Find("fasterrcnn_mobilenet_v2_fpn").Create(new DetectorOptions(2));
        var loaded = DetectorWeights.Load(other, DetectorWeights.Read(result.ModelPath!), "model.fovea");
        Assert.Equal(4, loaded.PassedOver); // weights and biases of scores and boxes, which are for one label there
        Assert.Equal(delivered.Weights["rpn.head.cls_logits.weight"].Values<float>().ToArray(), other.State()["rpn.head.cls_logits.weight"].Values<float>().ToArray());
        using var foreign = DetectorCatalog.Find("fasterrcnn_resnet50_v2_c4").Create(new DetectorOptions(1));
        Assert.Throws<WeightsFormatException>(() => DetectorWeights.Load(foreign, delivered.Weights, "model.fovea"));
    }

    [Fact]
    public void Run_TwelveEpochs_LowersTheLossAndLeavesAFile()
    {
        var recipe = Recipe("training.epochs=12", "training.batchSize=4", "tiles.perPhotograph=4", "optimiser.learningRate=0.02", "schedule.warmupEpochs=1", "training.ema=0.9", "model.fitAnchors=true");
        var result = new DetectionExperiment(recipe, Discs(8), null).Run(Run("learns"), TestContext.Current.CancellationToken);
        Assert.True(result.History[^1].Loss < 0.8 * result.History[0].Loss, $"the loss went from {result.History[0].Loss} to {result.History[^1].Loss}");
        using var detector = LesionDetector.Load(result.ModelPath!);
        Assert.Equal(["haemorrhage"], detector.Card.Labels);
        var found = detector.Detect(Image.Filled(128, 96, 3, new Colour(180, 90, 40)), new DetectionSettings(0, 0.3, 5), TestContext.Current.CancellationToken);
        Assert.All(found, d => Assert.True(d.Bounds.HasArea && d.Bounds.Left >= 0 && d.Bounds.Right <= 128 && d.Label == 1));
        Assert.Empty(detector.Detect(new Image(128, 96, 3), cancel: TestContext.Current.CancellationToken)); // black: no retina
    }

    [Theory]
    [InlineData("lesions-idrid")]
    [InlineData("lesions-madeup")]
    public void Read_ShippedRecipe_IsADetectorsAndSurvivesWriting(string name)
    {
        Assert.True(DetectionRecipeFile.Is(name));
        Assert.False(DetectionRecipeFile.Is("demo"));
        var recipe = DetectionRecipeFile.Read(name);
        Assert.Equal(name, recipe.Name);
        Assert.Equal(DetectionRecipeFile.Write(recipe), DetectionRecipeFile.Write(DetectionRecipeFile.Parse(DetectionRecipeFile.Write(recipe), "copy")));
    }

    [Fact]
    public void Read_UnknownKeyOrBadValue_IsNamed()
    {
        Assert.Contains("'tiles.side'", Assert.Throws<RecipeException>(() => Recipe("tiles.sides=64")).Message, StringComparison.Ordinal);
        Assert.Contains("tiles.side is 100", Assert.Throws<RecipeException>(() => Recipe("tiles.side=100")).Message, StringComparison.Ordinal);
        Assert.Contains("labels", Assert.Throws<RecipeException>(() => Recipe("labels=[\"wart\"]")).Message, StringComparison.Ordinal);
        Assert.Contains("mixup", Assert.Throws<RecipeException>(() => Recipe("augmentation.mixup={\"alpha\":1}")).Message, StringComparison.Ordinal);
        Assert.Throws<UnknownModelException>(() => Recipe("model.architecture=fasterrcnn_resnet51"));
    }

    [Fact]
    public void Load_GraderOrDamagedFile_SaysWhatItIs()
    {
        var path = Path.Combine(_root, "no.fovea");
        File.WriteAllText(path, "nothing");
        Assert.Throws<ModelFileException>(() => LesionDetector.Load(path));
        using var network = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(5));
        ModelFile.Write(path, new ModelCard { Task = "dr-grade", Architecture = "squeezenet1_1", Preprocessing = new(), Head = new(HeadKind.Softmax, 5), Classes = ["0", "1", "2", "3", "4"], Licence = "none" }, network.State());
        Assert.Contains("dr-grade", Assert.Throws<ModelFileException>(() => LesionDetector.Load(path)).Message, StringComparison.Ordinal);
    }
}
