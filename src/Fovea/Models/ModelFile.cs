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
/// A trained model in one file, <c>*.fovea</c>: a zip of <c>model.json</c> (<see cref="ModelCard"/>) and <c>weights.safetensors</c>, or, of a packed ensemble, <c>weights-1.safetensors</c> and so on. Nothing in it is executed.
/// Equal content gives equal bytes.
/// </summary>
public sealed class ModelFile
{
    /// <summary>The ending of the file's name.</summary>
    public const string Extension = ".fovea";

    private const string CardEntry = "model.json", WeightsEntry = "weights.safetensors";
    private const int MaxEntries = CardEnsemble.MaxMembers + 16, MaxCardBytes = 4 << 20;
    private const long MaxBytes = 2L << 30;
    internal const string Remedy = "Copy the file again, or train it anew with `fovea train`.";

    private readonly IReadOnlyDictionary<string, StoredTensor>? _weights;

    private ModelFile(string name, ModelCard card, IReadOnlyDictionary<string, StoredTensor>? weights, IReadOnlyList<ModelFile> members) => (Name, Card, _weights, Members) = (name, card, weights, members);

    /// <summary>The file as the caller named it, for messages.</summary>
    public string Name { get; }

    public ModelCard Card { get; }

    /// <summary>Parameters and buffers by path; checked against <see cref="ModelCard.WeightsSha256"/>, every value finite.</summary>
    /// <exception cref="ModelFileException">The file is an ensemble.</exception>
    public IReadOnlyDictionary<string, StoredTensor> Weights =>
        _weights ?? throw new ModelFileException(Name, $"a packed ensemble of {Members.Count} networks where one network is needed", "Give one of the models that it was packed of.");

    /// <summary>Of a packed ensemble, in its order; empty for one network.</summary>
    public IReadOnlyList<ModelFile> Members { get; }

    /// <summary>Whether a path names a model file, by its ending.</summary>
    public static bool Is(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads and checks a whole model file.</summary>
    /// <exception cref="ModelFileException">It is missing, damaged, impossible, or of a newer format.</exception>
    /// <exception cref="WeightsFormatException">The weights in it are not safetensors.</exception>
    public static ModelFile Read(string path) => Open(path, zip =>
    {
        var card = ReadCard(zip, path);
        if (card.Ensemble is not { Members: var members }) return new ModelFile(path, card, ReadWeights(zip, path, card.WeightsSha256), []);
        if (card.WeightsSha256 != CardEnsemble.Sha256(members)) throw new ModelFileException(path, "the members' weights are not those that the ensemble was packed of", Remedy);
        return new ModelFile(path, card, null, [.. members.Select((m, i) => new ModelFile($"{path}, member {i + 1}", m, ReadWeights(zip, path, m.WeightsSha256, EntryOf(i)), []))]);
    });

    private static string EntryOf(int member) => $"weights-{member + 1}.safetensors";

    /// <summary>The weights of an open file, checked.</summary>
    internal static IReadOnlyDictionary<string, StoredTensor> ReadWeights(BoundedZip zip, string path, string sha256, string entry = WeightsEntry)
    {
        var bytes = zip.ReadAll(entry, MaxBytes);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (hash != sha256)
            throw new ModelFileException(path, $"the weights' SHA-256 is {hash[..12]}…, not {ModelCard.OneLine(sha256)[..Math.Min(12, sha256.Length)]}… as {CardEntry} says", Remedy);
        var weights = Safetensors.Read(bytes, $"{path}, {entry}");
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
        var bytes = Bytes(weights);
        var card = describe(Convert.ToHexStringLower(SHA256.HashData(bytes.Span)));
        AtomicFile.Write(path, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            Add(zip, CardEntry, JsonSerializer.SerializeToUtf8Bytes(card, ModelCard.Json));
            Add(zip, WeightsEntry, bytes);
        });
        return card;
    }

    /// <summary>Packs models into one file that grades as the ensemble of them, whole or not at all. The members keep their cards.</summary>
    /// <param name="card">From <see cref="CardEnsemble.CardOf"/>; the weights' hashes are set here.</param>
    /// <param name="members">Whose cards it holds, in its order.</param>
    /// <returns>The card as written.</returns>
    /// <exception cref="ArgumentException">The card is impossible, or the members are not its own.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static ModelCard Pack(string path, ModelCard card, IReadOnlyList<ModelFile> members)
    {
        ArgumentNullException.ThrowIfNull(card);
        ArgumentNullException.ThrowIfNull(members);
        if (card.Problem() is { } problem) throw new ArgumentException(problem, nameof(card));
        if (card.Ensemble is not { } ensemble || ensemble.Members.Count != members.Count) throw new ArgumentException("the card is not that of these members", nameof(card));
        if (members.Sum(m => m.Weights.Values.Sum(w => (long)w.Data.Length)) > MaxBytes) throw new ArgumentException($"together the members have more than {MaxBytes >> 20} MiB of weights", nameof(members));
        // Twice to bytes, so that not all of them are held at once.
        ModelCard[] cards = [.. ensemble.Members.Select((m, i) => m with { Format = m.LeastFormat, WeightsSha256 = Convert.ToHexStringLower(SHA256.HashData(Bytes(members[i].Weights).Span)) })];
        card = card with { Format = card.LeastFormat, WeightsSha256 = CardEnsemble.Sha256(cards), Ensemble = ensemble with { Members = cards } };
        AtomicFile.Write(path, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            Add(zip, CardEntry, JsonSerializer.SerializeToUtf8Bytes(card, ModelCard.Json));
            for (var i = 0; i < members.Count; i++) Add(zip, EntryOf(i), Bytes(members[i].Weights));
        });
        return card;
    }

    /// <summary>Writes this model's weights, or its members', under another card: after a calibration.</summary>
    /// <returns>The card as written.</returns>
    public ModelCard WriteAs(string path, ModelCard card) => Members.Count > 0 ? Pack(path, card, Members) : Write(path, card, Weights);

    private static ReadOnlyMemory<byte> Bytes(IReadOnlyDictionary<string, StoredTensor> weights)
    {
        if (PretrainedWeights.FirstNonFinite(weights) is { } key) throw new ArgumentException($"the tensor {key} holds NaN or infinity", nameof(weights));
        using var tensors = new MemoryStream();
        Safetensors.Write(tensors, weights.OrderBy(w => w.Key, StringComparer.Ordinal));
        return tensors.GetBuffer().AsMemory(0, (int)tensors.Length);
    }

    /// <summary>Builds the network with the file's weights, for inference or further training.</summary>
    /// <exception cref="ModelFileException">Names or shapes of the weights are not the architecture's.</exception>
    public Network CreateNetwork()
    {
        var weights = Weights;
        var network = ModelCatalog.CreateToLoad(Card.Architecture, NetworkOptions.For(Card.Head, Card.Preprocessing.Size));
        var report = network.LoadState(weights);
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
