using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Imaging;
using Fovea.Detection;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Tests;
using Fovea.Tests.Models;
using Fovea.Torch.Files;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>forward, models, grade and explain through the real process.</summary>
public sealed class ModelVerbsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private FoveaResult Run(params ReadOnlySpan<string> args) => FoveaProcess.Run(TimeSpan.FromMinutes(2), _folder, args);

    /// <summary>Weights by formula as safetensors.</summary>
    private string Weights(string network = "baseline_cnn", int outputs = 7, Action<Dictionary<string, StoredTensor>>? edit = null)
    {
        using var module = ModelCatalog.Create(network, new NetworkOptions(outputs));
        FormulaWeights.Fill(module);
        var state = new Dictionary<string, StoredTensor>(module.State());
        edit?.Invoke(state);
        Safetensors.Write(At("w.safetensors"), state);
        return At("w.safetensors");
    }

    private string Input(params long[] shape)
    {
        Npy.Write(At("x.npy"), StoredTensor.From<float>(FormulaWeights.InputValues(shape), shape));
        return At("x.npy");
    }

    private string Model(string name = "m.fovea") => Model(name, ModelTasks.Grade, "none", "mild", "moderate", "severe", "proliferative");

    private string Model(string name, string task, params string[] classes)
    {
        using var module = ModelCatalog.Create("baseline_cnn", new NetworkOptions(classes.Length));
        FormulaWeights.Fill(module);
        ModelFile.Write(At(name), new ModelCard
        {
            Task = task,
            Architecture = "baseline_cnn",
            Preprocessing = new PreprocessingSpec { Size = 64 },
            Head = new HeadSpec(HeadKind.Softmax, classes.Length),
            Classes = classes,
            Licence = "Apache-2.0",
        }, module.State());
        return At(name);
    }

    /// <summary>A round reddish field with vessels, sharp enough to be graded; or a black one.</summary>
    private string Photograph(string name, bool dark = false)
    {
        var image = new Image(480, 400, 3);
        if (!dark)
        {
            image.FillCircle(240, 200, 190, new Colour(170, 85, 40));
            for (var i = 0; i < 40; i++) image.DrawLine(240, 200, 240 + 180 * Math.Cos(i * 0.157), 200 + 180 * Math.Sin(i * 0.157), new Colour(110, 40, 20), 2);
            image.FillCircle(150, 200, 30, new Colour(230, 190, 110));
        }
        ImageFile.Write(At(name), image);
        return At(name);
    }

    [Fact]
    public void Forward_Safetensors_WritesTheOraclesLogits()
    {
        var expected = Parity.Network("baseline_cnn").Cases[0];
        var result = Run("forward", "--model", "baseline_cnn", "--weights", Weights(), "--input", Input(expected.Input), "--output", At("y.npy"));
        Assert.True(result.ExitCode == 0, result.Error);
        var y = Npy.Read(At("y.npy"));
        Assert.Equal([2L, 7L], y.Shape);
        var scale = expected.Logits.Max(Math.Abs);
        Assert.All(expected.Logits.Zip(y.Values<float>().ToArray()), v => Assert.Equal(v.First / scale, v.Second / scale, 1e-5f));
    }

    [Fact]
    public void Forward_RealPth_WritesTorchvisionsLogits()
    {
        var weights = TestPaths.Data("weights/squeezenet1_1_imagenet.pth");
        var expected = Parity.SqueezenetImageNet;
        var result = Run("forward", "--model", "squeezenet1_1", "--weights", weights, "--input", Input(expected.Input), "--output", At("y.npy"));
        Assert.True(result.ExitCode == 0, result.Error);
        var scale = expected.Logits.Max();
        Assert.All(expected.Logits.Zip(Npy.Read(At("y.npy")).Values<float>().ToArray()), v => Assert.Equal(v.First / scale, v.Second / scale, 1e-5f));
    }

    [Fact]
    public void Forward_StageOfFeaturesWithoutClassifier_WritesThem()
    {
        var weights = TestPaths.Data("weights/mobilenet_v2_imagenet_features_bncalibrated.safetensors");
        var input = Input(1, 3, 64, 96);
        var result = Run("forward", "--model", "mobilenet_v2", "--weights", weights, "--input", input, "--output", At("y.npy"), "--stage", "top");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal([1L, 1280, 2, 3], Npy.Read(At("y.npy")).Shape);
        Run("forward", "--model", "mobilenet_v2", "--weights", weights, "--input", input, "--output", At("z.npy")).AssertFailed(5, "2 missing: classifier.1.weight");
        Assert.False(File.Exists(At("z.npy")));
    }

    [Fact]
    public void Forward_ManyImages_EqualsOneAtATime()
    {
        // 40 images of 3·128·128·4 bytes are several chunks
        var many = FormulaWeights.InputValues(40, 3, 128, 128);
        Npy.Write(At("x.npy"), StoredTensor.From<float>(many, 40, 3, 128, 128));
        var weights = Weights();
        Assert.Equal(0, Run("forward", "--model", "baseline_cnn", "--weights", weights, "--input", At("x.npy"), "--output", At("y.npy")).ExitCode);
        Npy.Write(At("x.npy"), StoredTensor.From<float>(many.AsSpan(39 * 3 * 128 * 128), 1, 3, 128, 128));
        Assert.Equal(0, Run("forward", "--model", "baseline_cnn", "--weights", weights, "--input", At("x.npy"), "--output", At("last.npy")).ExitCode);
        var (all, last) = (Npy.Read(At("y.npy")), Npy.Read(At("last.npy")));
        Assert.Equal([40L, 7L], all.Shape);
        Assert.All(all.Values<float>()[^7..].ToArray().Zip(last.Values<float>().ToArray()), v => Assert.Equal(v.First, v.Second, 1e-4f));
    }

    [Fact]
    public void Forward_BadInputs_FailWithOneLine()
    {
        var (weights, input) = (Weights(), Input(1, 3, 32, 32));
        void Fails(int code, string model, string w, string x, params ReadOnlySpan<string> parts) =>
            Run("forward", "--model", model, "--weights", w, "--input", x, "--output", At("y.npy")).AssertFailed(code, parts);

        Fails(2, "baseline_cn", weights, input, "baseline_cn:", "Did you mean baseline_cnn?");
        Fails(5, "baseline_cnn", At("none.pth"), input, "none.pth", "no such file");
        Fails(5, "resnet18", weights, input, "w.safetensors", "do not fit resnet18", "missing");

        Npy.Write(At("rank.npy"), StoredTensor.From<float>(new float[3 * 32 * 32], 3, 32, 32));
        Fails(3, "baseline_cnn", weights, At("rank.npy"), "rank.npy: its shape is [3, 32, 32]");
        Npy.Write(At("type.npy"), StoredTensor.From<double>(new double[3 * 32 * 32], 1, 3, 32, 32));
        Fails(3, "baseline_cnn", weights, At("type.npy"), "type.npy: its elements are Float64");
        Npy.Write(At("small.npy"), StoredTensor.From<float>(new float[3 * 4], 1, 3, 2, 2));
        Fails(3, "baseline_cnn", weights, At("small.npy"), "small.npy", "needs 15 pixels");
        Npy.Write(At("nan.npy"), StoredTensor.From<float>([.. Enumerable.Repeat(float.NaN, 3 * 32 * 32)], 1, 3, 32, 32));
        Fails(3, "baseline_cnn", weights, At("nan.npy"), "nan.npy: element 0 is NaN");
        Fails(3, "baseline_cnn", weights, At("missing.npy"), "missing.npy", "no such file");

        Fails(5, "baseline_cnn", Weights(edit: s => s["fc4.bias"] = StoredTensor.From<float>([1, 2, 3, 4, 5, float.PositiveInfinity, 7], 7)), input, "fc4.bias holds NaN or infinity");
        Assert.False(File.Exists(At("y.npy")));
    }

    [Fact]
    public void Forward_PickleThatCallsOsSystem_IsRefusedAndNothingRuns()
    {
        // protocol 0, as torch.save's oldest files: os.system("touch pwned")
        var pickle = System.Text.Encoding.ASCII.GetBytes($"cposix\nsystem\n(S'touch {At("pwned")}'\ntR.");
        File.WriteAllBytes(At("evil-raw.pth"), pickle);
        using (var zip = System.IO.Compression.ZipFile.Open(At("evil.pth"), System.IO.Compression.ZipArchiveMode.Create))
        using (var entry = zip.CreateEntry("archive/data.pkl").Open()) entry.Write(pickle);
        foreach (var name in new[] { "evil.pth", "evil-raw.pth" })
            Run("forward", "--model", "baseline_cnn", "--weights", At(name), "--input", Input(1, 3, 32, 32), "--output", At("y.npy")).AssertFailed(5, name);
        Assert.False(File.Exists(At("pwned")));
    }

    [Fact]
    public void ModelsList_Json_HoldsTheCatalogue()
    {
        var result = Run("models", "list", "--json", "--classes", "5");
        Assert.Equal(0, result.ExitCode);
        var rows = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal([.. ModelCatalog.Entries.Select(e => e.Name), .. DetectorCatalog.Entries.Select(e => e.Name)], rows.EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        var detector = rows.EnumerateArray().Single(r => r.GetProperty("name").GetString() == "fasterrcnn_mobilenet_v2_fpn");
        Assert.Equal("mobilenet_v2", detector.GetProperty("backbone").GetString());
        Assert.Equal(186_037, rows[0].GetProperty("parameters").GetInt64());
        Assert.Equal((864L + 18432) * 224 * 224 + 73728L * 112 * 112 + 128 * 5, rows.EnumerateArray().Single(r => r.GetProperty("name").GetString() == "oct_cnn3").GetProperty("multiplyAdds").GetInt64());
        Run("models", "list", "--classes", "0").AssertFailed(2, "--classes");
        Run("models", "list", "--json", "--markdown").AssertFailed(2, "--markdown");
    }

    [Fact]
    public void ModelsList_Markdown_IsTheTableOfTheDocumentation()
    {
        var result = Run("models", "list", "--markdown");
        Assert.Equal(0, result.ExitCode);
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "models.md"));
        Assert.True(page.Contains(result.Output, StringComparison.Ordinal), "docs/models.md is out of date. Paste what `fovea models list --markdown` prints.");
    }

    [Fact]
    public void Forward_FirstStagesInGluonsNames_WritesTheStage()
    {
        var weights = TestPaths.Data("weights/resnet50v2_gluon_stem_stage1to3_imagenet.safetensors");
        var result = Run("forward", "--model", "resnet50_v2", "--weights", weights, "--input", Input(1, 3, 64, 64), "--output", At("y.npy"), "--stage", "stage3");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal([1L, 1024, 4, 4], Npy.Read(At("y.npy")).Shape);
    }

    [Fact]
    public void Forward_FixedInput_IsWhatTheWeightsWereMadeFor()
    {
        using (var module = ModelCatalog.Create("small_cnn", new NetworkOptions(3) { InputSize = (32, 40) }))
        using (var file = File.Create(At("s.safetensors"))) Safetensors.Write(file, module.State());
        Assert.Equal(0, Run("forward", "--model", "small_cnn", "--weights", At("s.safetensors"), "--input", Input(2, 3, 32, 40), "--output", At("y.npy")).ExitCode);
        Assert.Equal([2L, 3], Npy.Read(At("y.npy")).Shape);
        Run("forward", "--model", "small_cnn", "--weights", At("s.safetensors"), "--input", Input(2, 3, 40, 40), "--output", At("z.npy")).AssertFailed(5, "fc1.weight: file [64, 3072]");
    }

    [Fact]
    public void Grade_OnePhotograph_PrintsGradeAndAdvice()
    {
        var result = Run("grade", Photograph("a.png"), "--model", Model());
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Matches(@"a\.png: grade \d, \w+ \(\d+ %\); (no referral|refer to an)", result.Output);
        Assert.Contains("not a medical device", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Grade_WithDmeModel_TellsTheRiskBesideTheGrade()
    {
        var result = Run("grade", Photograph("a.png"), "--model", Model(), "--dme", Model("d.fovea", ModelTasks.DmeRisk, "none", "far", "near"));
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Matches(@"; risk of macular oedema \d of 2, (none|far|near) \(\d+ %\)", result.Output);
        Run("grade", Photograph("a.png"), "--model", Model(), "--dme", Model()).AssertFailed(5, "m.fovea: a model for dr-grade, not for the risk of macular oedema. Train one");
    }

    [Fact]
    public void Detect_NoModelGiven_TakesTheShippedOneWhoseCardIsItsOwn()
    {
        var result = Run("detect", Photograph("a.png"), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using var line = JsonDocument.Parse(result.Output);
        Assert.Equal("lesions.fovea", Path.GetFileName(line.RootElement.GetProperty("model").GetString()));
        var card = File.ReadAllText(Path.Combine(Repository.Root, "models", "lesions.md"));
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Repository.Root, "models", "lesions.fovea")))), card, StringComparison.Ordinal);
        Assert.Equal(["microaneurysm", "haemorrhage", "hard_exudate", "soft_exudate"], DetectorFile.Read(Path.Combine(Repository.Root, "models", "lesions.fovea")).Card.Labels);

        var graded = Run("grade", Photograph("a.png"), "--model", Model(), "--json", "--lesions"); // a FILE is left out
        Assert.True(graded.ExitCode == 0, graded.Error);
        using var report = JsonDocument.Parse(graded.Output);
        Assert.Equal("lesions.fovea", report.RootElement.GetProperty("secondOpinion").GetProperty("model").GetString());
    }

    [Fact]
    public void Grade_NoModelGiven_TakesTheShippedOne()
    {
        var result = Run("grade", Photograph("a.png"), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using var line = JsonDocument.Parse(result.Output);
        Assert.Equal("dr-mobile.fovea", line.RootElement.GetProperty("model").GetString());
        var card = File.ReadAllText(Path.Combine(Repository.Root, "models", "dr-mobile.md"));
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(Repository.Root, "models", "dr-mobile.fovea")))), card, StringComparison.Ordinal);
    }

    [Fact]
    public void Grade_FolderWithABrokenAndADarkImage_GradesTheRestAndReportsTheWorst()
    {
        Directory.CreateDirectory(At("in/"));
        Photograph("in/a.png");
        File.WriteAllText(At("in/b.png"), "not a picture");
        Photograph("in/c.png", dark: true);
        Photograph("in/d.png");
        var result = Run("grade", At("in"), "--model", Model(), "--json", "--heatmap", At("maps"));
        Assert.True(result.ExitCode == 4, result.Error);
        JsonElement[] lines = [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal([At("in/a.png"), At("in/d.png")], lines.Select(l => l.GetProperty("image").GetString()));
        Assert.All(lines, l =>
        {
            Assert.InRange(l.GetProperty("grade").GetInt32(), 0, 4);
            Assert.Equal(l.GetProperty("grade").GetInt32() >= 2, l.GetProperty("referable").GetBoolean());
            Assert.Equal(1, l.GetProperty("probabilities").EnumerateArray().Sum(p => p.GetDouble()), 1e-6);
            Assert.Equal("m.fovea", l.GetProperty("model").GetString());
            Assert.True(l.GetProperty("quality").GetProperty("gradable").GetBoolean());
            var overlay = ImageFile.Read(l.GetProperty("heatmap").GetString()!);
            Assert.Equal((480, 400), (overlay.Width, overlay.Height));
        });
        Assert.Contains(result.ErrorLines, l => l.Contains("b.png", StringComparison.Ordinal));
        Assert.Contains(result.ErrorLines, l => l.Contains("c.png: ungradable, too dark", StringComparison.Ordinal));
        Assert.Equal(2, Directory.GetFiles(At("maps")).Length);
    }

    [Fact]
    public void Grade_UngradableWithForce_GradesAndSaysSo()
    {
        var dark = Photograph("c.png", dark: true);
        Run("grade", dark, "--model", Model()).AssertFailed(4, "c.png: ungradable");
        var forced = Run("grade", dark, "--model", Model(), "--force");
        Assert.Equal(0, forced.ExitCode);
        Assert.Contains("doubtful, the photograph is too dark", forced.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Grade_BadInputs_FailWithOneLine()
    {
        var photograph = Photograph("a.png");
        Run("grade", photograph, "--model", At("none.fovea")).AssertFailed(5, "none.fovea: no such model file", "fovea train");
        var bytes = File.ReadAllBytes(Model());
        File.WriteAllBytes(At("cut.fovea"), bytes[..(bytes.Length / 2)]);
        Run("grade", photograph, "--model", At("cut.fovea")).AssertFailed(5, "cut.fovea");
        Run("grade", At("none.jpg"), "--model", Model()).AssertFailed(3, "none.jpg: no such file");
        Directory.CreateDirectory(At("empty"));
        Run("grade", At("empty"), "--model", Model()).AssertFailed(3, "holds no image");
    }

    [Fact]
    public void Explain_Photograph_WritesPanelAndOverlay()
    {
        var (photograph, model) = (Photograph("a.png"), Model());
        var result = Run("explain", photograph, "--model", model, "--out", At("out"), "--class", "3", "--layer", "stage2", "--colormap", "spring", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var line = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(3, line.GetProperty("explainedGrade").GetInt32());
        Assert.Equal("stage2", line.GetProperty("layer").GetString());
        Assert.Equal((480, 400), (ImageFile.Read(At("out/a.heatmap.png")).Width, ImageFile.Read(At("out/a.heatmap.png")).Height));
        Assert.True(ImageFile.Read(At("out/a.panel.png")).Width > 400);

        void Fails(string option, string value, params ReadOnlySpan<string> parts) =>
            Run("explain", photograph, "--model", model, "--out", At("out2"), option, value).AssertFailed(2, parts);
        Fails("--class", "5", "--class", "Give 0 to 4");
        Fails("--layer", "stage9", "stage1, stage2, stage3");
        Fails("--colormap", "trubo", "Did you mean turbo?");
        Fails("--opacity", "2", "--opacity");
        Fails("--method", "grad-camm", "Did you mean grad-cam?", "occlusion");
        Fails("--samples", "0", "--samples");
        Fails("--reference", photograph, "gradient-shap");
        Run("explain", photograph, "--model", model, "--out", At("out2"), "--method", "occlusion", "--layer", "stage1").AssertFailed(2, "--layer", "not at a layer");
        Run("explain", "--model", model, "--out", At("out2")).AssertFailed(2, "no photograph");
        Assert.False(Directory.Exists(At("out2")));
    }

    [Fact]
    public void Explain_OtherMethodsAndSeveralPhotographs_WriteTheirPictures()
    {
        Directory.CreateDirectory(At("in"));
        var (first, second, model) = (Photograph("in/a.png"), Photograph("b.png"), Model());
        var result = Run("explain", At("in"), second, "--model", model, "--out", At("out"), "--method", "gradient-shap", "--samples", "2", "--reference", first, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal(2, lines.Length);
        Assert.All(lines, l =>
        {
            Assert.Equal("gradient-shap", l.GetProperty("method").GetString());
            Assert.Equal(JsonValueKind.Null, l.GetProperty("layer").ValueKind);
            Assert.True(File.Exists(l.GetProperty("panel").GetString()));
        });
        // Compared with itself nothing speaks for anything.
        Assert.True(lines[0].GetProperty("isFlat").GetBoolean());
        var peak = lines[1].GetProperty("peak");
        if (!lines[1].GetProperty("isFlat").GetBoolean()) Assert.InRange(peak[0].GetDouble(), 0, 480);
    }

    [Fact]
    public void Explain_Score_WritesScoresWithChanceAndPictures()
    {
        Assert.Equal(0, Run("data", "draw", "--out", At("retinas"), "--count", "4", "--size", "96", "--grades", "0,1,1,1,1", "--masks").ExitCode);
        var result = Run("explain", "--score", At("retinas"), "--model", Model(), "--out", At("scores"), "--limit", "3");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("by chance", result.Output, StringComparison.Ordinal);
        var scores = JsonDocument.Parse(File.ReadAllText(At("scores/explanations.json"))).RootElement;
        Assert.Equal(3, scores.GetProperty("images").GetInt32());
        Assert.Equal(4, scores.GetProperty("randomisation").GetArrayLength()); // the head and three stages
        Assert.InRange(scores.GetProperty("pointing").GetProperty("chance").GetDouble(), 0.001, 0.999);
        Assert.True(ImageFile.Read(At("scores/explanations.jpg")).Width > 600);

        Run("explain", Photograph("a.png"), "--score", At("retinas"), "--model", Model(), "--out", At("scores")).AssertFailed(2, "--score");
        Run("explain", "--score", At("none"), "--model", Model(), "--out", At("scores")).AssertFailed(3, "none");
        Run("explain", "--score", At("retinas"), "--tolerance", "2", "--model", Model(), "--out", At("scores")).AssertFailed(2, "--tolerance");
    }

    [Fact]
    public void Grade_Panel_IsWrittenAndNamed()
    {
        var result = Run("grade", Photograph("a.png"), "--model", Model(), "--panel", At("panels"), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var panel = JsonDocument.Parse(result.Output).RootElement.GetProperty("panel").GetString()!;
        Assert.Equal(At("panels/a.panel.png"), panel);
        Assert.True(ImageFile.Read(panel).Width > 1000);
    }
}
