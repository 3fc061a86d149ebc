using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Fovea.Training.Weights;

/// <summary>Weights that are registered: what they are, where they come from, and how to tell that a file is them.</summary>
public sealed partial record WeightsEntry
{
    /// <summary>Letters, digits, dots, dashes and underscores; what <c>--weights</c> and recipes say.</summary>
    public required string Name { get; init; }

    /// <summary>The network's name in the catalogue; null when it is not known.</summary>
    public string? Architecture { get; init; }

    /// <summary>Where the file can be had over HTTPS; null for what exists only as a file.</summary>
    public Uri? Source { get; init; }

    /// <summary>SHA-256 of the file in lower-case hexadecimal, or its beginning, 8 digits at least (torchvision's file names carry 8); null when it is not known.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Size of the file; null when it is not known.</summary>
    public long? Bytes { get; init; }

    /// <summary>SPDX identifier where there is one. What the images of <see cref="Data"/> allow is another matter.</summary>
    public string? Licence { get; init; }

    /// <summary>What they were trained on.</summary>
    public string? Data { get; init; }

    /// <summary>Number of outputs; null without a classifier.</summary>
    public int? Outputs { get; init; }

    /// <summary>Side of the images that they were trained on, pixels.</summary>
    public int? InputSize { get; init; }

    /// <summary>Subtracted from R, G, B of value/255.</summary>
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>Divides R, G, B afterwards.</summary>
    public IReadOnlyList<double>? Std { get; init; }

    /// <summary>Whose names the tensors have: torchvision, timm, pretrained-models ….</summary>
    public string? Naming { get; init; }

    public string? Note { get; init; }

    /// <summary>Name of the file in the weights folder; null until it is imported.</summary>
    public string? File { get; init; }

    /// <summary>Whether a file's hash is this entry's, as far as the entry knows it.</summary>
    /// <param name="sha256">All 64 digits.</param>
    public bool Matches(string sha256) => Sha256 is not null && sha256.StartsWith(Sha256, StringComparison.Ordinal);

    /// <summary>The reason why this entry is impossible, or null.</summary>
    internal string? Problem() =>
        !IsName(Name) ? $"'{Name}' is not a name (letters, digits, dots, dashes and underscores, 80 at most)"
        : Source is { } source && (!source.IsAbsoluteUri || source.Scheme != Uri.UriSchemeHttps) ? $"{Name}: its source is not an https address"
        : Sha256 is { } hash && !IsHash(hash) ? $"{Name}: sha256 must be 8 to 64 lower-case hexadecimal digits"
        : Bytes is <= 0 ? $"{Name}: bytes must be above 0"
        : File is { } file && !IsName(file) ? $"{Name}: file must be a name in the folder"
        : Mean is { Count: not 3 } || Std is { Count: not 3 } ? $"{Name}: mean and std need three numbers"
        : null;

    /// <summary>Whether a text is a SHA-256 in lower-case hexadecimal, or at least its first 8 digits.</summary>
    public static bool IsHash(string text) => HashPattern().IsMatch(text);

    internal static bool IsName(string text) => NamePattern().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[0-9a-f]{8,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex HashPattern();
}

/// <summary>A registry file: entries under different names.</summary>
public sealed record WeightsRegistry
{
    private const int CurrentFormat = 1;
    private const int MaxBytes = 4 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.Strict,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public int Format { get; init; } = CurrentFormat;

    public IReadOnlyList<WeightsEntry> Weights { get; init; } = [];

    /// <summary>What comes with Fovea: public weights of the catalogue's networks.</summary>
    public static WeightsRegistry BuiltIn { get; } = ReadBuiltIn();

    /// <summary>Reads a registry; one that does not exist is empty.</summary>
    /// <exception cref="WeightsException">It is not a registry, or of a newer format.</exception>
    internal static WeightsRegistry Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return new WeightsRegistry();
        if (file.Length > MaxBytes) throw new WeightsException(path, $"{file.Length} bytes is no registry", "Move it away; the weights can be imported again");
        return Parse(System.IO.File.ReadAllBytes(path), path);
    }

    internal static WeightsRegistry Parse(ReadOnlySpan<byte> json, string path)
    {
        try
        {
            var registry = JsonSerializer.Deserialize<WeightsRegistry>(json, Json) ?? throw new JsonException("it is null");
            var problem = registry.Format != CurrentFormat ? $"its format is {registry.Format}; this version of Fovea reads {CurrentFormat}"
                : registry.Weights.Contains(null!) ? "an entry is null"
                : registry.Weights.Select(w => w.Problem()).FirstOrDefault(p => p is not null)
                ?? registry.Weights.GroupBy(w => w.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1).Select(g => $"{g.Key} occurs twice").FirstOrDefault();
            return problem is null ? registry : throw new WeightsException(path, problem, "Correct it, or move it away");
        }
        catch (JsonException e)
        {
            throw new WeightsException(path, $"not a registry of weights: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}", "Correct it, or move it away", e);
        }
    }

    internal byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    private static WeightsRegistry ReadBuiltIn()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("registry.json")!;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return Parse(bytes.ToArray(), "registry.json");
    }
}

/// <summary>Registered weights that cannot be had or are not what they should be. The message is one line: <c>NAME: reason. Remedy.</c></summary>
public sealed class WeightsException(string name, string reason, string remedy, Exception? inner = null) : Exception($"{name}: {reason}. {remedy}.", inner);
