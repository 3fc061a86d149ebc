using System.Text;
using System.Text.Json;
using Fovea.Training.Recipes;

namespace Fovea.Training.Preparation;

/// <summary>A row that is finished.</summary>
/// <param name="Index">Of the sample, and of its row in the unfinished file.</param>
internal sealed record FinishedRow(int Index, string Source, long Bytes, string Pixels, int Width, int Height, double[] Map);

/// <summary>
/// Which rows of the unfinished files are done, one JSON line each, with the hash of what was written: nothing is believed that cannot be read back. A first
/// line says what work it belongs to. A line that a kill cut short is no line.
/// </summary>
internal sealed class PreparationJournal : IDisposable
{
    private static readonly JsonSerializerOptions Lines = new(RecipeFile.Options) { WriteIndented = false };
    private readonly FileStream _stream;

    private PreparationJournal(FileStream stream, Dictionary<int, FinishedRow> rows) => (_stream, Rows) = (stream, rows);

    /// <summary>By index, as an earlier process left them.</summary>
    public Dictionary<int, FinishedRow> Rows { get; }

    /// <summary>Goes on with the journal of the same work, or begins anew.</summary>
    /// <param name="work">One line that names the work: another one's rows are worth nothing.</param>
    public static PreparationJournal Open(string path, string work)
    {
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            var rows = new Dictionary<int, FinishedRow>();
            long whole = 0;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var rest = bytes.AsSpan();
            for (var first = true; rest.IndexOf((byte)'\n') is >= 0 and var end; first = false)
            {
                if (first && Encoding.UTF8.GetString(rest[..end]) != work) break;
                if (!first && !TryRead(rest[..end], rows)) break;
                whole += end + 1;
                rest = rest[(end + 1)..];
            }
            stream.SetLength(whole);
            stream.Position = whole;
            if (whole == 0)
            {
                rows.Clear();
                stream.Write(Encoding.UTF8.GetBytes(work + "\n"));
                stream.Flush();
            }
            return new PreparationJournal(stream, rows);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Call when the rows themselves have reached the disk.</summary>
    public void Add(IEnumerable<FinishedRow> rows)
    {
        foreach (var row in rows) _stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(row, Lines) + "\n"));
        _stream.Flush(flushToDisk: true);
    }

    public void Dispose() => _stream.Dispose();

    private static bool TryRead(ReadOnlySpan<byte> line, Dictionary<int, FinishedRow> rows)
    {
        try
        {
            if (JsonSerializer.Deserialize<FinishedRow>(line, Lines) is not { Index: >= 0, Map.Length: 6, Source: not null, Pixels: not null } row) return false;
            rows[row.Index] = row;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
