using System.Text.Json;
using Fovea.Models;

namespace Fovea.Detection;

/// <summary>All that a detector's file says beside its weights (<c>model.json</c>): whatever is needed to serve it as it was trained.</summary>
public sealed record DetectorCard
{
    /// <summary>What every detector's <see cref="Task"/> is.</summary>
    public const string LesionBoxes = "lesion-boxes";

    /// <summary>Version of the format; a newer one is refused.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The newest format that this code reads.</summary>
    public const int CurrentFormat = 2;

    public required string Task { get; init; }

    /// <summary>Name in <see cref="DetectorCatalog"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Names of the labels 1, 2 …, e.g. <c>microaneurysm</c>.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    public required AnchorLayout Anchors { get; init; }

    public bool ClassAgnosticBoxes { get; init; }

    public DetectionInput Input { get; init; } = new();

    /// <summary>Photographs are resized to this longer side first, so that lesions have the size that they were trained with; null (default): they keep theirs.</summary>
    public int? LongerSide { get; init; }

    public TileSettings Tiles { get; init; } = new();

    public TileMerging Merging { get; init; } = TileMerging.Nms;

    /// <summary>Of one tile.</summary>
    public DetectionSettings Detection { get; init; } = new();

    /// <summary>Scores from which a box of a label is shown, by label: those of the best F1 when it was measured. A label without: the detection's threshold.</summary>
    public IReadOnlyDictionary<string, double> Thresholds { get; init; } = new Dictionary<string, double>();

    /// <summary>The licence of the weights (SPDX identifier where there is one).</summary>
    public required string Licence { get; init; }

    public IReadOnlyList<CardData> Data { get; init; } = [];

    /// <summary>Figures by name, e.g. <c>test.ap50</c>.</summary>
    public IReadOnlyDictionary<string, CardMetric> Metrics { get; init; } = new Dictionary<string, CardMetric>();

    /// <summary>The training recipe as it was run; null when it is not known.</summary>
    public JsonElement? Recipe { get; init; }

    /// <summary>When the weights were written, UTC.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Name and version of the program that wrote the file.</summary>
    public string? Producer { get; init; }

    /// <summary>SHA-256 of <c>weights.safetensors</c>, lower-case hexadecimal; set when the file is written.</summary>
    public string WeightsSha256 { get; init; } = "";

    /// <summary>The reason why this card is impossible, or null.</summary>
    internal string? Problem()
    {
        if (Format is < 1 or > CurrentFormat) return $"its format is {Format}; this version of Fovea reads up to {CurrentFormat}";
        if (Task != LesionBoxes) return $"its task is \"{ModelCard.OneLine(Task)}\", not {LesionBoxes}";
        if (DetectorCatalog.Entries.FirstOrDefault(e => e.Name == Architecture) is not { } entry) return $"this version of Fovea has no detector named \"{ModelCard.OneLine(Architecture)}\"";
        if (Labels.Count is < 1 or > 1000 || Labels.Distinct().Count() != Labels.Count || Labels.Any(l => l.Length is 0 or > 100)) return "its labels are not 1 to 1000 different names";
        if (Anchors.Problem() is { } anchors) return anchors;
        if (Anchors.Levels != entry.Anchors.Levels) return $"anchors for {Anchors.Levels} levels; {Architecture} has {entry.Anchors.Levels}";
        if (Enumerable.Range(0, Anchors.Levels).Any(level => Anchors.PerPlace(level) != Anchors.PerPlace(0))) return "levels with different numbers of anchors";
        if (Input.Problem() is { } input) return input;
        if (LongerSide is < 64 or > 16384) return $"photographs resized to {LongerSide} pixels";
        if (Tiles.Problem() is { } tiles) return tiles;
        if (!(Detection.ScoreThreshold is >= 0 and < 1 && Detection.NmsThreshold is > 0 and <= 1 && Detection.Most is >= 1 and <= 100_000)) return "its detection settings are out of range";
        return Thresholds.Values.All(t => t is >= 0 and <= 1) ? null : "a threshold is not between 0 and 1";
    }
}
