using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Training.Recipes;

namespace Fovea.Training.Search;

/// <summary>What is searched for, from a JSON file (comments allowed).</summary>
/// <param name="Recipe">The recipe's file, as written; relative to the plan's folder.</param>
/// <param name="Trials">How many settings are tried.</param>
/// <param name="Seed">Draws them: trial n is the same for the same seed, whoever runs it.</param>
/// <param name="Measure">The validation figure that decides: <c>quadraticWeightedKappa</c> (default), <c>accuracy</c>, <c>auc</c> or <c>loss</c>.</param>
/// <param name="Halving">Null (default): every trial is trained to the end.</param>
/// <param name="Ranges">Settings by their paths in the recipe.</param>
public sealed record SearchPlan(string? Recipe, int Trials, ulong Seed, string Measure, HalvingPlan? Halving, IReadOnlyDictionary<string, SearchRange> Ranges)
{
    private const long MaxBytes = 1 << 20;
    public const int MaxTrials = 10_000;

    private static readonly string[] Keys = ["recipe", "trials", "seed", "measure", "halving", "ranges"], Measures = ["quadraticWeightedKappa", "accuracy", "auc", "loss"];

    /// <exception cref="RecipeException">Not there, not JSON, an unknown key or an impossible value.</exception>
    public static SearchPlan Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new RecipeException(path, "no such file", "Give a search, see docs/search.md");
        if (file.Length > MaxBytes) throw new RecipeException(path, $"{file.Length} bytes is no search", "Give a JSON file of a few lines");
        return Parse(File.ReadAllText(path), path);
    }

    internal static SearchPlan Parse(string json, string name)
    {
        JsonObject root;
        try
        {
            root = JsonNode.Parse(json, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false }) as JsonObject
                ?? throw new RecipeException(name, "not a JSON object", "Start with { and see docs/search.md");
        }
        catch (JsonException e)
        {
            throw new RecipeException(name, e.LineNumber is { } line ? $"not JSON (line {line + 1})" : $"not JSON ({e.Message.TrimEnd('.')})", "Correct it there");
        }
        KnownKeys(root, Keys, "", name);
        var measure = Text(root, "measure", name) ?? Measures[0];
        if (!Measures.Contains(measure)) throw new RecipeException(name, $"measure is '{measure}'", $"Use one of {string.Join(", ", Measures)}");
        var halving = root["halving"] switch
        {
            null => null,
            JsonObject h => Halve(h, name),
            _ => throw new RecipeException(name, "halving is no object", "Write e.g. { \"from\": 3, \"factor\": 3 }"),
        };
        if (root["ranges"] is not JsonObject { Count: > 0 } ranges) throw new RecipeException(name, "no ranges", "Give e.g. \"ranges\": { \"optimiser.learningRate\": { \"logUniform\": [1e-4, 1e-2] } }");
        return new SearchPlan(Text(root, "recipe", name), Whole(root, "trials", 1, MaxTrials, 20, name), (ulong)Whole(root, "seed", 0, int.MaxValue, 1, name), measure, halving,
            ranges.ToDictionary(r => r.Key, r => SearchRange.Parse(r.Value, r.Key, name), StringComparer.Ordinal));
    }

    private static HalvingPlan Halve(JsonObject node, string name)
    {
        KnownKeys(node, ["from", "factor"], "halving.", name);
        return new HalvingPlan(Whole(node, "from", 1, 100_000, 1, name), Whole(node, "factor", 2, 100, 3, name));
    }

    private static void KnownKeys(JsonObject node, string[] known, string path, string name)
    {
        foreach (var (key, _) in node)
            if (!known.Contains(key))
                throw new RecipeException(name, $"unknown key '{path}{key}'", NearestName.Of(key, known) is { } near ? $"Did you mean '{path}{near}'" : $"Known here: {string.Join(", ", known)}");
    }

    private static string? Text(JsonObject node, string key, string name) => node[key] switch
    {
        null => null,
        JsonValue v when v.TryGetValue(out string? text) => text,
        _ => throw new RecipeException(name, $"'{key}' has a value of the wrong kind", "Give a text"),
    };

    private static int Whole(JsonObject node, string key, int least, int most, int otherwise, string name)
    {
        if (node[key] is not { } given) return otherwise;
        if (given is JsonValue v && v.TryGetValue(out int value) && value >= least && value <= most) return value;
        throw new RecipeException(name, $"{key} is {given.ToJsonString()}", $"Use a whole number from {least} to {most}");
    }

    /// <summary>The settings of a trial, as <c>--set</c> takes them. A function of the seed, the trial and the setting's name alone.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings(int trial) => [.. Ranges.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r =>
    {
        var key = r.Key.Aggregate(14695981039346656037UL, (hash, c) => (hash ^ c) * 1099511628211UL); // FNV-1a, so that another range leaves the draws of this one
        return KeyValuePair.Create(r.Key, r.Value.Draw(SeededRandom.For(Seed, 0x5EA, (ulong)trial, key)));
    })];

    /// <summary>Epochs of each rung, rising to the recipe's, and how many trials reach it.</summary>
    public IReadOnlyList<(int Epochs, int Trials)> Rungs(int epochs)
    {
        if (Halving is null) return [(epochs, Trials)];
        var rungs = new List<(int, int)>();
        var (at, left) = ((long)Halving.From, Trials);
        for (; at < epochs && left > 1; at *= Halving.Factor, left = Math.Max(1, left / Halving.Factor)) rungs.Add(((int)at, left));
        rungs.Add((epochs, left));
        return rungs;
    }
}

/// <summary>Successive halving (Jamieson, Talwalkar 2016, arXiv 1502.07943): all trials are trained for a few epochs, the best share of them for more, and so on to the recipe's number; each time from the start, with the schedule of its length.</summary>
/// <param name="From">Epochs of the first rung.</param>
/// <param name="Factor">One in so many goes on, for so many times the epochs.</param>
public sealed record HalvingPlan(int From, int Factor);
