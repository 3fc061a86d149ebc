using System.Text.Json;
using Fovea.Cli.Verbs;

namespace Fovea.Cli.Tests.Verbs;

public sealed class EnsembleVerbTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-ensemble-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Write(string name, params string[] lines)
    {
        File.WriteAllLines(Path.Combine(_root, name), lines);
        return Path.Combine(_root, name);
    }

    [Fact]
    public void Ensemble_Vote_WritesTheTableAndItsScores()
    {
        // Votes: a 0,0,1 → 0; b 1,3,3 → 3; c 2,4,0 → the highest of a tie, 4.
        var first = Write("a.csv", "image,true,predicted", "a,0,0", "b,3,1", "c,4,2");
        var second = Write("b.csv", "image,true,predicted", "c,4,4", "b,3,3", "a,0,0");
        var third = Write("c.csv", "image,true,predicted", "b,3,3", "a,0,1", "c,4,0");
        var result = FoveaProcess.Run("ensemble", "--predictions", first, second, third, "--method", "vote", "--out", Path.Combine(_root, "out"), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(1, JsonDocument.Parse(result.Output).RootElement.GetProperty("accuracy").GetDouble());
        Assert.Equal(["image,true,predicted,p0,p1,p2,p3,p4", "a,0,0", "b,3,3", "c,4,4"],
            File.ReadLines(Path.Combine(_root, "out", "predictions.csv")).Select((l, i) => i == 0 ? l : string.Join(',', l.Split(',')[..3])));
        Assert.Equal("vote", JsonDocument.Parse(File.ReadAllText(Path.Combine(_root, "out", "ensemble.json"))).RootElement.GetProperty("rule").GetProperty("kind").GetString());
        Assert.True(File.Exists(Path.Combine(_root, "out", "metrics.json")));
    }

    [Theory]
    [InlineData("--predictions: 1 systems", "--predictions", "a.csv")]
    [InlineData("Did you mean ridge?", "--predictions", "a.csv", "a.csv", "--method", "rigde")]
    [InlineData("a table has no probabilities", "--predictions", "a.csv", "a.csv", "--method", "mean")]
    [InlineData("--trim: 0.5 leaves nothing", "--predictions", "a.csv", "a.csv", "--trim", "0.5")]
    [InlineData("--fit: mean fits nothing", "--predictions", "a.csv", "a.csv", "--fit", "a.csv", "a.csv")]
    [InlineData("--fit: 1 tables for 2 systems", "--predictions", "a.csv", "a.csv", "--method", "ridge", "--fit", "a.csv")]
    [InlineData("--folds: 1 is out of range", "--predictions", "a.csv", "a.csv", "--folds", "1")]
    public async Task Ensemble_Impossible_IsAUsageError(string message, params string[] arguments)
    {
        var table = Write("a.csv", "image,true,predicted", "a,0,0", "b,3,1");
        using var error = new StringWriter();
        Assert.Equal(ExitCodes.Usage, await new CommandLine([EnsembleVerb.Create()], error).RunAsync(["ensemble", .. arguments.Select(a => a == "a.csv" ? table : a)]));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ensemble_OtherImages_IsUnreadableInput()
    {
        using var error = new StringWriter();
        var (first, second) = (Write("a.csv", "image,true,predicted", "a,0,0"), Write("b.csv", "image,true,predicted", "b,0,0"));
        Assert.Equal(ExitCodes.UnreadableInput, await new CommandLine([EnsembleVerb.Create()], error).RunAsync(["ensemble", "--predictions", first, second, "--method", "vote"]));
        Assert.Contains("the image 'a'", error.ToString(), StringComparison.Ordinal);
    }
}
