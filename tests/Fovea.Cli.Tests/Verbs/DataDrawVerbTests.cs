using Fovea.Cli.Verbs;

namespace Fovea.Cli.Tests.Verbs;

public sealed class DataDrawVerbTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-draw-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Draw_SmallSet_WritesItAndAnswersZero()
    {
        string folder = Path.Combine(root, "set");
        Assert.Equal(0, await Run("--out", folder, "--count", "3", "--size", "48", "--faults", "1", "--jpeg", "--json"));
        Assert.Equal(4, File.ReadAllLines(Path.Combine(folder, "labels.csv")).Length);
        Assert.Equal(3, Directory.GetFiles(Path.Combine(folder, "images"), "*.jpg").Length);
    }

    [Fact]
    public async Task Draw_FolderWithFiles_IsAUsageErrorAndTouchesNothing()
    {
        File.WriteAllText(Path.Combine(root, "mine.txt"), "keep");
        Assert.Equal(ExitCodes.Usage, await Run("--out", root, "--count", "1", "--size", "48"));
        Assert.Equal([Path.Combine(root, "mine.txt")], Directory.GetFileSystemEntries(root));
    }

    [Theory]
    [InlineData("--count", "0")]
    [InlineData("--count", "2", "--size", "31")]
    [InlineData("--count", "2", "--faults", "1.5")]
    [InlineData("--count", "2", "--faults", "NaN")]
    [InlineData("--count", "2", "--grades", "1,1,1")]
    [InlineData("--count", "2", "--grades", "0,0,0,0,0")]
    [InlineData("--count", "2", "--grades", "1,1,-1,1,1")]
    public async Task Draw_OutOfRange_IsAUsageErrorAndWritesNothing(params string[] arguments)
    {
        Assert.Equal(ExitCodes.Usage, await Run(["--out", Path.Combine(root, "set"), .. arguments]));
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    private static Task<int> Run(params string[] arguments) => new CommandLine([DataVerb.Create()]).RunAsync(["data", "draw", .. arguments]);
}
