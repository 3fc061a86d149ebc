using System.CommandLine;

namespace Fovea.Cli.Verbs;

/// <summary>How every verb is told its data set.</summary>
internal static class DataOption
{
    public static Option<string> Create() => new("--data")
    {
        Description = "The labelled images: idrid, retinamnist, csv, folders or madeup, a colon, and the path; a path alone is recognised by what lies there.",
        Required = true,
        HelpName = "KIND:PATH",
    };
}
