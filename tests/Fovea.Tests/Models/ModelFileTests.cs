using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch.Files;
using Fovea.Weights;

namespace Fovea.Tests.Models;

public sealed class ModelFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    internal static ModelCard Card(string architecture = "baseline_cnn", HeadKind kind = HeadKind.Softmax, int size = 32) => new()
    {
        Task = "dr-grade",
        Architecture = architecture,
        Preprocessing = new PreprocessingSpec { Size = size },
        Head = new HeadSpec(kind, 5) { Pooling = kind == HeadKind.ThreeHeads ? PoolingKind.Average : null },
        Classes = ["0", "1", "2", "3", "4"],
        Licence = "Apache-2.0",
        Data = [new CardData("made-up retinas", "training", 10, "Apache-2.0")],
        Metrics = new Dictionary<string, CardMetric> { ["validation.accuracy"] = new(0.5, 0.4, 0.6) },
        Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    /// <summary>A model file whose weights are the formula's.</summary>
    internal static string WriteModel(string path, ModelCard? card = null)
    {
        card ??= Card();
        using var network = ModelCatalog.Create(card.Architecture, NetworkOptions.For(card.Head));
        FormulaWeights.Fill(network);
        ModelFile.Write(path, card, network.State());
        return path;
    }

    private string At(string name) => Path.Combine(_folder, name);

    private static ModelFileException Refused(string path) => Assert.Throws<ModelFileException>(() => ModelFile.Read(path).CreateNetwork());

    [Fact]
    public void Read_WhatWasWritten_GivesCardAndWeights()
    {
        var card = Card() with { Decoding = new DecodingSpec { Temperature = 1.5 } };
        var file = ModelFile.Read(WriteModel(At("a.fovea"), card));
        Assert.Equal(1.5, file.Card.Decoding.Temperature);
        Assert.Equal(card.Head, file.Card.Head);
        Assert.Equal(32, file.Card.Preprocessing.Size);
        Assert.Equal(card.Metrics["validation.accuracy"], file.Card.Metrics["validation.accuracy"]);
        Assert.Equal(64, file.Card.WeightsSha256.Length);
        using var network = file.CreateNetwork();
        using var same = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5));
        FormulaWeights.Fill(same);
        Assert.All(same.State(), w => Assert.Equal(w.Value.Data, network.State()[w.Key].Data));
        Assert.Equal(file.Card.WeightsSha256, ModelFile.ReadCard(At("a.fovea")).WeightsSha256);
    }

    [Fact]
    public void Read_CalibratedModel_GivesItsCalibrationInTheNewFormat()
    {
        var decoding = new DecodingSpec { Isotonic = new IsotonicSpec(true, [.. Enumerable.Repeat(new IsotonicMap([0, 0.5, 1], [0.1, 0.4, 0.9]), 4)]), Conformal = new ConformalSpec(0.9, 0.75, true) };
        var fitted = new CardCalibration("idrid, validation part", 61, new Dictionary<string, double> { ["logLoss"] = 1.2 }, new Dictionary<string, double> { ["logLoss"] = 0.9 });
        var card = ModelFile.ReadCard(WriteModel(At("c.fovea"), Card() with { Decoding = decoding, Calibration = fitted }));
        Assert.Equal(decoding, card.Decoding);
        Assert.Equal((2, 61, 0.9), (card.Format, card.Calibration!.Images, card.Calibration.After["logLoss"]));
        // A model without calibration stays readable for older versions.
        Assert.Equal(1, ModelFile.ReadCard(WriteModel(At("a.fovea"))).Format);
    }

    [Fact]
    public void Write_Twice_GivesEqualBytes() =>
        Assert.Equal(File.ReadAllBytes(WriteModel(At("a.fovea"))), File.ReadAllBytes(WriteModel(At("b.fovea"))));

    [Fact]
    public void Write_NaN_ThrowsAndLeavesTheOldFile()
    {
        var old = File.ReadAllBytes(WriteModel(At("a.fovea")));
        var weights = Weights();
        weights["fc4.bias"] = StoredTensor.From<float>([0, 0, float.NaN, 0, 0], 5);
        Assert.Throws<ArgumentException>(() => ModelFile.Write(At("a.fovea"), Card(), weights));
        Assert.Equal(old, File.ReadAllBytes(At("a.fovea")));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Read_MissingFile_SaysHowToGetOne()
    {
        var e = Refused(At("none.fovea"));
        Assert.Contains("no such model file", e.Message, StringComparison.Ordinal);
        Assert.Contains("fovea train", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Folder_Throws() => Assert.Contains("a folder", Refused(_folder).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_EveryTruncation_Throws()
    {
        var bytes = File.ReadAllBytes(WriteModel(At("a.fovea")));
        for (var length = 0; length < bytes.Length; length += 9973)
        {
            File.WriteAllBytes(At("t.fovea"), bytes[..length]);
            Assert.StartsWith(At("t.fovea"), Refused(At("t.fovea")).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_ChangedWeights_NamesTheHash()
    {
        var weights = Weights();
        weights["fc4.bias"] = StoredTensor.From<float>([9, 9, 9, 9, 9], 5);
        Rewrite(json => json, weights);
        Assert.Contains("SHA-256", Refused(At("b.fovea")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NaNWeights_NamesTheTensor()
    {
        var weights = Weights();
        weights["fc4.bias"] = StoredTensor.From<float>([0, 0, float.NaN, 0, 0], 5);
        RewriteHashed(weights);
        Assert.Contains("fc4.bias holds NaN", Refused(At("b.fovea")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WrongKeys_NamesThem()
    {
        var weights = Weights();
        weights.Remove("conv2.weight");
        weights["conv9.weight"] = StoredTensor.From<float>([1], 1);
        weights["fc4.bias"] = StoredTensor.From<float>([1, 1], 2);
        RewriteHashed(weights);
        var message = Refused(At("b.fovea")).Message;
        Assert.Contains("missing: conv2.weight", message, StringComparison.Ordinal);
        Assert.Contains("unexpected: conv9.weight", message, StringComparison.Ordinal);
        Assert.Contains("fc4.bias: file [2], module [5]", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"format\": 1", "\"format\": 4", "its format is 4")]
    [InlineData("baseline_cnn", "alexnet9", "no network named")]
    [InlineData("\"size\": 32", "\"size\": 8", "too small")]
    [InlineData("\"size\": 32", "\"size\": 99999", "not possible")]
    [InlineData("\"classes\": 5", "\"classes\": 4", "5 class names for 4 classes")]
    [InlineData("\"temperature\": 1", "\"temperature\": 0", "temperature")]
    [InlineData("\"task\"", "\"tusk\"", "not a model's description")]
    [InlineData("\"softmax\"", "7", "not a model's description")]
    [InlineData("\"dr-grade\"", "null", "not a model's description")]
    public void Read_ImpossibleCard_SaysWhat(string was, string becomes, string expected)
    {
        Rewrite(json => json.Contains(was, StringComparison.Ordinal) ? json.Replace(was, becomes, StringComparison.Ordinal) : throw new InvalidOperationException(json), Weights());
        Assert.Contains(expected, Refused(At("b.fovea")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZipWithoutCard_SaysSo()
    {
        using (var zip = ZipFile.Open(At("b.fovea"), ZipArchiveMode.Create)) zip.CreateEntry("other.txt");
        Assert.Contains("without model.json", Refused(At("b.fovea")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FeaturesWithoutClassifier_ReportsAFreshHead()
    {
        var path = TestPaths.Data("weights/mobilenet_v2_imagenet_features_bncalibrated.pth");
        using var network = ModelCatalog.Create("mobilenet_v2", new NetworkOptions(5));
        var before = network.State()["classifier.1.weight"].Data;
        var report = PretrainedWeights.Load(network, "mobilenet_v2", path);
        Assert.Equal(["classifier.1.weight", "classifier.1.bias"], report.FreshHead);
        Assert.EndsWith("a fresh head (classifier.1), since the file has none.", report.ToString(), StringComparison.Ordinal);
        Assert.Equal(before, network.State()["classifier.1.weight"].Data);
    }

    [Fact]
    public void Load_HeadOfAnotherSize_ReportsAFreshHead()
    {
        WriteModel(At("a.fovea"));
        using var network = ModelCatalog.Create("baseline_cnn", new NetworkOptions(4));
        var report = PretrainedWeights.Load(network, "baseline_cnn", At("a.fovea"));
        Assert.Equal(["fc4.weight", "fc4.bias"], report.FreshHead);
        Assert.Contains("file [5, 512], module [4, 512]", report.ToString(), StringComparison.Ordinal);
        Assert.Equal(12, report.Loaded);
    }

    [Fact]
    public void Load_AnotherNetworksWeights_Throws()
    {
        WriteModel(At("a.fovea"));
        using var network = ModelCatalog.Create("resnet18", new NetworkOptions(5));
        var e = Assert.Throws<WeightsFormatException>(() => PretrainedWeights.Load(network, "resnet18", At("a.fovea")));
        Assert.Contains("do not fit resnet18", e.Message, StringComparison.Ordinal);
    }

    private static Dictionary<string, StoredTensor> Weights()
    {
        using var network = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5));
        FormulaWeights.Fill(network);
        return new(network.State());
    }

    private static byte[] Bytes(Dictionary<string, StoredTensor> weights)
    {
        using var stream = new MemoryStream();
        Safetensors.Write(stream, weights.OrderBy(w => w.Key, StringComparer.Ordinal));
        return stream.ToArray();
    }

    private void RewriteHashed(Dictionary<string, StoredTensor> weights)
    {
        var was = ModelFile.ReadCard(WriteModel(At("a.fovea"))).WeightsSha256;
        Rewrite(json => json.Replace(was, Convert.ToHexStringLower(SHA256.HashData(Bytes(weights))), StringComparison.Ordinal), weights);
    }

    /// <summary>Writes b.fovea: a good file with its description edited and other weights.</summary>
    private void Rewrite(Func<string, string> edit, Dictionary<string, StoredTensor> weights)
    {
        WriteModel(At("a.fovea"));
        using var from = ZipFile.OpenRead(At("a.fovea"));
        using var reader = new StreamReader(from.GetEntry("model.json")!.Open());
        var json = edit(reader.ReadToEnd());
        using var to = ZipFile.Open(At("b.fovea"), ZipArchiveMode.Create);
        using (var stream = to.CreateEntry("model.json").Open()) stream.Write(Encoding.UTF8.GetBytes(json));
        using (var stream = to.CreateEntry("weights.safetensors").Open()) stream.Write(Bytes(weights));
    }
}
