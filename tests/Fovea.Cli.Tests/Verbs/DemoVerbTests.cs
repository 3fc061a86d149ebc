using System.Text.Json;

namespace Fovea.Cli.Tests.Verbs;

public sealed class DemoVerbTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-demo-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Demo_FewRetinas_GoesTheWholeWayOverAKilledOne()
    {
        // What a demo that was killed while it drew and while it wrote leaves behind.
        Directory.CreateDirectory(Path.Combine(root, "demo", "retinas.partial-1", "images"));
        Directory.CreateDirectory(Path.Combine(root, "demo", "retinas"));
        File.WriteAllText(Path.Combine(root, "demo", "recipe.json"), "of an older demo");
        File.WriteAllText(Path.Combine(root, "demo", ".model.fovea.0.tmp"), "half");

        var result = FoveaProcess.Run(TimeSpan.FromMinutes(3), root, "demo", "--count", "60", "--set", "training.epochs=1", "--set", "schedule.warmupEpochs=0", "--set", "preprocessing.size=64", "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        using var answer = JsonDocument.Parse(result.Output);
        // A fifth of 60, by patients with two eyes each.
        Assert.InRange(answer.RootElement.GetProperty("metrics").GetProperty("samples").GetInt32(), 8, 16);
        Assert.True(new FileInfo(Path.Combine(root, answer.RootElement.GetProperty("model").GetString()!)).Length > 1_000_000);
        Assert.Contains("<html", File.ReadAllText(Path.Combine(root, answer.RootElement.GetProperty("report").GetString()!)));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(root, "demo"), "*.partial-*"));
        Assert.Empty(Directory.GetFiles(Path.Combine(root, "demo"), "*.tmp"));
    }

    [Theory]
    [InlineData("photo.jpg")]
    [InlineData("retinas.csv")]
    public void Demo_FolderWithSomethingElse_IsAUsageErrorAndTouchesNothing(string name)
    {
        var folder = Path.Combine(root, "mine");
        Directory.CreateDirectory(Path.Combine(folder, "retinas"));
        File.WriteAllText(Path.Combine(folder, name), "keep");
        File.WriteAllText(Path.Combine(folder, "metrics.json"), "keep");
        FoveaProcess.Run("demo", "--out", folder, "--count", "60").AssertFailed(ExitCodes.Usage, name, "--out");
        Assert.Equal(3, Directory.GetFileSystemEntries(folder).Length);
    }
}
