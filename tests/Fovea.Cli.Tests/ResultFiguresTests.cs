using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Fovea.Cli.Tests;

/// <summary>Every figure in the documents comes from a file in results/: <c>0.859&lt;!--idrid/metrics.json accuracy--&gt;</c>.</summary>
public sealed partial class ResultFiguresTests
{
    [GeneratedRegex(@"(?<shown>-?\d+(\.\d+)?)<!--(?<file>[\w./-]+) (?<path>[\w.-]+)-->")]
    private static partial Regex Figure();

    [Fact]
    public void Documents_EveryMarkedFigure_EqualsItsResultFileAtTheDigitsShown()
    {
        var seen = 0;
        var wrong = new List<string>();
        foreach (var document in Directory.EnumerateFiles(Repository.Root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
                     .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "models"), "*.md"))
                     .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "results"), "*.md", SearchOption.AllDirectories)))
        {
            foreach (Match match in Figure().Matches(File.ReadAllText(document)))
            {
                seen++;
                var shown = match.Groups["shown"].Value;
                var digits = shown.Contains('.', StringComparison.Ordinal) ? shown.Length - shown.IndexOf('.', StringComparison.Ordinal) - 1 : 0;
                var measured = Value(Path.Combine(Repository.Root, "results", match.Groups["file"].Value), match.Groups["path"].Value);
                if (measured.ToString($"F{digits}", CultureInfo.InvariantCulture) != shown) wrong.Add($"{Path.GetFileName(document)}: {shown}, but {match.Groups["file"]} {match.Groups["path"]} is {measured}");
            }
        }
        Assert.Empty(wrong);
        Assert.True(seen >= 10, $"only {seen} figures are marked");
    }

    [Fact]
    public void Readme_ResultTable_HasNoFigureWithoutASource()
    {
        var table = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).Split('\n').SkipWhile(l => !l.StartsWith("| task", StringComparison.Ordinal)).TakeWhile(l => l.StartsWith('|')).Skip(2).ToArray();
        Assert.NotEmpty(table);
        // Decimal figures are measurements; each needs its comment right behind it.
        var unmarked = table.SelectMany(row => DecimalWithoutSource().Matches(row).Select(m => $"{m.Value} in: {row}"));
        Assert.Empty(unmarked);
    }

    [GeneratedRegex(@"\b\d\.\d{2,}(?!\d)(?!<!--)")]
    private static partial Regex DecimalWithoutSource();

    private static double Value(string file, string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var element = json.RootElement;
        foreach (var key in path.Split('.'))
        {
            // Interval names hold a dot themselves ("referable.sensitivity"); they are written with a dash.
            var name = key.Replace('-', '.');
            element = element.ValueKind == JsonValueKind.Array ? element[int.Parse(key, CultureInfo.InvariantCulture)] : element.GetProperty(name);
        }
        return element.GetDouble();
    }
}
