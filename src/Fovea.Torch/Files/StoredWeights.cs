using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Fovea.Torch.Files;

/// <summary>The named tensors of a weights file, in the file's order, and its metadata.</summary>
#pragma warning disable CA1710 // "StoredWeightsDictionary" would say less
public sealed class StoredWeights : IReadOnlyDictionary<string, StoredTensor>
#pragma warning restore CA1710
{
    private readonly OrderedDictionary<string, StoredTensor> _tensors;

    internal StoredWeights(OrderedDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, string> metadata) =>
        (_tensors, Metadata) = (tensors, metadata);

    /// <summary>Free text of a safetensors file (<c>__metadata__</c>); empty for a <c>.pth</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Number of tensors.</summary>
    public int Count => _tensors.Count;

    public IEnumerable<string> Keys => _tensors.Keys;

    public IEnumerable<StoredTensor> Values => _tensors.Values;

    public StoredTensor this[string key] => _tensors[key];

    /// <summary>Reads safetensors or a PyTorch <c>.pth</c>, whichever the content is; the file's name does not matter.</summary>
    /// <exception cref="WeightsFormatException">The file is missing, neither of the two, damaged, or holds what weights never need.</exception>
    public static StoredWeights Read(string path)
    {
        byte[] start = FormatFault.Translate(path, "Check the path.", Problem, () =>
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            byte[] bytes = new byte[9];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        });

        // Safetensors: eight bytes of header length, then the header's brace.
        return start.Length > 8 && start[8] == (byte)'{' ? Safetensors.Read(path) : PyTorchCheckpoint.Read(path);
    }

    public bool ContainsKey(string key) => _tensors.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out StoredTensor value) => _tensors.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, StoredTensor>> GetEnumerator() => _tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal static Exception Problem(string file, string reason, string remedy, Exception inner) =>
        new WeightsFormatException(file, reason, remedy, inner);
}
