using System.Text.RegularExpressions;

namespace Fovea.Cli.Tests;

/// <summary>What the documentation tells a reader to type exists, and what it links to is there.</summary>
public sealed partial class DocumentationTests
{
    public static TheoryData<string> Documents =>
        [.. Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Root, file))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_EveryFoveaCommand_IsOneThatTheCommandLineTakes(string document)
    {
        var commandLine = new CommandLine(Program.Verbs());
        foreach (var command in FoveaCommands(Read(document)))
            Assert.True(commandLine.Check(Words(command)) is not { } problem, $"{document}: `{command}`: {commandLine.Check(Words(command))}");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Document_EveryScriptAndLink_IsThere(string document)
    {
        var text = Read(document);
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, document))!;
        var links = Link().Matches(text).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)).Select(link => Path.Combine(folder, link));
        var scripts = Script().Matches(text).Select(match => Path.Combine(Repository.Root, match.Value));
        Assert.All(links.Concat(scripts), path => Assert.True(Path.Exists(path), $"{document} names {path}, which is not there"));
    }

    [Fact]
    public void Readme_NamesCommandsAtAll() => Assert.NotEmpty(FoveaCommands(Read("README.md")));

    [Theory]
    [InlineData("./fovea grade 'my photo.jpg' --json | head   # one line", new[] { "grade", "my photo.jpg", "--json" })]
    [InlineData("fovea data draw --out \"a b\" > log", new[] { "data", "draw", "--out", "a b" })]
    [InlineData("$ ./fovea doctor && echo fine", new[] { "doctor" })]
    public void Words_OfAShellLine_AreTheArgumentsOfFovea(string line, string[] expected) => Assert.Equal(expected, Words(line));

    private static string Read(string document) => File.ReadAllText(Path.Combine(Repository.Root, document));

    /// <summary>The lines that start the command, of all shell blocks; a line that ends in a backslash goes on in the next.</summary>
    private static IEnumerable<string> FoveaCommands(string text) =>
        ShellBlock().Matches(text)
            .SelectMany(block => block.Groups[1].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n', StringSplitOptions.TrimEntries))
            .Where(line => Command().IsMatch(line));

    /// <summary>The arguments as a shell would split them, up to a pipe, a redirection, a following command or a comment.</summary>
    private static string[] Words(string command) =>
        [.. Word().Matches(Command().Replace(command, "")).Select(match => match.Value)
            .TakeWhile(word => word is not ("|" or "&&" or ";" or ">" or "2>" or ">>") && !word.StartsWith('#'))
            .Select(word => word.Replace("'", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal))];

    [GeneratedRegex(@"```(?:sh|console)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"^(\$ )?(\./)?fovea( |$)")]
    private static partial Regex Command();

    [GeneratedRegex("""(?:"[^"]*"|'[^']*'|[^\s"'])+""")]
    private static partial Regex Word();

    [GeneratedRegex(@"\]\(([^)#\s]+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(?:eng|oracle|bench)/[\w./-]*\w\.(?:sh|py|txt)\b")]
    private static partial Regex Script();
}
