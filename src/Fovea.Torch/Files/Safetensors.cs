using System.Buffers.Binary;

namespace Fovea.Torch.Files;

/// <summary>
/// The safetensors format (github.com/huggingface/safetensors): eight bytes little-endian header length, a JSON header, the tensors' bytes without
/// gaps.
/// Each tensor is read once, straight into its own array.
/// </summary>
public static class Safetensors
{
    // The reference implementation's limit.
    private const long MaxHeaderBytes = 100_000_000;
    private const string UsualRemedy = "Copy or download the file again.";

    /// <summary>Reads a file.</summary>
    /// <exception cref="WeightsFormatException">The file is missing, damaged, or not safetensors.</exception>
    public static StoredWeights Read(string path) => FormatFault.Translate(path, UsualRemedy, StoredWeights.Problem, () =>
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return Parse(stream, stream.Length);
    });

    /// <summary>Reads from memory; <paramref name="name"/> is what messages call it.</summary>
    /// <exception cref="WeightsFormatException">The bytes are damaged, or not safetensors.</exception>
    public static StoredWeights Read(byte[] bytes, string name)
    {
        using var stream = new MemoryStream(bytes, writable: false);
        return Read(stream, bytes.Length, name);
    }

    /// <summary>Reads exactly <paramref name="length"/> bytes of a stream, forward only, such as an entry of a zip file.</summary>
    /// <exception cref="WeightsFormatException">The bytes are damaged, or not safetensors.</exception>
    public static StoredWeights Read(Stream stream, long length, string name) =>
        FormatFault.Translate(name, UsualRemedy, StoredWeights.Problem, () => Parse(stream, length));

    /// <summary>Writes a file, whole or not at all. The same tensors and metadata always give the same bytes.</summary>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static void Write(
        string path, IEnumerable<KeyValuePair<string, StoredTensor>> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, tensors, metadata));

    /// <summary>Writes to a stream, which need not seek.</summary>
    public static void Write(
        Stream stream, IEnumerable<KeyValuePair<string, StoredTensor>> tensors, IEnumerable<KeyValuePair<string, string>>? metadata = null)
    {
        (byte[] json, List<StoredTensor> data) = SafetensorsHeader.Build(tensors, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        stream.Write(length);
        stream.Write(json);
        foreach (StoredTensor tensor in data) stream.Write(tensor.Data);
    }

    private static StoredWeights Parse(Stream stream, long length)
    {
        if (length < 8) throw new FormatFault(length == 0 ? "the file is empty" : "not a safetensors file (too short)");
        Span<byte> start = stackalloc byte[8];
        stream.ReadExactly(start);
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (headerLength > MaxHeaderBytes) throw new FormatFault($"it declares a header of {headerLength} bytes; {MaxHeaderBytes} are allowed");
        if (headerLength > (ulong)(length - 8))
        {
            throw new FormatFault($"it declares a header of {headerLength} bytes, but has {length - 8} after that number");
        }

        byte[] json = GC.AllocateUninitializedArray<byte>((int)headerLength);
        stream.ReadExactly(json);
        if (json.Length == 0 || json[0] != (byte)'{') throw new FormatFault("not a safetensors file (the header does not begin with a brace)");

        (List<SafetensorsHeader.Entry> entries, SortedDictionary<string, string> metadata) = SafetensorsHeader.Parse(json, length - 8 - json.Length);
        var tensors = new OrderedDictionary<string, StoredTensor>(entries.Count, StringComparer.Ordinal);
        foreach (SafetensorsHeader.Entry entry in entries)
        {
            byte[] data = FormatFault.Allocate(entry.End - entry.Begin, $"\"{FormatFault.Printable(entry.Name)}\"");
            stream.ReadExactly(data);
            tensors.Add(entry.Name, StoredTensor.FromFile(entry.Type, entry.Shape, data));
        }

        return new StoredWeights(tensors, metadata);
    }
}
