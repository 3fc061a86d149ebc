using System.Globalization;
using System.Text.Json.Nodes;
using Fovea.Training.Recipes;

namespace Fovea.Training.Search;

/// <summary>Where a setting is drawn from: <c>{ "choice": […] }</c>, <c>{ "uniform": [low, high] }</c>, <c>{ "logUniform": [low, high] }</c> or <c>{ "int": [low, high] }</c> (both ends included).</summary>
public abstract record SearchRange
{
    /// <returns>JSON, or a bare word.</returns>
    internal abstract string Draw(SeededRandom random);

    internal static SearchRange Parse(JsonNode? node, string key, string name)
    {
        RecipeException Wrong(string what) => new(name, $"ranges.{key} {what}", "Write { \"choice\": […] }, or { \"uniform\": [low, high] }, \"logUniform\" or \"int\"");
        if (node is not JsonObject { Count: 1 } given || given.Single() is var (kind, list) && list is not JsonArray { Count: > 0 }) throw Wrong("is no range");
        var items = (JsonArray)list!;
        if (kind == "choice") return new Choice([.. items.Select(i => i is JsonValue v && v.TryGetValue(out string? text) ? text : i?.ToJsonString() ?? "null")]);
        double[] ends = [.. items.Select(i => i is JsonValue v && v.TryGetValue(out double number) ? number : throw Wrong("has an end that is no number"))];
        if (ends.Length != 2 || !(ends[0] < ends[1])) throw Wrong("needs two ends, the lower first");
        return kind switch
        {
            "uniform" => new Uniform(ends[0], ends[1]),
            "logUniform" => ends[0] > 0 ? new LogUniform(ends[0], ends[1]) : throw Wrong("must lie above 0"),
            "int" => ends.All(e => e == Math.Truncate(e) && Math.Abs(e) <= int.MaxValue) ? new Whole((int)ends[0], (int)ends[1]) : throw Wrong("needs whole ends"),
            _ => throw Wrong($"has the unknown kind '{kind}'"),
        };
    }

    private static string Text(double value) => value.ToString("g6", CultureInfo.InvariantCulture);

    private sealed record Choice(IReadOnlyList<string> Values) : SearchRange
    {
        internal override string Draw(SeededRandom random) => Values[random.NextInt(Values.Count)];
    }

    private sealed record Uniform(double Low, double High) : SearchRange
    {
        internal override string Draw(SeededRandom random) => Text(Low + (High - Low) * random.NextDouble());
    }

    private sealed record LogUniform(double Low, double High) : SearchRange
    {
        internal override string Draw(SeededRandom random) => Text(Low * Math.Pow(High / Low, random.NextDouble()));
    }

    private sealed record Whole(int Low, int High) : SearchRange
    {
        internal override string Draw(SeededRandom random) => (Low + (long)(random.NextDouble() * ((long)High - Low + 1))).ToString(CultureInfo.InvariantCulture);
    }
}
