using System.CommandLine;
using Fovea.Training.Data;

namespace Fovea.Cli.Verbs;

/// <summary>Reads every image of a data set and says what is in it and what is wrong with it.</summary>
internal static class DataInspectVerb
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var json = JsonOutput.Option();
        return new Command("inspect", "Count classes, measure images, and find unreadable files and copies of the same picture.") { data, json }.Runs((parse, cancel) =>
        {
            var dataset = parse.Open(data);
            var inspection = DatasetInspection.Of(dataset, ImageReading.FindDuplicates(dataset, cancel));
            if (parse.GetValue(json)) JsonOutput.Write(inspection);
            else Print(inspection, Console.Out);
            if (inspection.Unreadable.Count == 0) return ExitCodes.Ok;
            Console.Error.WriteLine($"{dataset.Source}: {inspection.Unreadable.Count} unreadable images. Replace them, or take them out of the labels.");
            return ExitCodes.UnreadableInput;
        });
    }

    private static void Print(DatasetInspection d, TextWriter output)
    {
        var parts = d.Parts.Count > 1 ? $" ({string.Join(", ", d.Parts.Select(p => $"{p.Key} {p.Value}"))})" : "";
        output.WriteLine($"{d.Source}: {d.Kind}, {d.Images} images{parts}{(d.Patients is { } n ? $", {n} patients" : "")}");
        output.WriteLine();
        output.WriteLine("class                 images     share");
        foreach (var c in d.Classes) output.WriteLine($"{c.Class,5}  {c.Name,-14}{c.Count,7}{c.Share * 100,8:0.0} %");
        output.WriteLine();
        if (d.Width is { } width && d.Height is { } height)
        {
            output.WriteLine($"width   {width.Min} to {width.Max}, mean {width.Mean:0}");
            output.WriteLine($"height  {height.Min} to {height.Max}, mean {height.Mean:0}");
        }
        Copies("exact copies", d.ExactDuplicates);
        Copies("near copies", d.NearDuplicates);
        output.WriteLine($"unreadable images: {d.Unreadable.Count}");
        foreach (var u in d.Unreadable) output.WriteLine($"  {u.Reason}");
        foreach (var warning in d.Warnings) output.WriteLine($"warning: {warning}");

        void Copies(string title, IReadOnlyList<CopiedImages> copies)
        {
            output.WriteLine($"{title}: {copies.Count}");
            foreach (var c in copies)
            {
                var distance = c.Distance > 0 ? $"  distance {c.Distance:0.0000}" : "";
                output.WriteLine($"  {string.Join(" = ", c.Images)}  class {string.Join("/", c.Classes)}{distance}");
            }
        }
    }
}

/// <summary>Reading all images of a data set with progress on stderr.</summary>
internal static class ImageReading
{
    public static Duplicates FindDuplicates(Dataset dataset, CancellationToken cancel)
    {
        using var line = new ProgressLine("Reading", dataset.Samples.Count, "images");
        return Duplicates.Find(dataset, new Counted(line), cancel);
    }

    private sealed class Counted(ProgressLine line) : IProgress<int>
    {
        public void Report(int value) => line.Report(value);
    }
}
