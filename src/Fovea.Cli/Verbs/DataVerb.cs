using System.CommandLine;

namespace Fovea.Cli.Verbs;

/// <summary>The group of verbs about data sets.</summary>
internal static class DataVerb
{
    public static Command Create() => new("data", "Make and examine data sets.")
    {
        DataAugmentVerb.Create(),
        DataDrawVerb.Create(),
        DataSpoilVerb.Create(),
        DataInspectVerb.Create(),
        DataSplitVerb.Create(),
        DataPrepareVerb.Create(),
    };
}
