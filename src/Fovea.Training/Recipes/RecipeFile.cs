using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Recipes;

/// <summary>Recipes as files: JSON with comments and trailing commas, overrides as <c>training.epochs=3</c>.</summary>
public static class RecipeFile
{
    internal const long MaxBytes = 1 << 20;

    /// <summary>The one way in which recipes become JSON: camelCase names, enumerations as words.</summary>
    public static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.Strict,
        PropertyNameCaseInsensitive = false,
        AllowOutOfOrderMetadataProperties = true,
        RespectNullableAnnotations = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>Reads a recipe and applies overrides in order.</summary>
    /// <param name="path">A file, or the name of a shipped recipe.</param>
    /// <param name="overrides">Each <c>path.to.key=value</c>; the value is JSON, or a word that is taken as a string.</param>
    /// <exception cref="RecipeException">Not there, not JSON, an unknown key, a wrong type or a value out of range.</exception>
    public static Recipe Read(string path, IEnumerable<string>? overrides = null)
    {
        var recipe = Parse(Text(path), path, overrides);
        return recipe.Name == "unnamed" ? recipe with { Name = Path.GetFileNameWithoutExtension(path) } : recipe;
    }

    internal static string Text(string path)
    {
        path = ShippedRecipes.Resolve(path);
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new RecipeException(path, "no such file, and no shipped recipe", NearestName.Of(path, ShippedRecipes.Names) is { } near ? $"Did you mean '{near}'" : "Give a file, or the name of one of recipes/*.json");
        if (file.Length > MaxBytes) throw new RecipeException(path, $"{file.Length} bytes is no recipe", "Give a JSON file of a few lines");
        return File.ReadAllText(path);
    }

    /// <inheritdoc cref="Read"/>
    public static Recipe Parse(string json, string name, IEnumerable<string>? overrides = null)
    {
        var recipe = Parse(json, name, overrides, new Recipe());
        RecipeChecks.Check(recipe, name);
        return recipe;
    }

    /// <summary>Recipes of any kind: what is left out takes the values of <paramref name="defaults"/>. Ranges are the caller's to check.</summary>
    internal static T Parse<T>(string json, string name, IEnumerable<string>? overrides, T defaults) where T : class
    {
        JsonNode root;
        try
        {
            root = JsonNode.Parse(json, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false }) as JsonObject
                ?? throw new RecipeException(name, "not a JSON object", "Start with { and see recipes/ for examples");
        }
        catch (JsonException e)
        {
            // A key that occurs twice is reported without its place.
            throw new RecipeException(name, e.LineNumber is { } line ? $"not JSON (line {line + 1}, column {e.BytePositionInLine + 1})" : $"not JSON ({e.Message.TrimEnd('.')})", "Correct it there");
        }
        NamePresets((JsonObject)root);
        foreach (var text in overrides ?? [])
        {
            Override((JsonObject)root, text);
            NamePresets((JsonObject)root);
        }
        RefuseUnknownKeys(root, typeof(T), "", name);
        FillInPreset((JsonObject)root, name);
        FillIn((JsonObject)root, (JsonObject)JsonSerializer.SerializeToNode(defaults, Options)!);
        RecipeStages.Complete((JsonObject)root, stage => FillInPreset(stage, name), FillIn, name);
        try
        {
            return root.Deserialize<T>(Options) ?? throw new RecipeException(name, "empty", "See recipes/ for examples");
        }
        catch (JsonException e)
        {
            var key = e.Path is { Length: > 2 } path ? path[2..] : "?";
            throw new RecipeException(name, $"'{key}' has a value of the wrong kind", $"Give {Expected(typeof(T), key)}");
        }
    }

    /// <summary>All that the recipe says, defaults included; of a stage only what it says otherwise than the recipe.</summary>
    public static string Write(Recipe recipe)
    {
        var root = (JsonObject)JsonSerializer.SerializeToNode(recipe, Options)!;
        RecipeStages.Shorten(root);
        return root.ToJsonString(Options) + "\n";
    }

    private static void Override(JsonObject root, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new RecipeException("--set", $"'{text}' is not key=value", "Write e.g. --set training.epochs=3");
        var keys = text[..equals].Split('.');
        var node = root;
        for (var i = 0; i < keys.Length - 1; i++)
        {
            // stages.0.training.epochs
            if (node[keys[i]] is JsonArray list && i + 2 < keys.Length && int.TryParse(keys[i + 1], out var index) && index >= 0 && index < list.Count && list[index] is JsonObject item)
            {
                (node, i) = (item, i + 1);
                continue;
            }
            if (node[keys[i]] is not JsonObject child) node[keys[i]] = child = [];
            node = child;
        }
        JsonNode? value;
        try
        {
            value = JsonNode.Parse(text[(equals + 1)..]);
        }
        catch (JsonException)
        {
            value = JsonValue.Create(text[(equals + 1)..]); // a bare word, as typed in a shell
        }
        node[keys[^1]] = value;
    }

    /// <summary><c>"augmentation": "s1"</c> is short for <c>{ "preset": "s1" }</c>.</summary>
    private static void NamePresets(JsonObject root)
    {
        foreach (var stage in root["stages"] is JsonArray stages ? stages.OfType<JsonObject>() : []) NamePresets(stage);
        if (root["augmentation"] is JsonValue value && value.GetValueKind() == JsonValueKind.String) root["augmentation"] = new JsonObject { ["preset"] = value.GetValue<string>() };
    }

    private static void FillInPreset(JsonObject root, string name)
    {
        if (root["augmentation"] is not JsonObject node || node["preset"] is not JsonValue value || value.GetValueKind() != JsonValueKind.String) return;
        var preset = AugmentationPresets.Find(value.GetValue<string>(), name);
        FillIn(node, (JsonObject)JsonSerializer.SerializeToNode(preset, Options)!);
    }

    /// <summary>What is left out takes the recipe's default, not its type's: <c>head.kind</c> alone must not mean no classes.</summary>
    private static void FillIn(JsonObject node, JsonObject defaults)
    {
        foreach (var (key, value) in defaults)
        {
            if (!node.ContainsKey(key)) node[key] = value?.DeepClone();
            // What a chain leaves open is the chain's to say.
            else if (key == "preprocessing") continue;
            else if (node[key] is JsonObject child && value is JsonObject inner) FillIn(child, inner);
        }
    }

    private static void RefuseUnknownKeys(JsonNode? node, Type type, string path, string name)
    {
        var info = Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        if (node is JsonArray items && info.ElementType is { } element)
        {
            foreach (var item in items) RefuseUnknownKeys(item, element, path, name);
            return;
        }
        if (node is not JsonObject fields || info.Kind != JsonTypeInfoKind.Object) return;
        var kindKey = info.PolymorphismOptions?.TypeDiscriminatorPropertyName;
        if (kindKey is not null) info = Options.GetTypeInfo(Named(fields, kindKey, info.PolymorphismOptions!.DerivedTypes, path, name));
        foreach (var (key, value) in fields)
        {
            if (key == kindKey) continue;
            if (info.Properties.FirstOrDefault(p => p.Name == key) is { } property)
            {
                RefuseUnknownKeys(value, property.PropertyType, $"{path}{key}.", name);
                continue;
            }
            var known = info.Properties.Select(p => p.Name).ToArray();
            throw new RecipeException(name, $"unknown key '{path}{key}'",
                NearestName.Of(key, known) is { } near ? $"Did you mean '{path}{near}'" : $"Known here: {string.Join(", ", known)}");
        }
    }

    /// <summary>The type that an object names itself, e.g. a step of preprocessing.</summary>
    private static Type Named(JsonObject fields, string kindKey, IList<JsonDerivedType> types, string path, string name)
    {
        var known = types.Select(t => (string)t.TypeDiscriminator!).ToArray();
        var given = fields[kindKey] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
        if (given is not null && Array.IndexOf(known, given) is >= 0 and var index) return types[index].DerivedType;
        throw new RecipeException(name, given is null ? $"an entry of '{path.TrimEnd('.')}' without a {kindKey}" : $"unknown {kindKey} '{given}' in '{path.TrimEnd('.')}'",
            given is not null && NearestName.Of(given, known) is { } near ? $"Did you mean '{near}'" : $"There are {string.Join(", ", known)}");
    }

    private static string Expected(Type type, string key)
    {
        foreach (var part in key.Split('.'))
        {
            var property = Options.GetTypeInfo(type).Properties.FirstOrDefault(p => p.Name == part);
            if (property is null) break;
            type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        }
        return type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))
            : type == typeof(int) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(bool) ? "true or false"
            : type == typeof(string) ? "a text"
            : type == typeof(Strength) ? "a number, [low, high] or { \"range\": [low, high], \"probability\": p }"
            : "what recipes/ shows";
    }
}
