using System.Diagnostics;

namespace Fovea.Cli.Tests;

public sealed class InterruptTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-interrupt-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task Signal_WhileWorking_StopsWith130AndLeavesNothingHalfWritten(string signal)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        var folder = Path.Combine(root, "set");
        using var process = FoveaProcess.Start(root, "data", "draw", "--out", folder, "--count", "100000", "--size", "64");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            // It is at work when anything lies in the folder that it works in.
            while (!Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Any())
                await Task.Delay(50, limit.Token);
            // The shell's own kill: a small system has no program of that name.
            using (var kill = Process.Start("sh", ["-c", $"kill -{signal} {process.Id}"]))
                await kill.WaitForExitAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.Equal(130, process.ExitCode);
            Assert.Empty(await output);
            Assert.Contains("Interrupted.", await error);
            // The set appears under its name when it is whole, or not at all.
            Assert.False(Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
