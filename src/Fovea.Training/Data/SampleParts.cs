namespace Fovea.Training.Data;

/// <summary>What parts are called in files; the short names are those of other tools.</summary>
public static class SampleParts
{
    public const string Remedy = "Use training, validation or test";

    /// <summary>By number: training, validation, test.</summary>
    public static readonly string[] Names = ["training", "validation", "test"];

    public static string NameOf(SamplePart part) => part == SamplePart.Unassigned ? "unassigned" : Names[(int)part - (int)SamplePart.Training];

    /// <summary>Null where the name is none.</summary>
    public static SamplePart? Named(string name) => name.ToLowerInvariant() switch
    {
        "training" or "train" => SamplePart.Training,
        "validation" or "val" or "valid" => SamplePart.Validation,
        "test" or "testing" => SamplePart.Test,
        _ => null,
    };
}
