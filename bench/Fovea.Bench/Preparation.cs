using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Preprocessing;
using Fovea.Training.Data;
using Fovea.Training.Preparation;

namespace Fovea.Bench;

/// <summary>
/// Fovea's side of bench/preprocessing.py: Fovea.Bench preparation CHAIN exact|fast SIZE THREADS DATA OUT. Prepares a set six times with the code of `fovea data prepare` and prints one JSON line
/// {"seconds", "cpu"} for the last time, when all is compiled: reading, hashing, decoding, writing, fsync and the search for copies, without the start of the process.
/// </summary>
internal static class PreparationBench
{
    internal static int Run(string[] arguments)
    {
        if (arguments is not [var chain, var decode, var size, var threads, var source, var output]) return 2;
        var data = DatasetReaders.Open(source);
        var spec = new PreprocessingSpec { Chain = chain, Size = int.Parse(size, CultureInfo.InvariantCulture) };
        var options = new PreparationOptions(Enum.Parse<DecodeScale>(decode, ignoreCase: true), int.Parse(threads, CultureInfo.InvariantCulture));
        for (var time = 1; ; time++)
        {
            if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
            var (cpu, watch) = (Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
            ArchivePreparation.Run(data, spec, output, options);
            if (time < 6) continue;
            Console.WriteLine(JsonSerializer.Serialize(new { seconds = watch.Elapsed.TotalSeconds, cpu = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds }));
            return 0;
        }
    }
}
