using System.Text.Json.Serialization;

namespace Fovea;

/// <summary>Signs of diabetic retinopathy that can be pointed at. The first four are those that IDRiD and DDR mark; the others exist in made-up retinas.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LesionKind>))]
public enum LesionKind
{
    Microaneurysm,
    Haemorrhage,
    HardExudate,

    /// <summary>Cotton-wool spot.</summary>
    SoftExudate,
    VenousBeading,

    /// <summary>Intraretinal microvascular abnormality.</summary>
    Irma,

    /// <summary>New vessels on the optic disc or elsewhere.</summary>
    NewVessels,
    PreretinalHaemorrhage,
    VitreousHaemorrhage,
}

/// <summary>What lesions are called in files.</summary>
public static class LesionKinds
{
    /// <summary>In the enumeration's order.</summary>
    private static readonly string[] FileNames =
        ["microaneurysm", "haemorrhage", "hard_exudate", "soft_exudate", "venous_beading", "irma", "new_vessels", "preretinal_haemorrhage", "vitreous_haemorrhage"];

    /// <summary>Folders of masks, as IDRiD abbreviates; its published mask files end in them, too.</summary>
    public static IReadOnlyList<(string Folder, LesionKind Kind)> MaskFolders { get; } =
        [("MA", LesionKind.Microaneurysm), ("HE", LesionKind.Haemorrhage), ("EX", LesionKind.HardExudate), ("SE", LesionKind.SoftExudate)];

    /// <summary>The folder of the optic disc's masks.</summary>
    public const string DiscFolder = "OD";

    /// <summary>All names, in the enumeration's order.</summary>
    public static IReadOnlyList<string> Names => FileNames;

    /// <summary>Small letters with underscores: <c>hard_exudate</c>.</summary>
    public static string Name(this LesionKind kind) => FileNames[(int)kind];

    /// <summary>
    /// The kind of a name; null where it names none. Case does not count, spaces and hyphens are underscores; <c>hemorrhage</c>, <c>cotton_wool_spot</c>, a plural
    /// and IDRiD's MA, HE, EX and SE are understood.
    /// </summary>
    public static LesionKind? Named(string name)
    {
        var plain = name.Trim().ToLowerInvariant().Replace(' ', '_').Replace('-', '_').Replace("hemorrhage", "haemorrhage", StringComparison.Ordinal);
        foreach (var (folder, kind) in MaskFolders)
        {
            if (plain.Equals(folder, StringComparison.OrdinalIgnoreCase)) return kind;
        }
        var index = Array.FindIndex(FileNames, file => plain == file || plain == file + "s");
        return index >= 0 ? (LesionKind)index : plain is "cotton_wool_spot" or "cotton_wool_spots" ? LesionKind.SoftExudate : null;
    }
}
