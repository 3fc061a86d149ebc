using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Recipes;
using Fovea.Training.Splits;
using Fovea.Training.Training;
using static Fovea.Training.Tests.Training.TinyTraining;

namespace Fovea.Training.Tests.Training;

[Collection(TensorsAlone.Name)]
public sealed class ExperimentTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Pictures in memory; 48 pixels, so that copies are told from likenesses.</summary>
    private static Dataset Data(int count, Func<int, SamplePart>? part = null, Func<int, FundusImage>? read = null) => new("tiny", "csv", Dataset.GradeNames,
        [.. Enumerable.Range(0, count).Select(i => new Sample($"i{i}", i % 5) { Part = part?.Invoke(i) ?? SamplePart.Unassigned })],
        read ?? (i => new FundusImage(Fovea.Training.Tests.Data.Pictures.Noise((ulong)i), $"i{i}")));

    private static (ExperimentResult Result, List<TrainingEvent> Events) CrossValidate(RunDirectory run, Recipe recipe, Dataset data, int folds = 3, Func<TrainingEvent, bool>? stopAfter = null)
    {
        var events = new List<TrainingEvent>();
        using var stop = new CancellationTokenSource();
        var experiment = new Experiment(recipe, data, null, new Observer(e =>
        {
            lock (events) events.Add(e);
            if (stopAfter?.Invoke(e) == true) stop.Cancel();
        }));
        return (experiment.CrossValidate(run, folds, stop.Token), events);
    }

    [Fact]
    public void Run_WithASplit_UsesItsPartsAndLeavesTheUnused()
    {
        var data = Data(30);
        var path = _folder.Write("s.csv", "image,grade,part\n" + string.Concat(data.Samples.Select((s, i) => $"{s.Id},{s.Label},{(i < 5 ? "unused" : i < 20 ? "training" : i < 25 ? "validation" : "test")}\n")));
        var run = new RunDirectory(_folder["run"]);
        var result = new Experiment(Recipe(), data, null, split: Split.Read(path)).Run(run, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(25, 5).Select(i => $"i{i}"), result.Predictions.Images);
        Assert.Equal(["unused", "training", "validation", "test"], File.ReadLines(run.SplitCsv).Skip(1).Select(line => line.Split(',')[3]).Distinct());
    }

    [Fact]
    public void CrossValidate_WithFoldsGiven_PredictsEachImageOnceButTheUnused()
    {
        var data = Data(25);
        var path = _folder.Write("s.csv", "image,grade,fold\n" + string.Concat(data.Samples.Select((s, i) => $"{s.Id},{s.Label},{(i < 5 ? "unused" : i / 5 % 2)}\n")));
        var split = Split.Read(path);
        var result = new Experiment(Recipe(), data, null, split: split).CrossValidate(new RunDirectory(_folder["run"]), split.FoldCount, TestContext.Current.CancellationToken);
        Assert.Equal(data.Samples.Skip(5).Select(s => s.Id).Order(StringComparer.Ordinal), result.Predictions.Images.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void CrossValidate_InterruptedInTheSecondFold_DoesNotTrainTheFirstAgainAndGivesTheSame()
    {
        var (recipe, data) = (Recipe("training.select=bestKappa", "split.validation=0.2"), Data(30));
        var whole = new RunDirectory(_folder["whole"]);
        CrossValidate(whole, recipe, data);

        var run = new RunDirectory(_folder["broken"]);
        var fold = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => CrossValidate(run, recipe, data, stopAfter: e =>
        {
            if (e is StageProgress { Total: 3 } s && s.What.StartsWith("fold", StringComparison.Ordinal)) fold = s.Done;
            return fold == 1 && e is StepDone { Epoch: 2, Step: 1 };
        }));
        Assert.True(File.Exists(run.In("fold-0/model.fovea")));
        Assert.False(File.Exists(run.In("fold-1/model.fovea")));

        var (_, events) = CrossValidate(run, recipe, data);
        var second = events.FindIndex(e => e is StageProgress { What: "fold 2 of 3" });
        Assert.DoesNotContain(events[..second], e => e is StepDone);
        Assert.Equal([new Resumed(3, 0), new Resumed(1, 1)], events.OfType<Resumed>());
        foreach (var name in new[] { "predictions.csv", "metrics.json", "split.csv", "fold-0/predictions.csv", "fold-1/predictions.csv", "fold-2/metrics.json" })
            Assert.Equal(File.ReadAllText(whole.In(name)), File.ReadAllText(run.In(name)));
        for (var k = 0; k < 3; k++)
            Assert.Equal(ModelFile.ReadCard(whole.In($"fold-{k}/model.fovea")).WeightsSha256, ModelFile.ReadCard(run.In($"fold-{k}/model.fovea")).WeightsSha256);
        Assert.Equal(data.Samples.Select(s => s.Id).Order(), File.ReadAllLines(run.PredictionsCsv).Skip(1).Select(l => l.Split(',')[0]).Order());
    }

    [Fact]
    public void CrossValidate_ResumedWithAnotherRecipeOrFolds_IsRefusedAndTouchesNothing()
    {
        var (recipe, data, run) = (Recipe("training.epochs=1"), Data(15), new RunDirectory(_folder["run"]));
        CrossValidate(run, recipe, data);
        var before = Directory.GetFiles(run.Path).ToDictionary(f => f, File.ReadAllText);

        var other = Assert.Throws<RunDirectoryException>(() => CrossValidate(run, recipe with { Seed = 9 }, data));
        Assert.Equal($"{run.Path}: its run was begun with another recipe. Resume with {run.RecipeJson} and without --set, or give another folder.", other.Message);
        Assert.Contains("other images, labels or folds", Assert.Throws<RunDirectoryException>(() => CrossValidate(run, recipe, data, folds: 4)).Message, StringComparison.Ordinal);
        Assert.Contains("other images, labels or folds", Assert.Throws<RunDirectoryException>(() => CrossValidate(run, recipe, Data(20))).Message, StringComparison.Ordinal);
        Assert.Equal(before, Directory.GetFiles(run.Path).ToDictionary(f => f, File.ReadAllText));
    }

    [Fact]
    public void Run_InAFolderThatAnotherProcessHolds_IsRefused()
    {
        var run = new RunDirectory(_folder["run"]);
        using var other = run.Claim();
        Assert.Throws<RunDirectoryException>(() => new Experiment(Recipe(), Data(20), null).Run(run, TestContext.Current.CancellationToken));
        Assert.False(File.Exists(run.RecipeJson));
    }

    [Fact]
    public void Run_OfficialPartsWithoutValidation_ChoosesTheEpochOnAShareOfTraining()
    {
        var data = Data(30, i => i < 20 ? SamplePart.Training : SamplePart.Test);
        var result = new Experiment(Recipe("training.select=bestKappa", "split.validation=0.25"), data, null).Run(new RunDirectory(_folder["run"]), TestContext.Current.CancellationToken);
        Assert.Equal([.. Enumerable.Range(20, 10).Select(i => $"i{i}")], result.Predictions.Images);
        Assert.All(result.History, h => Assert.NotNull(h.ValidationLoss));
        Assert.Equal("test.accuracy", Assert.Single(ModelFile.ReadCard(result.ModelPath!).Metrics.Keys, k => k.EndsWith("accuracy", StringComparison.Ordinal)));
    }

    [Fact]
    public void Run_ThatCannotBegin_LeavesNoFolder()
    {
        var path = _folder["run"];
        void Refused<T>(Recipe recipe, Dataset data, string message, string? weights = null) where T : Exception
        {
            var e = Assert.Throws<T>(() => new Experiment(recipe, data, weights).Run(new RunDirectory(path), TestContext.Current.CancellationToken));
            Assert.Contains(message, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
            Assert.False(Directory.Exists(path), message);
        }
        Refused<RecipeException>(Recipe("head.classes=4"), Data(20), "head.classes is 4");
        Refused<RecipeException>(Recipe("model.pretrained=true"), Data(20), "--weights");
        Refused<RecipeException>(Recipe("model.freeze=[\"conv9\"]"), Data(20), "'conv9'");
        Refused<RecipeException>(Recipe("model.weightsUpTo=stage9"), Data(20), "stage1, stage2, stage3");
        Refused<DatasetException>(Recipe(), Data(4), "no image of grade 4");
        Refused<WeightsFormatException>(Recipe(), Data(20), "no such file", _folder["none.pth"]);
        Safetensors.Write(_folder["w.safetensors"], new Dictionary<string, StoredTensor> { ["conv1.weight"] = StoredTensor.From<float>([1], 1) });
        Refused<WeightsFormatException>(Recipe(), Data(20), "do not fit baseline_cnn", _folder["w.safetensors"]);
        Refused<UnreadableImageException>(Recipe(), Data(20, read: i => throw new UnreadableImageException($"i{i}.png", "not an image", "Replace it")), "not an image");
    }

    [Fact]
    public void Run_WeightsOfTheFirstStages_StartsTheOthersAnew()
    {
        using (var network = ModelCatalog.Create("baseline_cnn", NetworkOptions.For(Recipe().Head, Recipe().Preprocessing.Size)))
            Safetensors.Write(_folder["first.safetensors"], network.NamedParameters().Where(p => p.Path.StartsWith("conv1.", StringComparison.Ordinal))
                .ToDictionary(p => p.Path, p => StoredTensor.From<float>(p.Tensor.ToArray<float>(), p.Tensor.Shape)));
        Assert.Throws<WeightsFormatException>(() => new Experiment(Recipe(), Data(20), _folder["first.safetensors"]).Run(new RunDirectory(_folder["all"]), TestContext.Current.CancellationToken));
        var events = new List<TrainingEvent>();
        new Experiment(Recipe("model.weightsUpTo=stage1", "training.epochs=1"), Data(20), _folder["first.safetensors"], new Observer(events.Add)).Run(new RunDirectory(_folder["run"]), TestContext.Current.CancellationToken);
        Assert.Equal(2, Assert.Single(events.OfType<WeightsLoaded>()).Report.Loaded);
    }

    [Fact]
    public void Experiment_FewerGroupsThanParts_SaysSo()
    {
        // five patients: not enough for six folds
        var data = new Dataset("tiny", "csv", Dataset.GradeNames, [.. Enumerable.Range(0, 25).Select(i => new Sample($"i{i}", i % 5) { Patient = $"p{i % 5}" })],
            i => new FundusImage(Fovea.Training.Tests.Data.Pictures.Noise((ulong)i), $"i{i}"));
        var e = Assert.Throws<DatasetException>(() => new Experiment(Recipe(), data, null).CrossValidate(new RunDirectory(_folder["run"]), 6, TestContext.Current.CancellationToken));
        Assert.Contains("5 groups of images (a patient's, or copies of a picture) for 6 parts", e.Message, StringComparison.Ordinal);
    }
}
