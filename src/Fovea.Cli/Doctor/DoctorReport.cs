using System.Diagnostics;
using System.Runtime.InteropServices;
using Fovea.Imaging;
using Fovea.Torch;

namespace Fovea.Cli.Doctor;

/// <summary>A native library of Fovea: the version of what it stands on, or why it cannot be used.</summary>
internal sealed record NativeLibraryState(string Name, string? Version, string? Problem);

/// <summary>What this machine and this installation have.</summary>
/// <param name="MemoryBytes">What this process may use: the machine's memory, or its container's limit.</param>
/// <param name="Gpus">The models of the GPUs that the system knows, whether or not this libtorch can use them.</param>
/// <param name="UsableGpus">GPUs that this libtorch can compute on; null where libtorch cannot be loaded.</param>
/// <param name="ProcessGroups">Whether a training can use several processes here; null where libtorch cannot be loaded.</param>
/// <param name="MissingPackages">Packages of eng/packages.txt that are not installed; null on a system without dpkg.</param>
/// <param name="Remedy">The command that mends what is missing; null when every library loads.</param>
internal sealed record DoctorReport(
    string Version,
    string DotNet,
    string System,
    Processor Processor,
    long MemoryBytes,
    long? MemoryAvailableBytes,
    IReadOnlyList<string> Gpus,
    int? UsableGpus,
    IReadOnlyList<NativeLibraryState> Libraries,
    RankProbe? ProcessGroups,
    IReadOnlyList<string>? MissingPackages,
    string? Remedy)
{
    /// <summary>Everything that Fovea needs to run is there; process groups are for training on several processes only.</summary>
    public bool Ok => Libraries.All(library => library.Problem is null);

    public static DoctorReport Make()
    {
        var torch = Try("libtorch", () => TorchRuntime.Version);
        var opencv = Try("OpenCV", () => ImagingLibrary.OpenCvVersion);
        var missing = MissingFromDistribution();
        var remedy = torch.Problem is null && opencv.Problem is null ? null
            : missing is null ? "install what docs/other-systems.md lists, then run eng/build.sh"
            : "eng/setup.sh && eng/build.sh";
        return new DoctorReport(
            CommandLine.Version,
            Environment.Version.ToString(),
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
            Processor.Read(),
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            AvailableMemory(),
            GpuModels(),
            torch.Problem is null ? TorchRuntime.CudaDevices : null,
            [torch, opencv],
            torch.Problem is null ? RankProbe.Run() : null,
            missing,
            remedy);
    }

    private static NativeLibraryState Try(string name, Func<string> version)
    {
        try
        {
            return new NativeLibraryState(name, version(), null);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException or TypeInitializationException)
        {
            return new NativeLibraryState(name, null, (e.InnerException ?? e).Message.ReplaceLineEndings(" "));
        }
    }

    private static long? AvailableMemory()
    {
        const string Source = "/proc/meminfo";
        if (!File.Exists(Source))
            return null;
        // "MemAvailable:    5315824 kB"
        var line = File.ReadLines(Source).FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal));
        return line is not null && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], out var kibibytes) ? kibibytes * 1024 : null;
    }

    private static string[] GpuModels()
    {
        // Where NVIDIA's driver lists its devices; no program is started for it.
        const string Source = "/proc/driver/nvidia/gpus";
        if (!Directory.Exists(Source))
            return [];
        return [.. Directory.EnumerateFiles(Source, "information", SearchOption.AllDirectories)
            .Select(file => File.ReadLines(file).FirstOrDefault(line => line.StartsWith("Model:", StringComparison.Ordinal))?["Model:".Length..].Trim() ?? "unknown model")];
    }

    private static string[]? MissingFromDistribution()
    {
        using var list = new StreamReader(typeof(DoctorReport).Assembly.GetManifestResourceStream("packages.txt")!);
        var packages = list.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var start = new ProcessStartInfo("dpkg-query") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-W", "-f", "${db:Status-Status} ${Package}\\n", .. packages])
            start.ArgumentList.Add(argument);
        try
        {
            using var query = Process.Start(start)!;
            query.BeginErrorReadLine();
            var installed = query.StandardOutput.ReadToEnd().Split('\n').Where(line => line.StartsWith("installed ", StringComparison.Ordinal))
                .Select(line => line["installed ".Length..]).ToHashSet();
            query.WaitForExit();
            return [.. packages.Where(package => !installed.Contains(package))];
        }
        catch (global::System.ComponentModel.Win32Exception)
        {
            // No dpkg here: the packages have other names, so nothing can be said about them.
            return null;
        }
    }
}
