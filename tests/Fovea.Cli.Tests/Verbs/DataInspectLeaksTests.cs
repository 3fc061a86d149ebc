using System.Text.Json;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Tests;
using Fovea.Tests.Models;
using Fovea.Torch.Files;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>data inspect on a set with planted leaks, and with a network's features, through the real process.</summary>
public sealed class DataInspectLeaksTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-leaks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private static FoveaResult Run(params ReadOnlySpan<string> args) => FoveaProcess.Run(args);

    [Fact]
    public void Inspect_PlantedLeaks_NamesEachAndNothingElse()
    {
        Directory.CreateDirectory(At("images"));
        var rows = new List<string> { "image,grade,patient,part" };
        // Eight eyes of eight patients, of which nobody is in both parts.
        for (var i = 0; i < 8; i++) Plant($"own{i}.png", Eye(i), $"P{i}", i < 5 ? "training" : "test", i % 5);
        Plant("mirrored.png", Eye(0).FlipHorizontal(), "Q0", "test", 0);
        Plant("resized.png", Eye(1).Resize(170, 170, Interpolation.Area), "Q1", "test", 1);
        Plant("again.jpg", Eye(2), "Q2", "test", 2);
        // The other eye of a patient who trains.
        Plant("fellow.png", Eye(20), "P3", "test", 3);
        File.WriteAllLines(At("labels.csv"), rows);

        var result = Run("data", "inspect", "--data", $"csv:{At("labels.csv")}?folder=images", "--json", "--html", At("page.html"), "--embed-limit", "0");
        Assert.True(result.ExitCode == 0, result.Error);
        var found = JsonDocument.Parse(result.Output).RootElement;
        var near = found.GetProperty("nearDuplicates").EnumerateArray().ToDictionary(
            c => string.Join(" ", c.GetProperty("images").EnumerateArray().Select(i => i.GetString()).Order(StringComparer.Ordinal)), c => c.GetProperty("mirroring").GetString());
        Assert.Equal(["again.jpg own2.png", "mirrored.png own0.png", "own1.png resized.png"], near.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("none", "leftRight", "none"), (near["again.jpg own2.png"], near["mirrored.png own0.png"], near["own1.png resized.png"]));
        string[] warnings = [.. found.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!)];
        Assert.Equal(3, warnings.Count(w => w.EndsWith("show the same eye in different official parts", StringComparison.Ordinal)));
        Assert.Contains("1 patient has images in different official parts (P3)", warnings);
        Assert.Contains("mirrored copies, distance", File.ReadAllText(At("page.html")), StringComparison.Ordinal);

        static Image Eye(int i) => RetinaPainter.Paint(new MadeUpRetinaSpec((ulong)i, i % 5, 256) { PatientSeed = (ulong)i }).Image;

        void Plant(string name, Image picture, string patient, string part, int grade)
        {
            ImageFile.Write(At($"images/{name}"), picture);
            rows.Add($"{name},{grade},{patient},{part}");
        }
    }

    [Fact]
    public void Inspect_FeaturesOfANetwork_AreLaidOutOnThePage()
    {
        MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(14) { Size = 96, Seed = 3 }, cancellation: TestContext.Current.CancellationToken);
        using (var network = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5)))
        {
            FormulaWeights.Fill(network);
            ModelFile.Write(At("m.fovea"), new ModelCard
            {
                Task = "dr-grade",
                Architecture = "baseline_cnn",
                Preprocessing = new PreprocessingSpec { Size = 64 },
                Head = new HeadSpec(HeadKind.Softmax, 5),
                Classes = ["none", "mild", "moderate", "severe", "proliferative"],
                Licence = "Apache-2.0",
            }, network.State());
        }
        using (var network = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(1000)))
        {
            FormulaWeights.Fill(network);
            Safetensors.Write(At("w.safetensors"), network.State());
        }
        foreach (var features in (string[])[At("m.fovea"), $"squeezenet1_1:{At("w.safetensors")}"])
        {
            var result = Run("data", "inspect", "--data", At("set"), "--html", At("page.html"), "--features", features);
            Assert.True(result.ExitCode == 0, result.Error);
            var page = File.ReadAllText(At("page.html"));
            Assert.Contains("Embedding of grey pixels;", page, StringComparison.Ordinal);
            Assert.Contains($"Embedding of {features};", page, StringComparison.Ordinal);
        }
        Run("data", "inspect", "--data", At("set"), "--html", At("none.html"), "--features", $"no_network:{At("w.safetensors")}").AssertFailed(2, "no_network");
        Run("data", "inspect", "--data", At("set"), "--html", At("none.html"), "--features", At("missing.fovea")).AssertFailed(5, "missing.fovea");
        Assert.False(File.Exists(At("none.html")));
    }
}
