using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Calibration;
using Fovea.Preprocessing;

namespace Fovea.Models;

/// <summary>A measured figure with its 95 % interval.</summary>
/// <param name="Value">The point estimate.</param>
/// <param name="Low">Lower end of the interval; null when none was computed.</param>
/// <param name="High">Upper end.</param>
public sealed record CardMetric(double Value, double? Low = null, double? High = null);

/// <summary>Images that a model was trained or measured on.</summary>
/// <param name="Name">The data set.</param>
/// <param name="Role">What it served for: training, validation, test, pre-training.</param>
/// <param name="Images">How many images.</param>
/// <param name="Licence">The data's licence.</param>
/// <param name="Source">Citation or address.</param>
public sealed record CardData(string Name, string Role, int Images, string Licence, string? Source = null);

/// <summary>How probabilities, thresholds and sets of a model were fitted.</summary>
/// <param name="Data">The data set and its part.</param>
/// <param name="Images">How many.</param>
/// <param name="Before">Scores on these images before, by name.</param>
/// <param name="After">The same afterwards: on the images that it was fitted on, and so a little too good.</param>
public sealed record CardCalibration(string Data, int Images, IReadOnlyDictionary<string, double> Before, IReadOnlyDictionary<string, double> After);

/// <summary>All that a model file says beside its weights (<c>model.json</c>). Whatever is needed to serve the network as it was trained is here and nowhere else.</summary>
public sealed record ModelCard
{
    /// <summary>
    /// The newest format that this code reads. 2 added <see cref="Calibration"/> and its parts of <see cref="Decoding"/>, 3 <see cref="Ensemble"/>; a model without them is written as 1, which older versions read.
    /// </summary>
    public const int CurrentFormat = 3;

    /// <summary>Version of the format; a newer one is refused.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>What the model decides, e.g. <c>dr-grade</c>.</summary>
    public required string Task { get; init; }

    /// <summary>Name in <see cref="ModelCatalog"/>, or <see cref="CardEnsemble.Architecture"/>.</summary>
    public required string Architecture { get; init; }

    /// <summary>What is done to a photograph before the network sees it; its <see cref="PreprocessingSpec.Size"/> is the input's side.</summary>
    public required PreprocessingSpec Preprocessing { get; init; }

    public required HeadSpec Head { get; init; }

    public DecodingSpec Decoding { get; init; } = new();

    /// <summary>On what <see cref="Decoding"/> was fitted; null where it was not.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CardCalibration? Calibration { get; init; }

    /// <summary>The members of a packed ensemble and its rule; null for one network. <see cref="Preprocessing"/> is then the first member's, <see cref="Head"/> what the rule gives, and <see cref="Decoding"/> comes after the rule.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CardEnsemble? Ensemble { get; init; }

    /// <summary>The oldest format that can say what this card says.</summary>
    [JsonIgnore]
    internal int LeastFormat => Ensemble is not null ? 3 : Calibration is null && Decoding is { Isotonic: null, Conformal: null } ? 1 : 2;

    /// <summary>Names of the grades or classes, as many as the head has.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The licence of the weights (SPDX identifier where there is one).</summary>
    public required string Licence { get; init; }

    public IReadOnlyList<CardData> Data { get; init; } = [];

    /// <summary>Figures by name, e.g. <c>test.quadraticWeightedKappa</c>.</summary>
    public IReadOnlyDictionary<string, CardMetric> Metrics { get; init; } = new Dictionary<string, CardMetric>();

    /// <summary>The training recipe as it was run; null when it is not known.</summary>
    public JsonElement? Recipe { get; init; }

    /// <summary>When the weights were written, UTC.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Name and version of the program that wrote the file.</summary>
    public string? Producer { get; init; }

    /// <summary>SHA-256 of <c>weights.safetensors</c>, of an ensemble that of its members' own, one a line; lower-case hexadecimal, set when the file is written.</summary>
    public string WeightsSha256 { get; init; } = "";

    internal static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowOutOfOrderMetadataProperties = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>The reason why this card is impossible, or null.</summary>
    internal string? Problem()
    {
        if (Format is < 1 or > CurrentFormat) return $"its format is {Format}; this version of Fovea reads up to {CurrentFormat}";
        if (Ensemble is not null)
        {
            if (Ensemble.Problem(this) is { } ensemble) return ensemble;
        }
        else if (ModelCatalog.Entries.All(e => e.Name != Architecture)) return $"this version of Fovea has no network named \"{OneLine(Architecture)}\"";
        if (Preprocessing.Problem() is { } preprocessing) return preprocessing;
        if (Ensemble is null && Preprocessing.Size < ModelCatalog.Find(Architecture).MinimumInput) return $"an input of {Preprocessing.Size} pixels is too small for {Architecture}";
        if (Head.Problem() is { } head) return head;
        if (Decoding.Problem(Head.Classes) is { } decoding) return decoding;
        if (Classes.Count != Head.Classes) return $"{Classes.Count} class names for {Head.Classes} classes";
        return null;
    }

    internal static string OneLine(string text, int limit = 80) => new([.. text.Take(limit).Select(c => char.IsControl(c) ? '?' : c)]);
}
