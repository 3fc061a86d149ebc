using System.Text.Json;

namespace Fovea.Cli.Tests.Verbs;

public sealed class RunsVerbTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-runs-").FullName;

    public RunsVerbTests()
    {
        Write("a/recipe.json", """{ "name": "small", "seed": 1, "model": { "architecture": "resnet18" }, "training": { "epochs": 3 } }""");
        Write("a/metrics.jsonl", """
            {"epoch":1,"loss":1,"quadraticWeightedKappa":0.5,"seconds":30}
            {"epoch":2,"loss":0.5,"quadraticWeightedKappa":0.75,"seconds":30.5}
            """);
        Write("a/metrics.json", """{ "quadraticWeightedKappa": 0.7, "accuracy": 0.625, "auc": 0.8125 }""");
        Write("group/b/recipe.json", """{ "name": "other", "seed": 1, "model": { "architecture": "resnet18" }, "training": { "epochs": 3, "ema": 0.9 } }""");
        Write("group/b/fold-0/recipe.json", "{}"); // belongs to the run above it
        Write("group/b/fold-0/metrics.jsonl", """{"epoch":1,"loss":1,"quadraticWeightedKappa":null,"seconds":1}""");
        Write("group/b/fold-1/metrics.jsonl", """{"epoch":1,"loss":1,"quadraticWeightedKappa":0.25,"seconds":1}""");
        Write("not-a-run/notes.txt", "x");
        Write("damaged/recipe.json", "{ never");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, name))!);
        File.WriteAllText(Path.Combine(_root, name), text + "\n");
    }

    [Fact]
    public void Runs_OfAFolder_AreListedWithStateAndFigures()
    {
        var result = FoveaProcess.Run("runs", _root, "--compare", "--sort", "kappa");
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Output.TrimEnd('\n').Split('\n').Select(l => l.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToArray();
        Assert.Equal(["run", "network", "state", "epochs", "validation QWK", "QWK", "accuracy", "AUC", "time", "training.ema"], lines[0]);
        Assert.Equal([Path.Combine(_root, "a"), "resnet18", "finished", "2/3", "0.7500", "0.7000", "0.6250", "0.8125", "0:01:00", "–"], lines[1]);
        Assert.Equal([Path.Combine(_root, "group", "b"), "resnet18", "stopped", "2/6", "0.2500", "–", "–", "–", "0:00:02", "0.9"], lines[2]);
        Assert.Equal(3, lines.Length);
    }

    [Fact]
    public void Runs_AsJson_AreALineEach()
    {
        var lines = FoveaProcess.Run("runs", _root, "--json").Output.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        var second = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal("stopped", second.GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("kappa").ValueKind);
    }

    [Fact]
    public void Runs_NoSuchFolder_IsUnreadableInput() => FoveaProcess.Run("runs", Path.Combine(_root, "nothing")).AssertFailed(3, "nothing: no such folder");
}
