namespace Fovea.Web.Hosting;

/// <summary>All items of a list that is never long.</summary>
internal sealed record Items<T>([property: System.Text.Json.Serialization.JsonPropertyName("items")] IReadOnlyList<T> List);

/// <summary>A part of a long list.</summary>
/// <param name="Next">Give it as <c>after</c> for the next part; null at the end.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>Text that people type: its length is bounded and it holds no control characters. It is stored as it is, and made harmless where it is written (HTML, CSV).</summary>
internal static class Text
{
    /// <exception cref="RequestException">Too short, too long, or with control characters.</exception>
    public static string Checked(string field, string? text, int least, int most, bool lines = false)
    {
        text = (text ?? "").Trim();
        if (text.Length < least || text.Length > most) throw Faults.Invalid(field, least == 0 ? $"up to {most} characters are possible." : $"{least} to {most} characters are needed.");
        // Those that turn the direction of writing make a text look like another one.
        if (text.Any(c => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'))) throw Faults.Invalid(field, "it holds characters that turn the direction of writing.");
        if (text.Any(c => char.IsControl(c) && !(lines && c is '\n' or '\r' or '\t')) || text.Any(char.IsSurrogate) && !IsWellFormed(text)) throw Faults.Invalid(field, "it holds control characters.");
        return text;
    }

    /// <summary>A list's length as asked for.</summary>
    public static int Limit(int? limit) => limit is null ? 50 : limit is >= 1 and <= 200 ? limit.Value : throw Faults.Invalid("limit", "1 to 200 are possible.");

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }
}
