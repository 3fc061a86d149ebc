using System.CommandLine;
using System.Globalization;
using Fovea.Cli.Doctor;

namespace Fovea.Cli.Verbs;

/// <summary>Says what this machine and this installation have, what is missing, and how to get it. Exit code 1 when Fovea cannot run here.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var json = JsonOutput.Option();
        return new Command("doctor", "Show versions, processor and GPU features, memory, what is missing and how to get it.") { json }
            .Runs((parse, _) => RankProbe.IsRank ? RankProbe.Answer() : Run(parse.GetValue(json)));
    }

    private static int Run(bool json)
    {
        var report = DoctorReport.Make();
        if (json)
            JsonOutput.Write(report);
        else
            Print(report);
        return report.Ok ? ExitCodes.Ok : ExitCodes.Bug;
    }

    private static void Print(DoctorReport report)
    {
        static string Has(string feature, bool has) => has ? feature : $"no {feature}";
        static string GiB(long bytes) => $"{bytes / (double)(1 << 30):0.0} GiB";

        var processor = report.Processor;
        Line("fovea", report.Version);
        Line(".NET", report.DotNet);
        Line("system", report.System);
        Line("processor", $"{processor.Model}, {processor.Cores} cores, {Has("AVX2", processor.Avx2)}, {Has("AVX-512", processor.Avx512)}, {Has("bfloat16", processor.Bfloat16)}");
        Line("memory", GiB(report.MemoryBytes) + (report.MemoryAvailableBytes is { } free ? $", {GiB(free)} available" : ""));
        var gpus = report.Gpus.Count == 0 ? "none" : string.Join(", ", report.Gpus);
        Line("GPU", report is { Gpus.Count: > 0, UsableGpus: 0 } ? $"{gpus}; this libtorch is built without CUDA and computes on the processor" : gpus);
        foreach (var library in report.Libraries)
            Line(library.Name, library.Version ?? $"MISSING: {library.Problem}");
        if (report.ProcessGroups is { } groups)
            Line("processes", groups.Works ? string.Create(CultureInfo.InvariantCulture, $"two met and added up over Gloo ({groups.Seconds:0.0} s): train --nproc works") : $"NO PROCESS GROUPS: {groups.Problem}");
        if (report.MissingPackages is { Count: > 0 } missing)
            Line("not installed", string.Join(' ', missing));
        Console.Out.WriteLine(report.Remedy is null ? "Everything that Fovea needs is here." : $"Fovea cannot run here yet. To mend it: {report.Remedy}");
    }

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-14}{value}");
}
