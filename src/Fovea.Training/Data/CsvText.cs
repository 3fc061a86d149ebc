using System.Buffers;
using System.Text;
using Fovea.Torch.Files;

namespace Fovea.Training.Data;

/// <summary>Writes CSV files, whole or not at all: UTF-8 without mark, line feeds, RFC 4180 quoting.</summary>
internal static class CsvText
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\",;\t\r\n");

    public static string Cell(string text) =>
        text.AsSpan().IndexOfAny(Special) >= 0 || text.Length > 0 && (char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]))
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    /// <summary>The whole file as <see cref="Write"/> would write it.</summary>
    public static string Of(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static void Write(string path, IEnumerable<string> lines) => AtomicFile.Write(path, stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        foreach (var line in lines) writer.WriteLine(line);
    });
}
