using System.CommandLine;
using Fovea.Training.Data;
using Fovea.Training.Inspection;

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
            var inspection = ImageReading.Inspect(dataset, cancel);
            if (parse.GetValue(json)) JsonOutput.Write(inspection);
            else Print(inspection, Console.Out);
            if (inspection.Unreadable.Count == 0) return ExitCodes.Ok;
            Console.Error.WriteLine($"{dataset.Source}: {inspection.Unreadable.Count} unreadable images. Replace them, or take them out of the labels.");
            return ExitCodes.UnreadableInput;
        });
    }

    private static void Print(DatasetInspection d, TextWriter output)
    {
        output.WriteLine($"{d.Source}: {d.Kind}, {d.Images} images{(d.Patients is { } n ? $", {n} patients" : "")}");
        output.WriteLine();
        var divided = d.Parts.Count > 1;
        output.WriteLine($"class                 images     share{(divided ? string.Concat(d.Parts.Select(p => $"{p.Part,12}")) : "")}");
        foreach (var c in d.Classes)
            output.WriteLine($"{c.Class,5}  {c.Name,-14}{c.Count,7}{c.Share * 100,8:0.0} %{(divided ? string.Concat(d.Parts.Select(p => $"{p.Classes[c.Class],12}")) : "")}");
        output.WriteLine();
        foreach (var q in d.Quantities)
            output.WriteLine($"{q.Quantity,-15}{q.All.Min:0.##} to {q.All.Max:0.##}, mean {q.All.Mean:0.##}, median {q.All.Median:0.##} {q.Unit}".TrimEnd());
        if (!d.IsOfOtherPictures)
        {
            Kinds("quality", d.Quality);
            Kinds("framing", d.Framings);
        }
        Copies("exact copies", d.ExactDuplicates);
        Copies("near copies", d.NearDuplicates);
        output.WriteLine($"unreadable images: {d.Unreadable.Count}");
        foreach (var u in d.Unreadable) output.WriteLine($"  {u.Reason}");
        foreach (var warning in d.Warnings) output.WriteLine($"warning: {warning}");

        void Kinds(string title, IReadOnlyList<KindCount> kinds) => output.WriteLine($"{title,-15}{string.Join(", ", kinds.Where(k => k.Images > 0).Select(k => $"{k.Kind} {k.Images}"))}");

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

    public static DatasetInspection Inspect(Dataset dataset, CancellationToken cancel)
    {
        using var line = new ProgressLine("Reading", dataset.Samples.Count, "images");
        return Inspector.Inspect(dataset, new Counted(line), cancel);
    }

    private sealed class Counted(ProgressLine line) : IProgress<int>
    {
        public void Report(int value) => line.Report(value);
    }
}
