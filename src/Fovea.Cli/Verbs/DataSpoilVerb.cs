using System.CommandLine;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Verbs;

/// <summary>Makes ungradable photographs of good ones.</summary>
internal static class DataSpoilVerb
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var folder = new Option<string>("--out") { Description = "The folder to make; it must not exist, or be empty.", Required = true, HelpName = "DIR" };
        var faults = new Option<int>("--faults") { Description = "Spoiled pictures of each photograph, each with another fault, 1 to 5.", DefaultValueFactory = _ => 2, HelpName = "N" };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same pictures.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("spoil", $"Make a set for judges of quality: each photograph once good and then spoiled; classes {string.Join(", ", SpoiledDataset.Classes)}.") { data, folder, faults, seed, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(faults) is var n && n is < 1 or > 5) throw new UsageException($"--faults: {n} is out of range. Give 1 to 5.");
            var path = parse.GetValue(folder)!;
            if (path.Length == 0) throw new UsageException("--out: an empty name. Name the folder to make.");
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())) throw new UsageException($"{path}: already holds files. Name a new folder.");
            var photographs = parse.Open(data);
            int[] counts;
            using (var line = new ProgressLine("Spoiling", photographs.Samples.Count, "photographs"))
                counts = SpoiledDataset.Write(path, photographs, n, parse.GetValue(seed), new Spoiled(line), cancel);
            var byClass = SpoiledDataset.Classes.Zip(counts).ToDictionary(c => c.First, c => c.Second);
            if (parse.GetValue(json)) JsonOutput.Write(new { folder = path, photographs = photographs.Samples.Count, images = counts.Sum(), classes = byClass, seed = parse.GetValue(seed) });
            else Console.Out.WriteLine($"{path}: {string.Join(", ", byClass.Select(c => $"{c.Value} {c.Key}"))}. Use it as csv:{path}?classes={string.Join(',', SpoiledDataset.Classes)}");
            return ExitCodes.Ok;
        });
    }

    private sealed class Spoiled(ProgressLine line) : IProgress<int>
    {
        public void Report(int value) => line.Report(value);
    }
}
