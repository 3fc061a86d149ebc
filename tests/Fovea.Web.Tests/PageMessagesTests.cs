using System.Text.Json;
using System.Text.RegularExpressions;

namespace Fovea.Web.Tests;

/// <summary>What the page says, in its two languages.</summary>
public sealed partial class PageMessagesTests
{
    private static readonly string Page = Find();
    private static readonly Dictionary<string, string> English = Read("en"), Chinese = Read("zh");

    [Fact]
    public void Messages_EnglishAndChinese_HaveTheSameKeys()
    {
        Assert.True(English.Count > 300, $"{English.Count} messages");
        Assert.Equal(English.Keys.Order(StringComparer.Ordinal), Chinese.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Messages_EnglishAndChinese_HaveTheSamePlaceholders() =>
        Assert.All(English, m => Assert.Equal(Placeholders(m.Value), Placeholders(Chinese[m.Key])));

    [Fact]
    public void Messages_NoneIsEmpty_AndChineseIsChinese()
    {
        Assert.DoesNotContain(English.Values.Concat(Chinese.Values), string.IsNullOrWhiteSpace);
        Assert.DoesNotContain(English.Values, v => v.Any(c => c is >= '\u4e00' and <= '\u9fff'));
        Assert.True(Chinese.Values.Count(v => v.Any(c => c is >= '\u4e00' and <= '\u9fff')) > 0.97 * Chinese.Count);
    }

    [Fact]
    public void Messages_EveryKey_IsUsedByThePage()
    {
        // A key stands in the source as a whole, or its last part is a code and the rest stands before a variable: `grade.${…}`, tCode('grade', …).
        var source = string.Concat(Directory.EnumerateFiles(Path.Combine(Page, "source"), "*.ts*", SearchOption.AllDirectories).Select(File.ReadAllText));
        bool Used(string key) => source.Contains($"'{key}'", StringComparison.Ordinal)
            || Enumerable.Range(0, key.Length).Where(i => key[i] == '.').Select(i => key[..i]).Any(p => source.Contains($"`{p}.${{", StringComparison.Ordinal) || source.Contains($"tCode('{p}'", StringComparison.Ordinal));
        Assert.DoesNotContain(English.Keys, k => !Used(k));
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Fovea.slnx"))) return Path.Combine(folder.FullName, "src", "Fovea.Web", "Page");
        }
        throw new DirectoryNotFoundException("Fovea.slnx lies in no folder above the tests.");
    }

    private static Dictionary<string, string> Read(string language) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Page, "messages", $"{language}.json")))!;

    private static string[] Placeholders(string message) => [.. Placeholder().Matches(message).Select(m => m.Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Placeholder();
}
