using System.Text.Json;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>preprocess, and data prepare for train, through the real process.</summary>
public sealed class PreprocessVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-preprocess-").FullName;

    public PreprocessVerbTests() => MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(30) { Size = 48, Seed = 3 });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private string Photograph => Directory.GetFiles(At("set/images")).Order(StringComparer.Ordinal).First();

    private static FoveaResult Run(params ReadOnlySpan<string> args) => FoveaProcess.Run(args);

    [Fact]
    public void Preprocess_OnePhotograph_IsWhatTheNetworkSees()
    {
        var result = Run("preprocess", "--chain", "s0", "--size", "32", Photograph, At("out.png"), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var expected = Preprocessor.Prepare(new(ImageFile.Read(Photograph), "x"), new PreprocessingSpec { Chain = "s0", Size = 32 });
        Assert.True(expected.Pixels.HasSamePixels(ImageFile.Read(At("out.png"))));
        var line = JsonDocument.Parse(Assert.Single(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))).RootElement;
        Assert.Equal((expected.OriginalWidth, expected.OriginalHeight, 32), (line.GetProperty("width").GetInt32(), line.GetProperty("height").GetInt32(), line.GetProperty("size").GetInt32()));
        Assert.Equal(expected.OriginalToPrepared.A, line.GetProperty("originalToPrepared")[0].GetDouble());
    }

    [Fact]
    public void Preprocess_FolderWithACorruptImage_WritesTheOthersAndAnswersThree()
    {
        Directory.CreateDirectory(At("in/deeper"));
        File.Copy(Photograph, At("in/a.png"));
        File.Copy(Photograph, At("in/deeper/b.png"));
        File.WriteAllBytes(At("in/bad.png"), File.ReadAllBytes(Photograph)[..100]);
        var result = Run("preprocess", "--chain", "plain", "--size", "32", At("in"), At("out"));
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("bad.png: ", Assert.Single(result.ErrorLines, l => !l.StartsWith("Preprocessing", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal([At("out/a.png"), At("out/deeper/b.png")], Directory.GetFiles(At("out"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        Assert.Equal([At("out/a.png"), At("out/deeper/b.png")], result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Run("preprocess", "--chain", "plain", At("in"), At("in/deeper/out")).AssertFailed(2, "lies in the folder that is read");
    }

    [Fact]
    public void Preprocess_ListAndUnknownChain_NameTheChains()
    {
        var list = Run("preprocess", "--list");
        Assert.True(list.ExitCode == 0, list.Error);
        Assert.All(PreprocessingChains.All, c => Assert.Contains($"{c.Name} ({c.UsualSize} pixels): ", list.Output, StringComparison.Ordinal));
        var lines = Run("preprocess", "--list", "--json").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(PreprocessingChains.All.Select(c => c.Name), lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("name").GetString()));
        Run("preprocess", "--chain", "plane", Photograph, At("out.png")).AssertFailed(2, "did you mean 'plain'", "--list");
        Run("preprocess", Photograph, At("out.png")).AssertFailed(2, "--chain");
        Assert.False(File.Exists(At("out.png")));
    }

    [Fact]
    public void Train_Prepared_GivesTheSameRunAndRefusesOtherSteps()
    {
        File.WriteAllText(At("recipe.json"),
            """
            { "model": { "architecture": "baseline_cnn" }, "preprocessing": { "chain": "s0", "size": 32 },
              "training": { "epochs": 1, "batchSize": 8 } }
            """);
        var prepared = Run("data", "prepare", "--data", At("set"), "--recipe", At("recipe.json"), "--out", At("prepared"), "--json");
        Assert.True(prepared.ExitCode == 0, prepared.Error);
        var counts = JsonDocument.Parse(prepared.Output).RootElement;
        Assert.Equal((30, 32, 30, 0), (counts.GetProperty("images").GetInt32(), counts.GetProperty("size").GetInt32(), counts.GetProperty("prepared").GetInt32(), counts.GetProperty("unchanged").GetInt32()));

        string[] train = ["train", "--recipe", At("recipe.json"), "--data", At("set"), "--threads", "1"];
        foreach (var options in (string[][])[["--out", At("plain")], ["--out", At("run"), "--prepared", At("prepared")]])
        {
            var result = Run([.. train, .. options]);
            Assert.True(result.ExitCode == 0, result.Error);
        }
        Assert.Equal(File.ReadAllText(At("plain/predictions.csv")), File.ReadAllText(At("run/predictions.csv")));

        Run([.. train, "--out", At("other"), "--prepared", At("prepared"), "--set", "preprocessing.chain=s1"]).AssertFailed(3, "prepared by other steps than the recipe's", "data prepare");
        Run([.. train, "--out", At("none"), "--prepared", At("set")]).AssertFailed(3, "no finished set of prepared images");
    }
}
