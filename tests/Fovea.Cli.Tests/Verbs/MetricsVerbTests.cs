using Fovea.Cli.Verbs;

namespace Fovea.Cli.Tests.Verbs;

public sealed class MetricsVerbTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-metrics-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("image,true,predicted\na,0,0\nb,2,1\n", ExitCodes.Ok)]
    [InlineData("image,true,predicted\na,7,0\n", ExitCodes.UnreadableInput)]
    [InlineData("image,true\na,0\n", ExitCodes.UnreadableInput)]
    [InlineData("", ExitCodes.UnreadableInput)]
    public async Task Metrics_Table_ExitCode(string text, int code)
    {
        File.WriteAllText(Path.Combine(root, "p.csv"), text);
        Assert.Equal(code, await Run("--predictions", Path.Combine(root, "p.csv"), "--json"));
        Assert.Equal(code, await Run("--predictions", Path.Combine(root, "p.csv")));
    }

    [Theory]
    [InlineData("--classes", "1")]
    [InlineData("--resamples", "-1")]
    public async Task Metrics_OutOfRange_IsAUsageError(string option, string value)
    {
        File.WriteAllText(Path.Combine(root, "p.csv"), "image,true,predicted\na,0,0\n");
        Assert.Equal(ExitCodes.Usage, await Run("--predictions", Path.Combine(root, "p.csv"), option, value));
    }

    private static Task<int> Run(params string[] arguments) => new CommandLine([MetricsVerb.Create()]).RunAsync(["metrics", .. arguments]);
}
