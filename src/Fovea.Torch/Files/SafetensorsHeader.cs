using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fovea.Torch.Files;

/// <summary>The JSON header of a safetensors file: one entry per tensor with dtype, shape and byte range within the data that follows.</summary>
internal static class SafetensorsHeader
{
    internal sealed record Entry(string Name, ScalarType Type, long[] Shape, long Begin, long End);

    // libtorch's own limit on the number of axes.
    private const int MaxRank = 64;
    private const string MetadataKey = "__metadata__";

    // In the reference implementation's order (its Dtype enum), which also decides the order of the data.
    private static readonly (ScalarType Type, string Name)[] Types =
    [
        (ScalarType.Bool, "BOOL"), (ScalarType.UInt8, "U8"), (ScalarType.Int8, "I8"), (ScalarType.Int16, "I16"), (ScalarType.Float16, "F16"),
        (ScalarType.BFloat16, "BF16"), (ScalarType.Int32, "I32"), (ScalarType.Float32, "F32"), (ScalarType.Float64, "F64"), (ScalarType.Int64, "I64"),
    ];

    /// <summary>Parses and checks a header. Entries come in the order of their data; together they cover exactly <paramref name="dataLength"/>
    /// bytes.</summary>
    /// <exception cref="FormatFault">Anything about the header is wrong.</exception>
    public static (List<Entry> Entries, SortedDictionary<string, string> Metadata) Parse(ReadOnlySpan<byte> json, long dataLength)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(json);
            Expect(ref reader, JsonTokenType.StartObject);
            while (NextName(ref reader) is { } name)
            {
                if (!names.Add(name)) throw new FormatFault($"the header names \"{FormatFault.Printable(name)}\" twice");
                if (name == MetadataKey) ReadMetadata(ref reader, metadata);
                else entries.Add(ReadEntry(ref reader, name));
            }

            if (reader.Read()) throw new FormatFault("text follows the header's end");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string is not valid UTF-8.
            throw new FormatFault("the header is not valid JSON");
        }

        // Empty tensors sort before the tensor that begins at the same byte.
        entries.Sort((a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
        CheckLayout(entries, dataLength);
        return (entries, metadata);
    }

    /// <summary>The header of a file, and the tensors in the order of their data: by type, widest first, then by name, as the reference
    /// implementation writes.</summary>
    public static (byte[] Json, List<StoredTensor> Data) Build(
        IEnumerable<KeyValuePair<string, StoredTensor>> tensors, IEnumerable<KeyValuePair<string, string>>? metadata)
    {
        var ordered = tensors.OrderByDescending(t => Rank(t.Value.Type)).ThenBy(t => t.Key, StringComparer.Ordinal).ToList();
        using var buffer = new MemoryStream();
        // Names need no HTML-safe escapes.
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            var pairs = metadata?.OrderBy(m => m.Key, StringComparer.Ordinal).ToList();
            if (pairs is { Count: > 0 })
            {
                writer.WriteStartObject(MetadataKey);
                foreach ((string key, string value) in pairs) writer.WriteString(key, value);
                writer.WriteEndObject();
            }

            long offset = 0;
            foreach ((string name, StoredTensor tensor) in ordered)
            {
                if (name == MetadataKey) throw new ArgumentException($"a tensor cannot be called {MetadataKey}", nameof(tensors));
                writer.WriteStartObject(name);
                writer.WriteString("dtype", Types[Rank(tensor.Type)].Name);
                writer.WriteStartArray("shape");
                foreach (long size in tensor.Shape) writer.WriteNumberValue(size);
                writer.WriteEndArray();
                writer.WriteStartArray("data_offsets");
                writer.WriteNumberValue(offset);
                writer.WriteNumberValue(offset += tensor.Data.Length);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        // Spaces up to a multiple of eight, so that the data is aligned.
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return (buffer.ToArray(), ordered.ConvertAll(t => t.Value));
    }

    private static int Rank(ScalarType type) => Array.FindIndex(Types, t => t.Type == type);

    private static void CheckLayout(List<Entry> entries, long dataLength)
    {
        long position = 0;
        foreach (Entry entry in entries)
        {
            string name = FormatFault.Printable(entry.Name);
            if (entry.Begin != position)
            {
                throw new FormatFault($"the data of \"{name}\" begins at byte {entry.Begin}, not at {position}: there is an overlap or a gap");
            }

            if (entry.End < entry.Begin || entry.End > dataLength)
            {
                throw new FormatFault($"\"{name}\" ends at byte {entry.End}, but the data has {dataLength} bytes");
            }

            if (StoredTensor.TryByteCount(entry.Type, entry.Shape) != entry.End - entry.Begin)
            {
                throw new FormatFault($"\"{name}\" has {entry.End - entry.Begin} bytes, which is not {entry.Type} {FormatFault.Shape(entry.Shape)}");
            }

            position = entry.End;
        }

        if (position != dataLength) throw new FormatFault($"{dataLength - position} bytes after the last tensor belong to none");
    }

    private static Entry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        string shown = FormatFault.Printable(name);
        ScalarType? type = null;
        long[]? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextName(ref reader) is { } key)
        {
            switch (key)
            {
                case "dtype" when type is null:
                    Expect(ref reader, JsonTokenType.String);
                    string dtype = reader.GetString()!;
                    int rank = Array.FindIndex(Types, t => t.Name == dtype);
                    if (rank < 0)
                    {
                        throw new FormatFault($"\"{shown}\" has the element type {FormatFault.Printable(dtype, 20)}, which Fovea does not read",
                            "Convert it to one of " + string.Join(", ", Types.Select(t => t.Name)) + ".");
                    }

                    type = Types[rank].Type;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, shown, MaxRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, shown, 2);
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw new FormatFault($"\"{shown}\" gives its {key} twice");
                default:
                    reader.Skip();
                    break;
            }
        }

        return type is { } known && shape is not null && offsets is [long begin, long end]
            ? new Entry(name, known, shape, begin, end)
            : throw new FormatFault($"\"{shown}\" lacks its dtype, shape or data_offsets");
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, SortedDictionary<string, string> metadata)
    {
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextName(ref reader) is { } key)
        {
            Expect(ref reader, JsonTokenType.String);
            if (!metadata.TryAdd(key, reader.GetString()!)) throw new FormatFault($"the metadata names \"{FormatFault.Printable(key)}\" twice");
        }
    }

    private static long[] ReadNumbers(ref Utf8JsonReader reader, string name, int max)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw new FormatFault($"\"{name}\" has a size or an offset that is not a whole number of at least 0");
            }

            if (numbers.Count == max) throw new FormatFault($"\"{name}\" has more than {max} sizes or offsets");
            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static string? NextName(ref Utf8JsonReader reader)
    {
        if (!reader.Read()) throw new FormatFault("the header ends too early");
        return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type) throw new FormatFault($"the header has something else where {type} belongs");
    }
}
