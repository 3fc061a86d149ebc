using System.Text;

namespace Fovea.Training.Data;

/// <summary>
/// The records of a CSV text (RFC 4180), one at a time, cells without outer blanks, records without any text skipped (spreadsheets leave them). Cells,
/// columns and the line number are bounded and counted here, so that a hostile file costs no more memory than its own size.
/// </summary>
internal sealed class CsvRecords(TextReader reader, string name, char delimiter)
{
    public const int MaxColumns = 1100;
    public const int MaxCellLength = 4096;

    private readonly StringBuilder _cell = new();
    private int _nextLine = 1;

    /// <summary>Line, from 1, on which the last record began.</summary>
    public int Line { get; private set; }

    /// <summary>The next record, or null at the end.</summary>
    /// <exception cref="DatasetException">A quotation mark out of place, or a bound exceeded.</exception>
    public string[]? Next()
    {
        while (reader.Peek() >= 0)
        {
            Line = _nextLine;
            var record = ReadRecord();
            if (Array.Exists(record, cell => cell.Length > 0)) return record;
        }
        return null;
    }

    private string[] ReadRecord()
    {
        var cells = new List<string>();
        while (true)
        {
            cells.Add(ReadCell(out var ended));
            if (cells.Count > MaxColumns) throw Error($"more than {MaxColumns} columns", "Remove columns that are not needed");
            if (ended) return cells.ToArray();
        }
    }

    /// <param name="recordEnded">The cell was the record's last.</param>
    private string ReadCell(out bool recordEnded)
    {
        _cell.Clear();
        var quoted = false;     // inside quotation marks now
        var wasQuoted = false;  // the cell had them
        while (true)
        {
            var c = reader.Read();
            if (quoted)
            {
                if (c < 0) throw Error("a quotation mark is not closed", "Close it");
                if (c == '\n') _nextLine++;
                if (c != '"') Append((char)c);
                else if (reader.Peek() == '"') Append((char)reader.Read());
                else quoted = false;
                continue;
            }
            if (c == '\r' && reader.Peek() == '\n') continue;
            if (c is < 0 or '\n' or '\r' || c == delimiter)
            {
                if (c is '\n' or '\r') _nextLine++;
                recordEnded = c != delimiter;
                return wasQuoted ? _cell.ToString() : _cell.ToString().Trim();
            }
            if (c == '"' && !wasQuoted && string.IsNullOrWhiteSpace(_cell.ToString()))
            {
                _cell.Clear();
                quoted = wasQuoted = true;
            }
            else if (wasQuoted && c == ' ') continue; // between the closing mark and the delimiter
            else if (wasQuoted || c == '"') throw Error("a quotation mark within a cell", "Quote the whole cell and double the marks inside");
            else Append((char)c);
        }
    }

    private void Append(char c)
    {
        if (_cell.Length >= MaxCellLength) throw Error($"a cell longer than {MaxCellLength} characters", "Check the quotation marks");
        _cell.Append(c);
    }

    private DatasetException Error(string reason, string remedy) => new(name, $"line {Line}: {reason}", remedy);
}
