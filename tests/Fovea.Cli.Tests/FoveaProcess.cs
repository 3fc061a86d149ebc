using System.Diagnostics;

namespace Fovea.Cli.Tests;

/// <summary>What a run of the real command left behind.</summary>
/// <param name="ExitCode">As the shell sees it.</param>
/// <param name="Output">stdout, whole.</param>
/// <param name="Error">stderr, whole.</param>
internal sealed record FoveaResult(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of stderr that say something.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Asserts the contract for bad input: this code, nothing on stdout, and one line on stderr that holds all of <paramref name="parts"/>.</summary>
    public void AssertFailed(int exitCode, params ReadOnlySpan<string> parts)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, expected {exitCode}; stderr: {Error}");
        Assert.Empty(Output);
        var line = Assert.Single(ErrorLines);
        foreach (var part in parts)
            Assert.Contains(part, line, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>Runs the built command as a process of its own: what these tests see is what a user sees.</summary>
internal static class FoveaProcess
{
    /// <summary>Runs <c>fovea args…</c> and waits for its end, at most a minute.</summary>
    /// <exception cref="TimeoutException">It did not end; it was killed, and the message holds what it had written.</exception>
    public static FoveaResult Run(params ReadOnlySpan<string> args) => Run(TimeSpan.FromMinutes(1), null, args);

    /// <summary>Runs <c>fovea args…</c> in a folder (null: where the tests run) with a limit of its own.</summary>
    public static FoveaResult Run(TimeSpan limit, string? folder, params ReadOnlySpan<string> args) => Run(limit, folder, new Dictionary<string, string>(), args);

    /// <summary>The same with environment variables of its own, beside this process's.</summary>
    public static FoveaResult Run(TimeSpan limit, string? folder, IReadOnlyDictionary<string, string> environment, params ReadOnlySpan<string> args)
    {
        using var process = Start(folder, environment, args);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            throw new TimeoutException($"fovea {string.Join(' ', args!)} ran longer than {limit.TotalSeconds:0} s. stdout: {output.Result} stderr: {error.Result}");
        }
        return new FoveaResult(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts <c>fovea args…</c> without waiting, for tests that signal or kill it. Both streams must be read, stdin is closed.</summary>
    public static Process Start(string? folder, params ReadOnlySpan<string> args) => Start(folder, new Dictionary<string, string>(), args);

    private static Process Start(string? folder, IReadOnlyDictionary<string, string> environment, ReadOnlySpan<string> args)
    {
        // The project reference copies the command, with its runtime configuration and native libraries, beside the tests.
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Fovea.Cli.dll"));
        foreach (var argument in args)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
