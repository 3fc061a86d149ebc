using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Web.Commands;

namespace Fovea.Cli;

/// <summary>Starts the service's own program with what was typed, hands Ctrl-C and SIGTERM on, and ends as it ends.</summary>
internal static partial class ServiceProcess
{
    private const int SigTerm = 15;

    public static async Task<int> RunAsync(ServiceArguments arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet") { UseShellExecute = false };
        start.ArgumentList.Add(ProgramPath());
        foreach (var word in arguments.Verb.Split(' ')) start.ArgumentList.Add(word);
        foreach (var (name, value) in arguments.Values)
        {
            if (value is null or false) continue;
            start.ArgumentList.Add(name);
            if (value is not true) start.ArgumentList.Add(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!);
        }
        using var process = Process.Start(start)!;
        using var stop = cancel.Register(() => _ = kill(process.Id, SigTerm));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private static string ProgramPath()
    {
        const string Program = "Fovea.Web.dll";
        string[] places = [Path.Combine(AppContext.BaseDirectory, "service", Program), Path.Combine(AppContext.BaseDirectory.Replace("Fovea.Cli", "Fovea.Web", StringComparison.Ordinal), Program)];
        return places.FirstOrDefault(File.Exists) ?? throw new UsageException($"serve: the service's program is missing (looked for {string.Join(" and ", places)}). Build it with eng/build.sh.");
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int kill(int process, int signal);
}
