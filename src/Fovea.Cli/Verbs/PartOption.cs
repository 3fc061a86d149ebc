using System.CommandLine;
using Fovea.Training.Data;
using Fovea.Training.Splits;

namespace Fovea.Cli.Verbs;

/// <summary><c>--part</c> and <c>--split</c>: which images of a data set are meant.</summary>
internal sealed class PartOption
{
    public Option<string?> Part { get; } = new("--part") { Description = "Only this part: training, validation or test, or the number of a fold; of --split, else as published with the data.", HelpName = "PART" };

    public Option<string?> Split { get; } = new("--split") { Description = "The split that --part speaks of: split.csv of a run.", HelpName = "FILE.csv" };

    /// <summary>Positions in the data set.</summary>
    public int[] Choose(ParseResult parse, Dataset data)
    {
        var (part, splitPath) = (parse.GetValue(Part), parse.GetValue(Split));
        if (splitPath is not null && part is null) throw new UsageException("--split: which part is to be measured is not said. Add --part, e.g. --part test.");
        int[] chosen;
        if (part is null) chosen = [.. Enumerable.Range(0, data.Samples.Count)];
        else if (splitPath is not null)
        {
            var split = Training.Splits.Split.Read(splitPath);
            var parts = split.PartOf(data);
            chosen = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] >= 0 && split.PartName(parts[i]) == part)];
        }
        else chosen = data.IndicesOf(SampleParts.Named(part) ?? throw new UsageException($"--part: '{part}' is not a part. {SampleParts.Remedy}."));
        return chosen.Length > 0 ? chosen : throw new UsageException($"{data.Name}: no image is in the part '{part}'. Check --part and --split.");
    }
}
