using System.CommandLine;
using System.Text;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Inspection;
using Fovea.Training.Inspection.Embedding;

namespace Fovea.Cli.Verbs;

/// <summary>Reads every image of a data set and says what is in it and what is wrong with it.</summary>
internal static class DataInspectVerb
{
    /// <summary>50 kB each while the grey pixels are laid out.</summary>
    private const int MostEmbedded = 10_000;

    public static Command Create()
    {
        var data = DataOption.Create();
        var html = new Option<string?>("--html") { Description = "Also write a page with distributions, copies, galleries and embeddings: one file that opens offline.", HelpName = "FILE.html" };
        var perplexity = new Option<double?>("--perplexity") { Description = "Of the embeddings: about how many neighbours count. Default: 30, less for few images.", HelpName = "P" };
        var limit = new Option<int>("--embed-limit") { Description = "Images in an embedding, a sample by chance beyond; 0 for none.", DefaultValueFactory = _ => 2000, HelpName = "N" };
        var features = new Option<string?>("--features") { Description = "Also embed the features of a network: a model file, or NETWORK:WEIGHTS.", HelpName = "MODEL" };
        var seed = new Option<ulong>("--seed") { Description = "Of samples and embeddings.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("inspect", "Count classes, measure images, and find unreadable files, leaks of the label and copies of the same picture.")
            { data, html, perplexity, limit, features, seed, json }.Runs((parse, cancel) =>
        {
            var page = parse.GetValue(html);
            if (page is null && (parse.GetValue(features) ?? (object?)parse.GetValue(perplexity)) is not null)
                throw new UsageException("data inspect: --features and --perplexity are of the page. Add --html FILE.html.");
            if (page is not null && Path.GetDirectoryName(Path.GetFullPath(page)) is var folder && !Directory.Exists(folder))
                throw new UsageException($"--html: {page}: its folder does not exist. Create {folder} first.");
            if (parse.GetValue(limit) is < 0 or > MostEmbedded) throw new UsageException($"--embed-limit: {parse.GetValue(limit)} is out of range. Give 0 to {MostEmbedded}.");
            var dataset = parse.Open(data);
            using var network = parse.GetValue(features) is { } model ? FeatureExtractor.Open(model) : null;
            var options = new InspectionOptions
            {
                Thumbnails = page is not null,
                EmbedLimit = page is null ? 0 : parse.GetValue(limit),
                Perplexity = Perplexity(parse.GetValue(perplexity), Math.Min(parse.GetValue(limit), dataset.Samples.Count)),
                Features = network,
                Seed = parse.GetValue(seed),
            };
            var inspector = ImageReading.Inspect(dataset, options, cancel);
            if (page is not null)
            {
                if (options.EmbedLimit > 0 && inspector.Embedded == 0) Console.Error.WriteLine($"No embedding: it needs {ImageEmbedding.LeastImages} readable images.");
                if (inspector.Embedded > 0) Console.Error.WriteLine($"Laying out {inspector.Embedded} images.");
                Perplexity(options.Perplexity, inspector.Embedded); // unreadable images leave fewer than were counted on
                inspector.Embed(cancel);
                AtomicFile.Write(page, stream => stream.Write(Encoding.UTF8.GetBytes(inspector.ToHtml())));
                Console.Error.WriteLine($"{page}: {new FileInfo(page).Length / 1e6:0.0} MB.");
            }
            var inspection = inspector.Inspection;
            if (parse.GetValue(json)) JsonOutput.Write(inspection);
            else Print(inspection, Console.Out);
            if (inspection.Unreadable.Count == 0) return ExitCodes.Ok;
            Console.Error.WriteLine($"{dataset.Source}: {inspection.Unreadable.Count} unreadable images. Replace them, or take them out of the labels.");
            return ExitCodes.UnreadableInput;
        });
    }

    private static double? Perplexity(double? perplexity, int images)
    {
        if (perplexity is not { } p || images == 0) return perplexity;
        var most = Affinities.MostPerplexity(images);
        return p >= 1 && p <= most ? p
            : throw new UsageException($"--perplexity: {p:0.##} is out of range for {images} images. Give 1 to {most:0.#}{(p > most ? ", or embed more images" : "")}.");
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
        Copies("exact copies", d.ExactDuplicates, _ => "");
        Copies("near copies", d.NearDuplicates, c => $"  distance {c.Distance:0.0000}{(c.Mirroring == Mirroring.None ? "" : "  mirrored")}");
        output.WriteLine($"unreadable images: {d.Unreadable.Count}");
        foreach (var u in d.Unreadable) output.WriteLine($"  {u.Reason}");
        foreach (var warning in d.Warnings) output.WriteLine($"warning: {warning}");

        void Kinds(string title, IReadOnlyList<KindCount> kinds) => output.WriteLine($"{title,-15}{string.Join(", ", kinds.Where(k => k.Images > 0).Select(k => $"{k.Kind} {k.Images}"))}");

        void Copies(string title, IReadOnlyList<CopiedImages> copies, Func<CopiedImages, string> how)
        {
            output.WriteLine($"{title}: {copies.Count}");
            foreach (var c in copies) output.WriteLine($"  {string.Join(" = ", c.Images)}  class {string.Join("/", c.Classes)}{how(c)}");
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

    public static Inspector Inspect(Dataset dataset, InspectionOptions options, CancellationToken cancel)
    {
        using var line = new ProgressLine("Reading", dataset.Samples.Count, "images");
        return Inspector.Read(dataset, options, new Counted(line), cancel);
    }

    private sealed class Counted(ProgressLine line) : IProgress<int>
    {
        public void Report(int value) => line.Report(value);
    }
}
