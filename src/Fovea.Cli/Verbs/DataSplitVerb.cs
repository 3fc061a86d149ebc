using System.CommandLine;
using System.Globalization;
using Fovea.Training.Data;
using Fovea.Training.Splits;

namespace Fovea.Cli.Verbs;

/// <summary>Divides a data set by class and patient, copies of a picture on one side, and writes the division.</summary>
internal static class DataSplitVerb
{
    public static Command Create()
    {
        var data = DataOption.Create();
        var folds = new Option<int?>("--folds") { Description = "Parts of a cross-validation, 2 to 100.", HelpName = "K" };
        var fractions = new Option<string?>("--fractions") { Description = "Shares of training, validation and optionally test, sum 1.", HelpName = "A,B[,C]" };
        var subsample = new Option<string?>("--subsample") { Description = "Divide only so many images, or such a share of them, by class; the others are listed as unused.", HelpName = "N|SHARE" };
        var seed = new Option<ulong>("--seed") { Description = "The same seed makes the same split on every machine.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var all = new Option<bool>("--all") { Description = "Divide an official test part too; without, it is left out." };
        var output = new Option<string>("--out") { Description = "The file to write.", Required = true, HelpName = "FILE.csv" };
        var json = JsonOutput.Option();
        return new Command("split", "Divide a data set by class; a patient, and copies of a picture, stay on one side.") { data, folds, fractions, subsample, seed, all, output, json }
            .Runs((parse, cancel) =>
        {
            var (k, shares) = (parse.GetValue(folds), parse.GetValue(fractions));
            if (k is null == shares is null) throw new UsageException("data split: one of --folds and --fractions is needed. Give --folds 5 or --fractions .7,.15,.15.");
            if (k is < 2 or > Split.MaxFolds) throw new UsageException($"--folds: {k} is out of range. Give 2 to {Split.MaxFolds}.");
            var parsed = shares is null ? null : Shares(shares);
            var dataset = parse.Open(data);
            var indices = Choose(dataset, parse.GetValue(all));
            var duplicates = ImageReading.FindDuplicates(dataset, cancel);
            if (duplicates.Unreadable.Count > 0)
            {
                var others = duplicates.Unreadable.Count > 1 ? $" ({duplicates.Unreadable.Count - 1} more; `fovea data inspect` lists them)" : "";
                throw new DatasetException(dataset.Source, $"image '{duplicates.Unreadable[0].Id}' cannot be read{others}", "Replace it, or take it out of the labels");
            }
            var groups = PictureGroups.Of(dataset.Samples, duplicates);
            var taken = parse.GetValue(subsample) is { } wanted ? SubSample(dataset, indices, groups, wanted, parse.GetValue(seed)) : indices;
            var split = k is { } n ? Split.KFold(dataset, taken, groups, n, parse.GetValue(seed)) : Split.HoldOut(dataset, taken, groups, parsed!, parse.GetValue(seed));
            split = split.WithUnused(dataset, indices.Except(taken), groups);
            split.Write(parse.GetValue(output)!);
            var parts = split.Entries.GroupBy(e => e.Part).OrderBy(p => (uint)p.Key) // the unused last
                .Select(p => (Part: split.PartName(p.Key), Counts: dataset.CountClasses(p.Select(e => dataset.Samples[dataset.Find(e.Image)!.Value])))).ToArray();
            var groupCount = split.Entries.Where(e => e.Part != Split.Unused).Select(e => e.Group).Distinct(StringComparer.Ordinal).Count();
            if (parse.GetValue(json))
            {
                JsonOutput.Write(new
                {
                    file = parse.GetValue(output),
                    images = taken.Length,
                    groups = groupCount,
                    seed = parse.GetValue(seed),
                    parts = parts.Select(p => new { part = p.Part, images = p.Counts.Sum(), classes = p.Counts }),
                });
            }
            else
            {
                Console.Out.WriteLine($"{parse.GetValue(output)}: {taken.Length} images in {groupCount} groups");
                Console.Out.WriteLine($"{(k is null ? "part" : "fold"),-12}{"images",8}   by class");
                foreach (var (part, counts) in parts) Console.Out.WriteLine($"{part,-12}{counts.Sum(),8}   {string.Join(", ", counts)}");
            }
            return ExitCodes.Ok;
        });
    }

    private static int[] Choose(Dataset dataset, bool all)
    {
        int[] everything = [.. Enumerable.Range(0, dataset.Samples.Count)];
        int[] test = dataset.IndicesOf(SamplePart.Test);
        if (all || test.Length == 0 || test.Length == everything.Length) return everything;
        Console.Error.WriteLine($"{test.Length} images of the official test part are left out; --all divides them too.");
        return [.. everything.Except(test)];
    }

    private static int[] SubSample(Dataset dataset, int[] indices, int[] groups, string wanted, ulong seed)
    {
        var number = double.TryParse(wanted, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : 0;
        var count = number is > 0 and < 1 ? Math.Round(number * indices.Length) : number;
        if (!(count >= 1 && count < indices.Length && count == Math.Floor(count)))
            throw new UsageException($"--subsample: {wanted} is neither a share below 1 nor a number below {indices.Length}. Give for example .5 or {Math.Max(1, indices.Length / 2)}.");
        var chosen = GroupSplitter.SubSample([.. indices.Select(i => dataset.Samples[i].Label)], [.. indices.Select(i => groups[i])], (int)count, seed);
        return [.. indices.Where((_, i) => chosen[i])];
    }

    private static double[] Shares(string text)
    {
        var shares = new List<double>();
        foreach (var part in text.Split(','))
        {
            if (!double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) || !(share > 0 && share < 1)) break;
            shares.Add(share);
        }
        return shares.Count is 2 or 3 && shares.Count == text.Split(',').Length && Math.Abs(shares.Sum() - 1) < 1e-6 ? [.. shares]
            : throw new UsageException($"--fractions: {text} is not two or three shares with sum 1. Give for example .7,.15,.15.");
    }
}
