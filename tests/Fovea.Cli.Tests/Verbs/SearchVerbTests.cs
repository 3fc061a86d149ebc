using System.Text.Json;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Tests.Verbs;

public sealed class SearchVerbTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-search-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string At(string name) => Path.Combine(_root, name);

    [Fact]
    public async Task Search_TwoProcessesOnOneFolder_ShareTheTrialsAndAgree()
    {
        MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(40) { Size = 32, Seed = 11 }, cancellation: TestContext.Current.CancellationToken);
        File.WriteAllText(At("recipe.json"), """
            { "model": { "architecture": "baseline_cnn" }, "preprocessing": { "chain": "plain", "size": 16 }, "training": { "epochs": 2, "batchSize": 8 } }
            """);
        File.WriteAllText(At("search.json"), """
            { "recipe": "recipe.json", "trials": 3, "halving": { "from": 1, "factor": 2 }, "ranges": { "optimiser.learningRate": { "logUniform": [1e-4, 1e-2] } } }
            """);
        string[] arguments = ["search", "--search", At("search.json"), "--data", At("set"), "--out", At("found"), "--threads", "1", "--json"];
        var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => FoveaProcess.Run(arguments))));
        Assert.All(both, r => Assert.True(r.ExitCode == 0, r.Error));
        Assert.Equal(both[0].Output, both[1].Output);
        var results = both[0].Output.TrimEnd('\n').Split('\n').Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal([0, 0, 0, 1], results.Select(r => r.GetProperty("rung").GetInt32())); // one in two goes on
        Assert.Equal([1, 1, 1, 2], results.Select(r => r.GetProperty("epochs").GetInt32()));
        // Each trial was trained by one of them.
        Assert.Equal(4, both.Sum(r => r.ErrorLines.Count(l => l.StartsWith("trial", StringComparison.Ordinal) && l.Contains(", rung", StringComparison.Ordinal))));
        Assert.Equal(5, File.ReadLines(At("found/results.csv")).Count());
        Assert.Contains("--set optimiser.learningRate=", both[0].Error, StringComparison.Ordinal);
        // The test part was not opened.
        Assert.Empty(Directory.GetFiles(At("found"), "predictions.csv", SearchOption.AllDirectories));

        FoveaProcess.Run([.. arguments, "--set", "seed=2"]).AssertFailed(2, "found: it was begun with another search");
    }

    [Theory]
    [InlineData("{ \"ranges\": { \"optimiser.learningrate\": { \"choice\": [1] } } }", "optimiser.learningrate")]
    [InlineData("{ \"trails\": 1 }", "Did you mean 'trials'")]
    public void Search_Impossible_IsAUsageError(string search, string message)
    {
        File.WriteAllText(At("recipe.json"), "{}");
        File.WriteAllText(At("search.json"), search);
        MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(10) { Size = 32, Seed = 11 }, cancellation: TestContext.Current.CancellationToken);
        var result = FoveaProcess.Run("search", "--search", At("search.json"), "--recipe", At("recipe.json"), "--data", At("set"), "--out", At("found"));
        Assert.Equal(ExitCodes.Usage, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }
}
