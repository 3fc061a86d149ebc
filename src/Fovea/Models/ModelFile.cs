using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Torch.Files;
using Fovea.Weights;

namespace Fovea.Models;

/// <summary>A model file that cannot be used. The message is one line: <c>FILE: reason. Remedy.</c></summary>
public sealed class ModelFileException(string file, string reason, string remedy, Exception? inner = null) : Exception($"{file}: {reason}. {remedy}", inner)
{
    /// <summary>The file as the caller named it.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong, without a full stop.</summary>
    public string Reason { get; } = reason;
}

/// <summary>
/// A trained model in one file, <c>*.fovea</c>: a zip of <c>model.json</c> (<see cref="ModelCard"/>) and <c>weights.safetensors</c>. Nothing in it is executed.
/// Equal content gives equal bytes.
/// </summary>
public sealed class ModelFile
{
    /// <summary>The ending of the file's name.</summary>
    public const string Extension = ".fovea";

    private const string CardEntry = "model.json", WeightsEntry = "weights.safetensors";
    private const int MaxEntries = 16, MaxCardBytes = 4 << 20;
    private const long MaxBytes = 2L << 30;
    internal const string Remedy = "Copy the file again, or train it anew with `fovea train`.";

    private ModelFile(string name, ModelCard card, IReadOnlyDictionary<string, StoredTensor> weights) => (Name, Card, Weights) = (name, card, weights);

    /// <summary>The file as the caller named it, for messages.</summary>
    public string Name { get; }

    public ModelCard Card { get; }

    /// <summary>Parameters and buffers by path; checked against <see cref="ModelCard.WeightsSha256"/>, every value finite.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Weights { get; }

    /// <summary>Whether a path names a model file, by its ending.</summary>
    public static bool Is(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads and checks a whole model file.</summary>
    /// <exception cref="ModelFileException">It is missing, damaged, impossible, or of a newer format.</exception>
    /// <exception cref="WeightsFormatException">The weights in it are not safetensors.</exception>
    public static ModelFile Read(string path) => Open(path, zip =>
    {
        var card = ReadCard(zip, path);
        return new ModelFile(path, card, ReadWeights(zip, path, card.WeightsSha256));
    });

    /// <summary>The weights of an open file, checked.</summary>
    internal static IReadOnlyDictionary<string, StoredTensor> ReadWeights(BoundedZip zip, string path, string sha256)
    {
        var bytes = zip.ReadAll(WeightsEntry, MaxBytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (hash != sha256)
            throw new ModelFileException(path, $"the weights' SHA-256 is {hash[..12]}…, not {ModelCard.OneLine(sha256)[..Math.Min(12, sha256.Length)]}… as {CardEntry} says", Remedy);
        var weights = Safetensors.Read(bytes, $"{path}, {WeightsEntry}");
        if (PretrainedWeights.FirstNonFinite(weights) is { } key) throw new ModelFileException(path, $"the tensor {key} holds NaN or infinity", Remedy);
        return weights;
    }

    /// <summary>Reads what a model file says about itself, without its weights.</summary>
    /// <exception cref="ModelFileException">It is missing, damaged, impossible, or of a newer format.</exception>
    public static ModelCard ReadCard(string path) => Open(path, zip => ReadCard(zip, path));

    /// <summary>Writes a model file, whole or not at all.</summary>
    /// <param name="card">Its <see cref="ModelCard.WeightsSha256"/> is set here.</param>
    /// <param name="weights">The network's <c>State()</c>.</param>
    /// <returns>The card as written.</returns>
    /// <exception cref="ArgumentException">The card is impossible, or a weight is NaN or infinite: such a model must not be written.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static ModelCard Write(string path, ModelCard card, IReadOnlyDictionary<string, StoredTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(card);
        if (card.Problem() is { } problem) throw new ArgumentException(problem, nameof(card));
        return Write(path, weights, hash => card with { Format = card.LeastFormat, WeightsSha256 = hash });
    }

    /// <param name="describe">Makes the card from the weights' SHA-256.</param>
    internal static T Write<T>(string path, IReadOnlyDictionary<string, StoredTensor> weights, Func<string, T> describe)
    {
        if (PretrainedWeights.FirstNonFinite(weights) is { } key) throw new ArgumentException($"the tensor {key} holds NaN or infinity", nameof(weights));
        using var tensors = new MemoryStream();
        Safetensors.Write(tensors, weights.OrderBy(w => w.Key, StringComparer.Ordinal));
        var bytes = tensors.GetBuffer().AsMemory(0, (int)tensors.Length);
        var card = describe(Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
        AtomicFile.Write(path, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            Add(zip, CardEntry, JsonSerializer.SerializeToUtf8Bytes(card, ModelCard.Json));
            Add(zip, WeightsEntry, bytes);
        });
        return card;
    }

    /// <summary>Builds the network with the file's weights, for inference or further training.</summary>
    /// <exception cref="ModelFileException">Names or shapes of the weights are not the architecture's.</exception>
    public Network CreateNetwork()
    {
        var network = ModelCatalog.CreateToLoad(Card.Architecture, NetworkOptions.For(Card.Head, Card.Preprocessing.Size));
        var report = network.LoadState(Weights);
        if (report.IsExact) return network;
        network.Dispose();
        throw new ModelFileException(Name, $"its weights do not fit {Card.Architecture}: {report}", Remedy);
    }

    /// <summary>The description in an open file, unread.</summary>
    internal static byte[] CardBytes(BoundedZip zip, string path)
    {
        if (zip.Names.Skip(MaxEntries).Any()) throw new InvalidDataException($"it has more than {MaxEntries} entries");
        if (!zip.Contains(CardEntry)) throw new ModelFileException(path, $"a zip file without {CardEntry}, not a model file", "Give a .fovea file that `fovea train` wrote.");
        return zip.ReadAll(CardEntry, MaxCardBytes);
    }

    private static ModelCard ReadCard(BoundedZip zip, string path)
    {
        ModelCard card;
        try
        {
            card = JsonSerializer.Deserialize<ModelCard>(CardBytes(zip, path), ModelCard.Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new ModelFileException(path, $"{CardEntry} is not a model's description: {ModelCard.OneLine(e.Message).TrimEnd('.')}", Remedy, e);
        }
        return card.Problem() is { } problem ? throw new ModelFileException(path, problem, Remedy) : card;
    }

    internal static T Open<T>(string path, Func<BoundedZip, T> read)
    {
        try
        {
            using var zip = BoundedZip.Open(path, MaxBytes);
            return read(zip);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "no such model file", "Check the path, or train one with `fovea train`.", e);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new ModelFileException(path, e.Message.TrimEnd('.'), Remedy, e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ModelFileException(path, Directory.Exists(path) ? "a folder, not a model file" : e.Message.TrimEnd('.'), "Check the path and its permissions.", e);
        }
    }

    private static void Add(ZipArchive zip, string name, ReadOnlyMemory<byte> content)
    {
        // Stored: float32 weights do not shrink, and a fixed time makes equal models equal files.
        var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
        entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using var stream = entry.Open();
        stream.Write(content.Span);
    }
}
