using Fovea.Cli.Verbs;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Tests.Verbs;

public sealed class DataInspectAndSplitTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-data-").FullName;
    private readonly string set;

    public DataInspectAndSplitTests()
    {
        set = Path.Combine(root, "set");
        MadeUpDataset.Write(set, new MadeUpDatasetSpec(40) { Size = 32, Seed = 3 });
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task InspectAndSplit_GoodData_AnswerZeroAndWriteTheSplit()
    {
        Assert.Equal(ExitCodes.Ok, await Run("inspect", "--data", set, "--json"));
        Assert.Equal(ExitCodes.Ok, await Run("inspect", "--data", $"madeup:{set}"));
        string file = Path.Combine(root, "split.csv");
        Assert.Equal(ExitCodes.Ok, await Run("split", "--data", set, "--folds", "3", "--seed", "5", "--out", file));
        string first = File.ReadAllText(file);
        Assert.Equal(41, first.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(ExitCodes.Ok, await Run("split", "--data", set, "--folds", "3", "--seed", "5", "--out", file, "--json"));
        Assert.Equal(first, File.ReadAllText(file));
    }

    [Fact]
    public async Task Inspect_WithAPage_WritesItAndReportsTheEmbeddings()
    {
        string page = Path.Combine(root, "page.html");
        Assert.Equal(ExitCodes.Ok, await Run("inspect", "--data", set, "--html", page, "--perplexity", "5", "--embed-limit", "30"));
        Assert.Contains("30 images of 40, chosen by chance, perplexity 5", File.ReadAllText(page), StringComparison.Ordinal);
        Assert.Equal([page, set], Directory.GetFileSystemEntries(root).Order());
    }

    [Theory]
    [InlineData("--perplexity", "5")]
    [InlineData("--html", "PAGE", "--perplexity", "14")]
    [InlineData("--html", "PAGE", "--perplexity", "0.5")]
    [InlineData("--html", "PAGE", "--perplexity", "NaN")]
    [InlineData("--html", "PAGE", "--embed-limit", "-1")]
    [InlineData("--html", "nowhere/page.html")]
    public async Task Inspect_WrongArguments_IsAUsageErrorAndWritesNothing(params string[] arguments)
    {
        Assert.Equal(ExitCodes.Usage, await Run(["inspect", "--data", set, .. arguments.Select(a => a == "PAGE" ? Path.Combine(root, "page.html") : a)]));
        Assert.Equal([set], Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public async Task Split_SubSample_ListsTheUnused()
    {
        string file = Path.Combine(root, "split.csv");
        Assert.Equal(ExitCodes.Ok, await Run("split", "--data", set, "--subsample", ".5", "--fractions", ".5,.5", "--out", file));
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(41, lines.Length);
        Assert.InRange(lines.Count(line => line.EndsWith(",unused", StringComparison.Ordinal)), 18, 22);
    }

    [Fact]
    public async Task InspectAndSplit_JoinedSets_AreOne()
    {
        string second = Path.Combine(root, "second");
        MadeUpDataset.Write(second, new MadeUpDatasetSpec(20) { Size = 32, Seed = 4 }, cancellation: TestContext.Current.CancellationToken);
        string file = Path.Combine(root, "split.csv");
        Assert.Equal(ExitCodes.Ok, await Run("split", "--data", set, "--data", $"{second}?name=second&map=0:0,1:1,2:1,3:4,4:4", "--folds", "2", "--out", file));
        Assert.Equal(20, File.ReadLines(file).Count(line => line.StartsWith("second/", StringComparison.Ordinal)));
        Assert.Equal(ExitCodes.UnreadableInput, await Run("split", "--data", set, "--data", second, "--folds", "2", "--out", file)); // two sets of one name
        Assert.Equal(ExitCodes.UnreadableInput, await Run("split", "--data", set, "--data", $"{second}?name=second&map=0:low,1:low,2:low,3:high,4:high", "--folds", "2", "--out", file));
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("text")]
    [InlineData("missing")]
    [InlineData("grade 7")]
    [InlineData("empty class")]
    public async Task InspectOrSplit_BadData_AnswerThreeAndWriteNothing(string fault)
    {
        string labels = Path.Combine(set, "labels.csv");
        string image = Directory.GetFiles(Path.Combine(set, "images")).Order().First();
        switch (fault)
        {
            case "truncated": File.WriteAllBytes(image, File.ReadAllBytes(image)[..100]); break;
            case "text": File.WriteAllText(image, "no picture"); break;
            case "missing": File.Delete(image); break;
            case "grade 7": File.WriteAllText(labels, File.ReadAllText(labels).Replace(",4,", ",7,", StringComparison.Ordinal)); break;
            case "empty class": File.WriteAllLines(labels, File.ReadAllLines(labels).Where(line => line.Split(',')[1] != "4")); break;
        }
        if (fault != "empty class") Assert.Equal(ExitCodes.UnreadableInput, await Run("inspect", "--data", set));
        Assert.Equal(ExitCodes.UnreadableInput, await Run("split", "--data", set, "--folds", "2", "--out", Path.Combine(root, "split.csv")));
        Assert.Equal([set], Directory.GetFileSystemEntries(root));
    }

    [Theory]
    [InlineData]
    [InlineData("--folds", "1")]
    [InlineData("--folds", "5", "--fractions", ".5,.5")]
    [InlineData("--fractions", ".5,.4")]
    [InlineData("--fractions", "1")]
    [InlineData("--fractions", ".5,x,.5")]
    [InlineData("--fractions", ".5,.5", "--subsample", "40")]
    [InlineData("--fractions", ".5,.5", "--subsample", "1.5")]
    [InlineData("--fractions", ".5,.5", "--subsample", "half")]
    public async Task Split_WrongArguments_IsAUsageError(params string[] arguments)
    {
        Assert.Equal(ExitCodes.Usage, await Run(["split", "--data", set, "--out", Path.Combine(root, "split.csv"), .. arguments]));
        Assert.Equal([set], Directory.GetFileSystemEntries(root));
    }

    private static Task<int> Run(params string[] arguments) => new CommandLine([DataVerb.Create()]).RunAsync(["data", .. arguments]);
}
