using System.Globalization;
using System.Text.Json;
using Fovea.Cli.Verbs;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>A packed ensemble through the verbs that open a model.</summary>
public sealed class EnsemblePackTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-pack-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(params string[] name) => Path.Combine([_folder, .. name]);

    private FoveaResult Run(params ReadOnlySpan<string> args)
    {
        var result = FoveaProcess.Run(TimeSpan.FromMinutes(2), _folder, args);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private void Member(string name, int seed, int size)
    {
        TorchRuntime.Seed((ulong)seed);
        var head = new HeadSpec(HeadKind.Softmax, 5);
        using var module = ModelCatalog.Create("baseline_cnn", NetworkOptions.For(head, size));
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        ModelFile.Write(At(name), new ModelCard
        {
            Task = "dr-grade", Architecture = "baseline_cnn", Preprocessing = new PreprocessingSpec { Size = size }, Head = head,
            Classes = ["no DR", "mild", "moderate", "severe", "proliferative"], Licence = "Apache-2.0",
        }, module.State());
    }

    [Fact]
    public void Pack_ThenEvaluateCalibrateGrade_IsTheEnsembleOfTheMembersTables()
    {
        Member("run/fold-1/model.fovea", 1, 64);
        Member("run/fold-2/model.fovea", 2, 64);
        Member("c.fovea", 3, 96);
        Run("data", "draw", "--out", "retinas", "--count", "12", "--size", "256");
        string[] members = ["run/fold-1/model.fovea", "run/fold-2/model.fovea", "c.fovea"];
        for (var m = 0; m < 3; m++) Run("evaluate", "--model", members[m], "--data", "madeup:retinas", "--out", $"alone-{m}", "--resamples", "0");
        string[] tables = ["alone-0/predictions.csv", "alone-1/predictions.csv", "alone-2/predictions.csv"];

        // Fitted on the tables themselves, so that the table's rule is the packed one.
        Run(["ensemble", "--predictions", .. tables, "--fit", .. tables, "--models", "run", "c.fovea", "--method", "weights", "--pack", "e.fovea", "--out", "tables"]);
        using var rule = JsonDocument.Parse(File.ReadAllText(At("tables", "ensemble.json")));
        Assert.Equal(rule.RootElement.GetProperty("rule").GetProperty("weights").EnumerateArray().Select(w => w.GetDouble()), ModelFile.ReadCard(At("e.fovea")).Ensemble!.Rule.Weights!);
        Run("evaluate", "--model", "e.fovea", "--data", "madeup:retinas", "--out", "packed", "--resamples", "0");
        // Tables hold all bits of a probability, and are scaled to a sum of 1 when they are read: a rounding of double is all that may differ.
        Compare(Table("tables"), Table("packed"), 1e-12);

        Run("calibrate", "--model", "e.fovea", "--data", "madeup:retinas", "--out", "calibrated.fovea");
        var photograph = Directory.GetFiles(At("retinas"), "*.png", SearchOption.AllDirectories)[0];
        using var graded = JsonDocument.Parse(Run("grade", photograph, "--model", "calibrated.fovea", "--force", "--json", "--panel", "panels").Output);
        Assert.Equal(0.9, graded.RootElement.GetProperty("setCoverage").GetDouble());
        Assert.True(File.Exists(At(graded.RootElement.GetProperty("panel").GetString()!)));
        // One within another is refused.
        FoveaProcess.Run(TimeSpan.FromMinutes(1), _folder, "ensemble", "--models", "e.fovea", "c.fovea", "--pack", "nested.fovea").AssertFailed(2, "e.fovea", "an ensemble already");
    }

    private string[][] Table(string folder) => [.. File.ReadAllLines(At(folder, "predictions.csv")).Skip(1).Select(l => l.Split(','))];

    private static void Compare(string[][] expected, string[][] actual, double tolerance)
    {
        Assert.Equal(expected.Select(r => string.Join(',', r[..^5])), actual.Select(r => string.Join(',', r[..^5])));
        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        for (var i = 0; i < expected.Length; i++)
            for (var k = expected[i].Length - 5; k < expected[i].Length; k++) Assert.Equal(Number(expected[i][k]), Number(actual[i][k]), tolerance);
    }

    [Theory]
    [InlineData("--models: nothing says where", "--models", "a.fovea", "b.fovea")]
    [InlineData("does not end in .fovea", "--models", "a.fovea", "b.fovea", "--pack", "e.zip")]
    [InlineData("--models: 1 model. Give 2 to 32", "--models", "a.fovea", "--pack", "e.fovea")]
    [InlineData("--models: 0 models", "--pack", "e.fovea")]
    [InlineData("--method ridge: is fitted", "--models", "a.fovea", "b.fovea", "--pack", "e.fovea", "--method", "ridge")]
    [InlineData("2 models for 3 tables", "--models", "a.fovea", "b.fovea", "--pack", "e.fovea", "--method", "ridge", "--predictions", "1.csv", "2.csv", "3.csv")]
    public async Task Pack_Impossible_IsAUsageError(string message, params string[] arguments)
    {
        using var error = new StringWriter();
        Assert.Equal(ExitCodes.Usage, await new CommandLine([EnsembleVerb.Create()], error).RunAsync(["ensemble", .. arguments]));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }
}
