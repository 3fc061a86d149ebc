using System.Globalization;
using System.Text;

namespace Fovea.Training.Data;

/// <summary>
/// A CSV file with a header line, held as text. Sizes are bounded; every complaint names the file, the line and the column. Column names are
/// compared without case and outer blanks (IDRiD's own file has <c>"Risk of macular edema "</c>). Comma, semicolon and tab are recognised.
/// </summary>
internal sealed class CsvTable
{
    /// <summary>Bytes. Five million rows of predictions with five probabilities fit.</summary>
    public const long MaxBytes = 512L << 20;

    private readonly Dictionary<string, int> _columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string[]> _rows = [];
    private readonly List<int> _lines = [];
    private readonly string[] _header;

    private CsvTable(string name, string[] header)
    {
        Name = name;
        _header = header;
        for (var i = 0; i < header.Length; i++)
        {
            if (header[i].Length > 0 && !_columns.TryAdd(header[i], i))
                throw new DatasetException(name, $"column '{header[i]}' occurs twice in the header", "Rename or remove one of them");
        }
    }

    /// <summary>The path as given.</summary>
    public string Name { get; }
    public int RowCount => _rows.Count;
    public IReadOnlyList<string> Header => _header;

    /// <summary>Reads the whole file.</summary>
    /// <param name="header">The columns of a file without a header line; null: its first line names them.</param>
    /// <param name="delimiter">Null: comma, semicolon or tab, whichever the first line has.</param>
    /// <exception cref="DatasetException">Missing, too large, not UTF-8 text, no header, no data row, or a row with another number of cells than the header.</exception>
    public static CsvTable Read(string path, string[]? header = null, char? delimiter = null)
    {
        try
        {
            var file = new FileInfo(path);
            if (Directory.Exists(path)) throw new DatasetException(path, "this is a folder", "Give a CSV file");
            if (!file.Exists) throw new DatasetException(path, "no such file", "Check the path");
            if (file.Length == 0) throw new DatasetException(path, "the file is empty", "Give a CSV file with a header line and one line per image");
            if (file.Length > MaxBytes) throw new DatasetException(path, $"{file.Length} bytes, more than the {MaxBytes} allowed", "Split the file");
            using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
            return Read(reader, path, header, delimiter ?? Delimiter(path));
        }
        catch (DecoderFallbackException e)
        {
            throw new DatasetException(path, "not UTF-8 text", "Save it as CSV in UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, "cannot be read", "Check that the file exists and that you may read it", e);
        }
    }

    private static char Delimiter(string path)
    {
        using var reader = new StreamReader(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        var head = new char[1 << 16];
        var line = head.AsSpan(0, reader.ReadBlock(head));
        var end = line.IndexOfAny('\n', '\r');
        if (end >= 0) line = line[..end];
        return line.Contains(',') ? ',' : line.Contains(';') ? ';' : line.Contains('\t') ? '\t' : ',';
    }

    private static CsvTable Read(TextReader reader, string name, string[]? header, char delimiter)
    {
        var records = new CsvRecords(reader, name, delimiter);
        header ??= records.Next();
        if (header is null)
            throw new DatasetException(name, "the file is empty", "Give a CSV file with a header line and one line per image");
        var table = new CsvTable(name, header);
        while (records.Next() is { } record)
        {
            if (record.Length != header.Length)
            {
                throw new DatasetException(name, $"line {records.Line} has {record.Length} cells, the header {header.Length}",
                    "Give every line as many cells as the header");
            }
            table._rows.Add(record);
            table._lines.Add(records.Line);
        }
        if (table.RowCount == 0) throw new DatasetException(name, "no line after the header", "Give one line per image");
        return table;
    }

    public bool Has(string column) => _columns.ContainsKey(column);

    /// <summary>The first of <paramref name="names"/> that the header has.</summary>
    public string? Find(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Has(name)) return name;
        }
        return null;
    }

    /// <summary>Like <see cref="Find"/>, but its absence is the user's mistake.</summary>
    /// <exception cref="DatasetException">None of the columns exists.</exception>
    public string Require(params ReadOnlySpan<string> names) => Find(names)
        ?? throw new DatasetException(Name, $"no column '{names[0]}' (the header has: {string.Join(", ", _header)})", $"Add the column '{names[0]}'");

    public string Text(int row, string column) => _rows[row][_columns[column]];

    /// <exception cref="DatasetException">The cell is empty.</exception>
    public string RequiredText(int row, string column)
    {
        var text = Text(row, column);
        return text.Length > 0 ? text : throw Error(row, column, "the cell is empty", "Fill it in, or remove the line");
    }

    /// <summary>An integer in [<paramref name="min"/>, <paramref name="max"/>]; "2.0", as spreadsheets write it, counts as 2.</summary>
    /// <exception cref="DatasetException">Anything else.</exception>
    public int Integer(int row, string column, int min, int max, string what)
    {
        var text = Text(row, column);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value == Math.Floor(value) && value >= min && value <= max)
            return (int)value;
        throw Error(row, column, $"'{text}' is not {what} from {min} to {max}", "Correct the cell, or remove the line");
    }

    /// <summary>A finite number in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    /// <exception cref="DatasetException">Anything else, NaN too.</exception>
    public double Number(int row, string column, double min, double max)
    {
        var text = Text(row, column);
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;
        throw Error(row, column, $"'{text}' is not a number from {min} to {max}", "Correct the cell, or remove the line");
    }

    public int Line(int row) => _lines[row];

    public DatasetException Error(int row, string column, string reason, string remedy) =>
        new(Name, $"line {_lines[row]}, column '{column}': {reason}", remedy);
}
