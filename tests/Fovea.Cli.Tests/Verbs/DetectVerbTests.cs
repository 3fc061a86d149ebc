using System.Text.Json;
using Fovea.Cli.Verbs;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Training.Augmentation;
using Fovea.Training.Data.Lesions;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>The whole way of a detector, small: annotated photographs, train, detect, annotations again, scores, second opinion.</summary>
public sealed class DetectVerbTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-detect-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    private string At(string name) => Path.Combine(root, name);

    private string Recipe()
    {
        File.WriteAllText(At("r.json"), """
            { "task": "lesions", "labels": ["haemorrhage"], "model": { "frozenNorms": false }, // small
              "tiles": { "side": 64, "perPhotograph": 2, "inference": { "side": 64, "overlap": 32 } }, "sampling": { "anchors": 32, "proposals": 16, "beforeNms": 50, "afterNms": 20 },
              "split": { "validation": 0.3, "test": 0.3 }, "training": { "epochs": 1, "batchSize": 2 }, "schedule": { "warmupEpochs": 0 } }
            """);
        return At("r.json");
    }

    private string Set()
    {
        Directory.CreateDirectory(At("set"));
        for (var i = 0; i < 6; i++)
        {
            var image = Image.Filled(100, 80, 3, new Colour(180, 90, 40));
            image.FillCircle(30 + 5 * i, 40, 8, new Colour(60, 10, 10));
            ImageFile.Write(At($"set/eye{i}.png"), image);
            VocFile.Write(At($"set/eye{i}.xml"), new VocAnnotation($"eye{i}.png", 100, 80, [new VocObject("haemorrhage", new MarkedBox(22 + 5 * i, 32, 39 + 5 * i, 49))]));
        }
        return At("set");
    }

    [Fact]
    public async Task Detect_AfterTraining_WritesWhatItFinds()
    {
        Assert.Equal(ExitCodes.Ok, await Run(TrainVerb.Create(), "train", "--recipe", Recipe(), "--data", Set(), "--out", At("run")));
        var model = At("run/model.fovea");
        var result = FoveaProcess.Run("detect", At("set"), "--model", model, "--json", "--threshold", "0", "--draw", At("drawn"), "--voc", At("voc"));
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(6, lines.Length);
        using var first = JsonDocument.Parse(lines[0]);
        Assert.Equal(100, first.RootElement.GetProperty("width").GetInt32());
        var lesions = first.RootElement.GetProperty("lesions").EnumerateArray().ToArray();
        Assert.Equal(lesions.Length, VocFile.Read(At("voc/eye0.xml")).Objects.Count);
        foreach (var lesion in lesions)
            Assert.True(lesion.GetProperty("left").GetDouble() >= 0 && lesion.GetProperty("right").GetDouble() <= 100 && lesion.GetProperty("score").GetDouble() is >= 0 and <= 1 && lesion.GetProperty("label").GetString() == "haemorrhage");
        Assert.Equal(6, Directory.GetFiles(At("drawn"), "*.png").Length);
        // What detect wrote is scored against the annotations, and is a data set again.
        Assert.Equal(ExitCodes.Ok, await Run(MetricsVerb.Create(), "metrics", "--detection", At("set"), At("voc"), "--resamples", "0"));

        using var network = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(5));
        ModelFile.Write(At("grader.fovea"), new ModelCard
        {
            Task = "dr-grade", Architecture = "squeezenet1_1", Preprocessing = new() { Size = 64 }, Head = new(HeadKind.Softmax, 5), Classes = ["0", "1", "2", "3", "4"], Licence = "none",
        }, network.State());
        var graded = FoveaProcess.Run("grade", At("set/eye0.png"), "--model", At("grader.fovea"), "--lesions", model, "--force", "--json");
        Assert.True(graded.ExitCode == 0, graded.Error);
        using var opinion = JsonDocument.Parse(graded.Output);
        Assert.InRange(opinion.RootElement.GetProperty("secondOpinion").GetProperty("grade").GetInt32(), 0, 4);
    }

    [Fact]
    public void Detect_WrongFiles_AreNamedInOneLine()
    {
        File.WriteAllText(At("no.fovea"), "nothing");
        FoveaProcess.Run("detect", At("a.jpg"), "--model", At("no.fovea")).AssertFailed(ExitCodes.Model, "no.fovea");
        FoveaProcess.Run("detect", At("a.jpg"), "--model", At("none.fovea")).AssertFailed(ExitCodes.Model, "none.fovea", "no such model file");
        FoveaProcess.Run("detect", At("a.jpg"), "--model", At("no.fovea"), "--threshold", "2").AssertFailed(ExitCodes.Usage, "--threshold");
        FoveaProcess.Run("train", "--recipe", Recipe(), "--data", root).AssertFailed(ExitCodes.UnreadableInput, "no known layout");
        FoveaProcess.Run("train", "--recipe", Recipe(), "--data", root, "--split", "s.csv").AssertFailed(ExitCodes.Usage, "--split");
    }

    private static Task<int> Run(System.CommandLine.Command verb, params string[] arguments) => new CommandLine([verb]).RunAsync(arguments);
}
