using System.CommandLine;
using Fovea.Training.Data;

namespace Fovea.Cli.Verbs;

/// <summary>How every verb is told its data set.</summary>
internal static class DataOption
{
    public static Option<string[]> Create() => new("--data")
    {
        Description = $"The labelled images: a kind of data ({string.Join(", ", DatasetReaders.Kinds)}), a colon and the path; a path alone is recognised by what lies there. "
            + "Given several times, the sets become one. Options follow a question mark: 'PATH?name=NAME&map=CLASS:GRADE,…&into=PART&target=dr|dme', for csv also the columns image, label, patient, eye, part, dme, "
            + "and folder and classes. docs/data.md has the layouts.",
        Required = true,
        HelpName = "KIND:PATH",
    };

    /// <summary>Opens what was given, and says on stderr what cannot be used of it.</summary>
    public static Dataset Open(this ParseResult parse, Option<string[]> data)
    {
        var dataset = DatasetReaders.Open(parse.GetValue(data)!);
        foreach (var (reason, count) in dataset.LeftOut.CountBy(image => image.Reason)) Console.Error.WriteLine($"{dataset.Source}: {count} images left out: {reason}.");
        return dataset;
    }
}
