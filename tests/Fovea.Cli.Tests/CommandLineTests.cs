using System.CommandLine;

namespace Fovea.Cli.Tests;

public sealed class CommandLineTests
{
    [Fact]
    public void Version_Option_PrintsNameAndVersion()
    {
        var result = FoveaProcess.Run("--version");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"^fovea \d+\.\d+\.\d+", result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void Help_Option_ListsEveryVerb()
    {
        var result = FoveaProcess.Run("--help");
        Assert.Equal(0, result.ExitCode);
        Assert.All(Program.Verbs(), verb => Assert.Contains($"  {verb.Name} ", result.Output));
        Assert.Contains("not a medical device", result.Output);
    }

    [Fact]
    public void NoVerb_PrintsHelpToStderrAndIsUsage()
    {
        var result = FoveaProcess.Run();
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("doctor", result.Error);
    }

    [Fact]
    public void UnknownVerb_NearAnother_NamesIt() => FoveaProcess.Run("doctr").AssertFailed(2, "doctr", "Did you mean doctor?", "fovea --help");

    [Fact]
    public void UnknownVerb_NearNone_GuessesNothing()
    {
        var result = FoveaProcess.Run("zzzzzzzz");
        result.AssertFailed(2, "zzzzzzzz", "fovea --help");
        Assert.DoesNotContain("Did you mean", result.Error);
    }

    [Fact]
    public void UnknownOption_NearAnother_NamesIt() => FoveaProcess.Run("doctor", "--jsno").AssertFailed(2, "--jsno", "Did you mean --json?", "fovea doctor --help");

    [Fact]
    public void SurplusArgument_IsUsage() => FoveaProcess.Run("doctor", "photo.jpg").AssertFailed(2, "photo.jpg", "too many");

    [Theory]
    [InlineData("grade --heatmpa out photo.jpg", "--heatmpa", "--heatmap")]
    [InlineData("grade photo.jpg --heatmpa", "--heatmpa", "--heatmap")]
    [InlineData("grade --heatmap", "--heatmap", "argument")]
    [InlineData("grade", "fovea grade", "image")]
    [InlineData("grade --size big photo.jpg", "big", "--size")]
    public async Task WrongArguments_OfAVerbThatTakesManyImages_AreOneLineAndUsage(string line, string named, string helps)
    {
        var (code, error) = await Run(line.Split(' '), (_, _) => 0);
        Assert.Equal(2, code);
        Assert.Contains(named, Assert.Single(error));
        Assert.Contains(helps, error[0]);
    }

    [Theory]
    [InlineData("grade -- --heatmpa")]
    [InlineData("grade @photos.jpg")]
    [InlineData("grade /h")]
    [InlineData("grade photo.jpg --size -3")]
    public async Task UnusualFileNamesAndNegativeNumbers_AreTakenAsTheyAre(string line)
    {
        var (code, error) = await Run(line.Split(' '), (_, _) => 0);
        Assert.Empty(error);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task VerbThatThrows_PrintsOneLineAndTheCodeOfTheException()
    {
        var (code, error) = await Run(["grade", "x"], (_, _) => throw new UsageException("x: cannot be. Give y."));
        Assert.Equal(2, code);
        Assert.Equal(["x: cannot be. Give y."], error);
    }

    [Fact]
    public async Task VerbThatThrows_WithVerbose_ShowsTheStackToo()
    {
        var (code, error) = await Run(["grade", "x", "--verbose"], (_, _) => throw new InvalidOperationException("broken"));
        Assert.Equal(1, code);
        Assert.Contains(error, line => line.StartsWith("at ", StringComparison.Ordinal));
        Assert.Contains("Please report this", error[^1]);
    }

    [Fact]
    public async Task VerbThatIsCancelled_Is130()
    {
        var (code, error) = await Run(["grade", "x"], (_, _) => throw new OperationCanceledException());
        Assert.Equal(130, code);
        Assert.Equal(["Interrupted."], error);
    }

    [Fact]
    public void Verbs_HaveADescriptionThatIsASentence() =>
        Assert.All(Program.Verbs(), verb => Assert.EndsWith(".", verb.Description));

    private static async Task<(int Code, string[] Error)> Run(string[] args, Func<ParseResult, CancellationToken, int> run)
    {
        var verb = new Command("grade", "A verb that takes many images.")
        {
            new Argument<string[]>("image") { Arity = ArgumentArity.OneOrMore },
            new Option<string>("--heatmap"),
            new Option<int>("--size"),
        };
        using var error = new StringWriter();
        var code = await new CommandLine([verb.Runs(run)], error).RunAsync(args);
        return (code, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }
}
