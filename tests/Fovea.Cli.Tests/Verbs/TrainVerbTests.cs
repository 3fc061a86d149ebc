using System.Text.Json;
using Fovea.Cli.Tests.Resume;

namespace Fovea.Cli.Tests.Verbs;

public sealed class TrainVerbTests
{
    private const string Tiny = """{ "model": { "architecture": "baseline_cnn" }, "preprocessing": { "chain": "plain", "size": 16 }, "training": { "epochs": 1, "batchSize": 10, "select": "last" } }""";

    [Fact]
    public void Train_FindLr_DrawsTheCurveAndTrainsNothing()
    {
        using var runs = new TrainingRuns(Tiny, 40, 32, "--threads", "1");
        var result = FoveaProcess.Run(runs.Arguments("rates", "--find-lr", "15", "--json"));
        Assert.True(result.ExitCode == 0, result.Error);
        var json = JsonDocument.Parse(result.Output).RootElement;
        Assert.InRange(json.GetProperty("steps").GetInt32(), 2, 15);
        Assert.Equal(["learning-rates.csv", "learning-rates.html"], Directory.GetFiles(runs.At("rates")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(json.GetProperty("steps").GetInt32() + 1, File.ReadAllLines(runs.At("rates/learning-rates.csv")).Length);
        Assert.Contains("<svg", File.ReadAllText(runs.At("rates/learning-rates.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ShippedRecipe_IsFoundByItsName()
    {
        using var runs = new TrainingRuns(Tiny, 10, 32);
        // Found and read; refused for the weights that it wants and nobody gave.
        FoveaProcess.Run("train", "--recipe", "s0-xception", "--data", runs.At("set"), "--out", runs.At("run")).AssertFailed(2, "s0-xception", "pretrained weights");
        FoveaProcess.Run("train", "--recipe", "s0-xceptio", "--data", runs.At("set"), "--out", runs.At("run")).AssertFailed(2, "no shipped recipe", "Did you mean 's0-xception'");
    }
}
