using System.Buffers;
using System.Text;

namespace Fovea.Training.Data;

/// <summary>Writes CSV files: UTF-8 without mark, line feeds, RFC 4180 quoting, first to a temporary name and then renamed.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\",;\t\r\n");

    public static string Cell(string text) =>
        text.AsSpan().IndexOfAny(Special) >= 0 || text.Length > 0 && (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <exception cref="IOException">The folder does not exist or cannot be written.</exception>
    public static void Write(string path, IEnumerable<string> lines)
    {
        var full = Path.GetFullPath(path);
        var temporary = Path.Combine(Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var writer = new StreamWriter(temporary, append: false, new UTF8Encoding(false)) { NewLine = "\n" })
            {
                foreach (var line in lines) writer.WriteLine(line);
            }
            File.Move(temporary, full, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
