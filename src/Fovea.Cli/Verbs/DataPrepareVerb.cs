using System.CommandLine;
using Fovea.Training.Preparation;

namespace Fovea.Cli.Verbs;

/// <summary>Prepares a data set once, for many trainings.</summary>
internal static class DataPrepareVerb
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var chain = new ChainOptions();
        var output = new Option<string>("--out") { Description = "The folder of the prepared set: images.npy, thumbnails.npy, manifest.json.", Required = true, HelpName = "DIR" };
        var threads = new Option<int>("--threads") { Description = "Images worked on at a time. Default: one on each core.", HelpName = "N" };
        var json = JsonOutput.Option();
        var command = new Command("prepare", "Decode and preprocess a data set once, into a memory-mapped file; run again, only what has changed is done.") { data, output, threads, json };
        chain.AddTo(command);
        return command.Runs((parse, cancel) =>
        {
            if (parse.GetValue(threads) is < 0 or > 1024) throw new UsageException($"--threads: {parse.GetValue(threads)} is out of range. Give 1 to 1024.");
            var spec = chain.Spec(parse);
            var dataset = parse.Open(data);
            var folder = parse.GetValue(output)!;
            PreparationResult result;
            using (var line = new ProgressLine("Preparing", dataset.Samples.Count, "images"))
                result = ArchivePreparation.Run(dataset, spec, folder, new PreparationOptions(chain.Decoding(parse), parse.GetValue(threads)), new Counted(line), cancel);
            var skipped = result.Manifest.Skipped;
            if (parse.GetValue(json))
                JsonOutput.Write(new { folder, images = result.Manifest.Images.Count, size = spec.Size, prepared = result.Prepared, unchanged = result.Reused, skipped, chain = result.Manifest.Chain });
            else
                Console.Out.WriteLine($"{folder}: {result.Manifest.Images.Count} images of {spec.Size} pixels; {result.Prepared} prepared, {result.Reused} unchanged, {skipped.Count} left out");
            if (skipped.Count == 0) return ExitCodes.Ok;
            foreach (var image in skipped) Console.Error.WriteLine(image.Reason);
            Console.Error.WriteLine($"{dataset.Source}: {skipped.Count} unreadable images are left out. Replace them and run this again, or take them out of the labels.");
            return ExitCodes.UnreadableInput;
        });
    }

    private sealed class Counted(ProgressLine line) : IProgress<int>
    {
        public void Report(int value) => line.Report(value);
    }
}
