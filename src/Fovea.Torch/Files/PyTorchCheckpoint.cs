using Fovea.Torch.Files.Pickle;

namespace Fovea.Torch.Files;

/// <summary>
/// Reads what <c>torch.save</c> writes since PyTorch 1.6: a zip file with <c>data.pkl</c> and one entry per storage. The pickle is read as data;
/// nothing in it is ever called,
/// and a global that a state dict does not need ends the reading with an error that names it.
/// </summary>
public static class PyTorchCheckpoint
{
    // Where training programs put the state dict; the first that holds tensors wins.
    private static readonly string[] Wrappers =
        ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params", "state_dict_ema", "ema", "module"];

    // What DistributedDataParallel and torch.compile put before every name.
    private static readonly string[] Prefixes = ["module.", "_orig_mod."];

    private const int MaxPrefixes = 4;
    private const int MaxWrappers = 3;
    private const long MaxPickleBytes = 32L << 20;
    private const string SaveRemedy = "Save it with torch.save(model.state_dict(), path).";
    private const string UsualRemedy = "Copy or download the file again.";

    /// <summary>
    /// Reads a state dict, or the one inside a training checkpoint (under <c>state_dict</c>, <c>model</c> and the like). A common prefix
    /// <c>module.</c> is taken off; whatever is
    /// not a tensor is ignored. Tensors come contiguous, with data of their own, in the dict's order.
    /// </summary>
    /// <exception cref="WeightsFormatException">The file is missing, damaged, of PyTorch before 1.6, holds no state dict, or wants to call
    /// something.</exception>
    public static StoredWeights Read(string path) => FormatFault.Translate(path, UsualRemedy, StoredWeights.Problem, () =>
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Parse(stream);
    });

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="stream">Seekable; disposed.</param>
    /// <param name="name">What messages call the file.</param>
    public static StoredWeights Read(Stream stream, string name) =>
        FormatFault.Translate(name, UsualRemedy, StoredWeights.Problem, () => Parse(stream));

    private static StoredWeights Parse(Stream stream)
    {
        CheckKind(stream);

        // torch.save does not compress; the bound leaves room for somebody who zipped the file again.
        using var zip = new BoundedZip(stream, (8 * stream.Length) + (64L << 20));
        string root = FindRoot(zip);
        string byteOrder = root + "byteorder";
        if (zip.Contains(byteOrder) && !zip.ReadAll(byteOrder, 16).AsSpan().StartsWith("little"u8))
        {
            throw new FormatFault("it was saved on a big-endian machine", "Save it again on a little-endian one.");
        }

        object? value = Unpickler.Read(zip.ReadAll(root + "data.pkl", MaxPickleBytes));
        List<KeyValuePair<string, PickleTensor>> views = FindStateDict(value);
        var storages = new StorageReader(zip, root + "data/", views.Select(v => v.Value), maxBytes: (8 * stream.Length) + (64L << 20));
        var tensors = new OrderedDictionary<string, StoredTensor>(views.Count, StringComparer.Ordinal);
        string prefix = CommonPrefix(views);
        foreach ((string name, PickleTensor view) in views) tensors.Add(name[prefix.Length..], storages.Read(name, view));
        return new StoredWeights(tensors, new Dictionary<string, string>());
    }

    private static void CheckKind(Stream stream)
    {
        byte[] start = new byte[512];
        int count = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        ReadOnlySpan<byte> bytes = start.AsSpan(0, count);
        if (bytes.IsEmpty) throw new FormatFault("the file is empty");
        if (bytes.StartsWith("PK"u8)) return;

        // Before 1.6: a pickle of the magic number 0x1950a86a20f9469cfc6c, before that a tar file.
        bool magic = bytes.StartsWith((ReadOnlySpan<byte>)[0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46]);
        if (magic || (count > 262 && bytes[257..262].SequenceEqual("ustar"u8)))
        {
            throw new FormatFault("it was saved in PyTorch's old format (before 1.6)",
                "Convert it with PyTorch: torch.save(torch.load(path, map_location='cpu'), path).");
        }

        if (bytes.StartsWith("version https://git-lfs"u8)) throw new FormatFault("a Git LFS pointer, not the file itself", "Fetch it with git lfs pull.");
        throw new FormatFault("neither a PyTorch checkpoint nor safetensors", "Give a .pth, .pt or .safetensors file.");
    }

    // All entries lie in one folder, named after the file that was saved.
    private static string FindRoot(BoundedZip zip)
    {
        string[] pickles = [.. zip.Names.Where(n => n.Split('/') is [.., "data.pkl"] and { Length: <= 2 })];
        if (pickles.Length != 1) throw new FormatFault("a zip file, but not one that torch.save wrote", "Give a .pth, .pt or .safetensors file.");
        string root = pickles[0][..^"data.pkl".Length];
        return zip.Contains(root + "constants.pkl")
            ? throw new FormatFault("a TorchScript program, not a state dict", "Save it with torch.save(torch.jit.load(path).state_dict(), path).")
            : root;
    }

    private static List<KeyValuePair<string, PickleTensor>> FindStateDict(object? value)
    {
        for (int depth = 0; depth < MaxWrappers && value is PickleDict outer; depth++)
        {
            PickleDict[] inside =
                [.. Wrappers.Select(w => outer.Items.LastOrDefault(i => i.Key is string key && key == w).Value).OfType<PickleDict>()];
            PickleDict? inner = Array.Find(inside, d => d.Items.Exists(i => i.Value is PickleTensor));
            if (!outer.Items.Exists(i => i.Value is PickleTensor)) inner ??= Array.Find(inside, d => d.Items.Exists(i => i.Value is PickleDict));
            if (inner is null) break;
            value = inner;
        }

        if (value is not PickleDict dict) throw new FormatFault("it holds something else than a state dict", SaveRemedy);

        // In a dict, the last value of a key counts, at the place of the first.
        var values = new OrderedDictionary<string, PickleTensor?>(StringComparer.Ordinal);
        foreach ((object? key, object? item) in dict.Items)
        {
            if (key is string name) values[name] = item as PickleTensor;
        }

        List<KeyValuePair<string, PickleTensor>> tensors =
            [.. values.Where(v => v.Value is not null).Select(v => KeyValuePair.Create(v.Key, v.Value!))];
        if (tensors.Count > 0) return tensors;
        string keys = string.Join(", ", dict.Items.Select(i => i.Key).OfType<string>().Take(6));
        throw new FormatFault(keys.Length == 0 ? "it holds no tensors" : $"it holds no state dict, only {FormatFault.Printable(keys)}",
            SaveRemedy);
    }

    private static string CommonPrefix(List<KeyValuePair<string, PickleTensor>> views)
    {
        string prefix = "";
        for (int i = 0; i < MaxPrefixes; i++)
        {
            prefix += Prefixes.FirstOrDefault(p => views.TrueForAll(v => v.Key.AsSpan(prefix.Length).StartsWith(p)));
        }

        return prefix;
    }
}
