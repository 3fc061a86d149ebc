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

    [Fact]
    public async Task Metrics_Detection_ScoresCocoFiles()
    {
        const string images = "\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 1, \"name\": \"haemorrhage\"}], \"annotations\": [{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4]}]";
        var (truth, found) = (Path.Combine(root, "truth.json"), Path.Combine(root, "found.json"));
        File.WriteAllText(truth, "{" + images + "}");
        File.WriteAllText(found, "[{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4], \"score\": 0.5}]");
        Assert.Equal(ExitCodes.Ok, await Run("--detection", truth, found, "--json"));
        Assert.Equal(ExitCodes.Ok, await Run("--detection", truth, found, "--resamples", "10"));
        Assert.Equal(ExitCodes.UnreadableInput, await Run("--detection", truth, Path.Combine(root, "missing.json")));
        Assert.Equal(ExitCodes.Usage, await Run("--detection", truth, found, "--predictions", "p.csv"));
        Assert.Equal(ExitCodes.Usage, await Run("--detection", truth));
        Assert.Equal(ExitCodes.Usage, await Run());
    }

    private static Task<int> Run(params string[] arguments) => new CommandLine([MetricsVerb.Create()]).RunAsync(["metrics", .. arguments]);
}
