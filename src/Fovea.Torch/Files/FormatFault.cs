using System.Text;

namespace Fovea.Torch.Files;

/// <summary>What a parser here throws; the public readers turn it into the exception of their format, with the file's name.</summary>
internal sealed class FormatFault(string reason, string? remedy = null) : Exception(reason)
{
    /// <summary>What the user can do; null for the format's usual advice.</summary>
    public string? Remedy { get; } = remedy;

    /// <summary>Runs a reader; whatever is wrong with the file comes out as the exception that <paramref name="problem"/> makes.</summary>
    public static T Translate<T>(string file, string usualRemedy, Func<string, string, string, Exception, Exception> problem, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatFault e)
        {
            throw problem(file, e.Message, e.Remedy ?? usualRemedy, e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw problem(file, "no such file", "Check the path.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Directory.Exists(file)
                ? problem(file, "a folder, not a file", "Name a file in it.", e)
                : problem(file, "this user may not read it", "Change its permissions.", e);
        }
        catch (EndOfStreamException e)
        {
            throw problem(file, "it ends too early", usualRemedy, e);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw problem(file, Printable(e.Message, 200).TrimEnd('.'), usualRemedy, e);
        }
        catch (ArgumentException e) when (file.Length == 0 || file.Contains('\0'))
        {
            throw problem(Printable(file), "not a path", "Name a file.", e);
        }
        catch (NotSupportedException e)
        {
            throw problem(file, "not a regular file (a pipe or a device)", "Copy it to a file first.", e);
        }
        catch (OutOfMemoryException e)
        {
            throw problem(file, "it does not fit in this machine's memory", "Use a machine with more memory.", e);
        }
    }

    /// <summary>Text from a file made safe for a one-line message: no control characters, not longer than <paramref name="limit"/>.</summary>
    public static string Printable(string text, int limit = 100)
    {
        var line = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (line.Length >= limit) return line.Append('…').ToString();
            bool shown = Rune.GetUnicodeCategory(rune) is not (System.Globalization.UnicodeCategory.Control
                or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator
                or System.Globalization.UnicodeCategory.ParagraphSeparator or System.Globalization.UnicodeCategory.OtherNotAssigned);
            line.Append(shown ? rune.ToString() : "?");
        }

        return line.ToString();
    }

    public static string Shape(ReadOnlySpan<long> shape) => Printable($"[{string.Join(", ", shape.ToArray())}]");

    /// <summary>An array for <paramref name="bytes"/> of <paramref name="what"/>, whose size has been checked against the file before.</summary>
    public static byte[] Allocate(long bytes, string what) => bytes <= Array.MaxLength
        ? GC.AllocateUninitializedArray<byte>((int)bytes)
        : throw new FormatFault($"{what} takes {bytes} bytes; arrays end at 2 GB", "Store it in smaller pieces.");
}
