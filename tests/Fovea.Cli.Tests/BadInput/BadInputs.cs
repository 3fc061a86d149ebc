using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Tests.Models;
using Fovea.Torch.Files;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Tests.BadInput;

/// <summary>Class fixture: a folder of good and bad files, made once for each class of tests, and the contract that every bad one is held to.</summary>
public sealed class BadInputs : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-bad-").FullName;

    /// <summary>Where the process runs and would write; empty before and after.</summary>
    private readonly string _work;

    public BadInputs()
    {
        Directory.CreateDirectory(At(""));
        _work = Path.Combine(_root, "work");
        Directory.CreateDirectory(_work);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>A path in the folder of inputs; folders in the name are made.</summary>
    public string At(string name)
    {
        var path = Path.Combine(_root, "in", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    public string Bytes(string name, params byte[] bytes)
    {
        File.WriteAllBytes(At(name), bytes);
        return At(name);
    }

    public string Text(string name, string text) => Bytes(name, Encoding.UTF8.GetBytes(text));

    public static string Fixture(params string[] parts) => Path.Combine([Repository.Root, "oracle", "fixtures", .. parts]);

    /// <summary>
    /// Runs the command and asserts the contract: this exit code, nothing on stdout, one line on stderr beside progress that names all of <paramref name="parts"/> and has a
    /// reason and a remedy, no file or folder made or changed.
    /// </summary>
    internal void Refused(int code, string[] arguments, params ReadOnlySpan<string> parts)
    {
        var before = Listing();
        var result = FoveaProcess.Run(TimeSpan.FromMinutes(2), _work, arguments);
        var lines = result.ErrorLines.Where(line => !IsProgress(line)).ToArray();
        Assert.True(result.ExitCode == code, $"exit code {result.ExitCode}, expected {code}; stderr: {result.Error}");
        Assert.Empty(result.Output);
        var line = Assert.Single(lines);
        Assert.Matches(@"^\S.*?: \S.*[.?] \S.*[.!?]$", line); // NAME: reason. Remedy.
        foreach (var part in parts) Assert.Contains(part, line, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(before, Listing());
    }

    private static bool IsProgress(string line) => line.StartsWith("Preparing images ", StringComparison.Ordinal) || line.StartsWith("Reading ", StringComparison.Ordinal);

    private string[] Listing() => [.. new DirectoryInfo(_root).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
        .Select(f => f is FileInfo file ? $"{f.FullName} {file.Length} {f.LastWriteTimeUtc.Ticks}" : f.FullName + "/").Order(StringComparer.Ordinal)];

    // ---- good files ----

    /// <summary>A model of the smallest network with weights by formula.</summary>
    public string Model => Cached("model.fovea", path =>
    {
        using var network = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5));
        FormulaWeights.Fill(network);
        ModelFile.Write(path, new ModelCard
        {
            Task = "dr-grade",
            Architecture = "baseline_cnn",
            Preprocessing = new PreprocessingSpec { Size = 64 },
            Head = new HeadSpec(HeadKind.Softmax, 5),
            Classes = ["none", "mild", "moderate", "severe", "proliferative"],
            Licence = "Apache-2.0",
        }, network.State());
    });

    /// <summary>Weights of the smallest network.</summary>
    public string Weights => Cached("weights.safetensors", path => Safetensors.Write(path, ModelFile.Read(Model).Weights));

    public string Array => Cached("x.npy", path => Npy.Write(path, StoredTensor.From<float>(new float[3 * 32 * 32], 1, 3, 32, 32)));

    /// <summary>Twenty made-up retinas of 32 pixels, of every grade.</summary>
    public string Set
    {
        get
        {
            if (!Directory.Exists(At("set"))) MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(20) { Size = 32, Seed = 5 });
            return At("set");
        }
    }

    /// <summary>A training of a second.</summary>
    public string Recipe => Cached("recipe.json", path => File.WriteAllText(path,
        """{ "model": { "architecture": "baseline_cnn" }, "preprocessing": { "chain": "plain", "size": 16 }, "training": { "epochs": 1, "batchSize": 5 } }"""));

    private string Cached(string name, Action<string> write)
    {
        if (!File.Exists(At(name))) write(At(name));
        return At(name);
    }

    // ---- bad files ----

    /// <summary>A PNG whose header says so many pixels and whose data is one row at most.</summary>
    public string Png(string name, int width, int height, params byte[] row)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 2);
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true)) zlib.Write([0, .. row]);
        foreach (var (type, content) in new[] { ("IHDR", header), ("IDAT", data.ToArray()), ("IEND", []) })
        {
            byte[] chunk = [.. Encoding.ASCII.GetBytes(type), .. content];
            var number = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
            png.Write([.. number, .. chunk]);
            BinaryPrimitives.WriteUInt32BigEndian(number, Crc(chunk));
            png.Write(number);
        }
        return Bytes(name, png.ToArray());
    }

    /// <summary>A <c>.pth</c> whose pickle calls <c>os.system</c> with a command that makes the file <paramref name="trace"/>.</summary>
    public string EvilCheckpoint(string name, out string trace)
    {
        trace = Path.Combine(_root, name + ".was-run");
        File.Delete(At(name));
        using var zip = ZipFile.Open(At(name), ZipArchiveMode.Create);
        using var entry = zip.CreateEntry("archive/data.pkl").Open();
        entry.Write(EvilPickle(trace));
        return At(name);
    }

    public static byte[] EvilPickle(string trace) => Encoding.UTF8.GetBytes($"cos\nsystem\n(S'touch \"{trace}\"'\ntR.");

    /// <summary>A safetensors file that says that its header has 2 GB.</summary>
    public string HugeHeader(string name)
    {
        var bytes = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, 2L << 30);
        "{\"w\":{\"dtype\":\"F32\""u8.CopyTo(bytes.AsSpan(8));
        return Bytes(name, bytes);
    }

    /// <summary>The good weights with one NaN.</summary>
    public string NanWeights(string name)
    {
        Safetensors.Write(At(name), WithNan());
        return At(name);
    }

    /// <summary>A model file with one NaN in its weights and everything else as it should be, its checksum too.</summary>
    public string NanModel(string name)
    {
        using var tensors = new MemoryStream();
        Safetensors.Write(tensors, WithNan());
        JsonObject card;
        using (var good = ZipFile.OpenRead(Model))
        using (var stream = good.GetEntry("model.json")!.Open()) card = (JsonObject)JsonNode.Parse(stream)!;
        card["weightsSha256"] = Convert.ToHexStringLower(SHA256.HashData(tensors.ToArray()));
        File.Delete(At(name));
        using var zip = ZipFile.Open(At(name), ZipArchiveMode.Create);
        using (var entry = zip.CreateEntry("model.json", CompressionLevel.NoCompression).Open()) entry.Write(Encoding.UTF8.GetBytes(card.ToJsonString()));
        using (var entry = zip.CreateEntry("weights.safetensors", CompressionLevel.NoCompression).Open()) entry.Write(tensors.ToArray());
        return At(name);
    }

    private Dictionary<string, StoredTensor> WithNan()
    {
        var weights = ModelFile.Read(Model).Weights.ToDictionary();
        weights["fc4.bias"] = StoredTensor.From<float>([0, 0, float.NaN, 0, 0], 5);
        return weights;
    }

    /// <summary>A folder with <c>labels.csv</c> and the images a, b, c … of <paramref name="images"/>.</summary>
    public string LabelledFolder(string name, string csv, params ReadOnlySpan<string> images)
    {
        Text($"{name}/labels.csv", csv);
        foreach (var image in images)
        {
            var picture = new Image(20, 20, 3);
            picture.FillCircle(10, 10, 8, new Colour((byte)(100 + image[0]), 80, 40));
            ImageFile.Write(At($"{name}/images/{image}"), picture);
        }
        return At(name);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var k = 0; k < 8; k++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
