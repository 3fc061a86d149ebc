using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Training.Training;

namespace Fovea.Training.Watching;

public enum RunState
{
    /// <summary>A process works on it.</summary>
    Running,

    /// <summary>Its model, or the table of all its folds, is there.</summary>
    Finished,

    /// <summary>Neither: `fovea train --resume` goes on.</summary>
    Stopped,
}

/// <summary>What a run's folder says at a glance.</summary>
/// <param name="Epochs">Done so far; of a cross-validation those of all folds.</param>
/// <param name="Of">As many as the recipe asks for; early stopping may end it before. Null where the recipe does not say.</param>
/// <param name="BestKappa">On the validation part; the best epoch's. Null where none was evaluated.</param>
/// <param name="Kappa">Of <c>metrics.json</c>: images that no choice depended on. Null until the run is finished, as are the others.</param>
/// <param name="Recipe">Every setting by its path.</param>
public sealed record RunSummary(string Folder, string Name, string Architecture, RunState State, int Epochs, int? Of, double? BestKappa, double? Kappa, double? Accuracy, double? Auc, double Seconds,
    IReadOnlyDictionary<string, string> Recipe)
{
    private const long MaxBytes = 64 << 20;

    /// <summary>The runs in and below a folder, at most so deep, by name. Folders that are no runs are passed over.</summary>
    public static IReadOnlyList<RunSummary> Find(string folder, int depth = 4)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{folder}: no such folder.");
        var found = new List<RunSummary>();
        Look(folder, depth);
        return found;

        void Look(string at, int left)
        {
            if (File.Exists(Path.Combine(at, "recipe.json")))
            {
                if (Read(at) is { } run) found.Add(run);
                return; // folds and stages belong to it
            }
            if (left == 0) return;
            foreach (var below in Directory.EnumerateDirectories(at).Where(d => !Path.GetFileName(d).StartsWith('.')).Order(StringComparer.Ordinal)) Look(below, left - 1);
        }
    }

    /// <returns>Null where the recipe in the folder is none.</returns>
    internal static RunSummary? Read(string folder)
    {
        if (Parse(Path.Combine(folder, "recipe.json")) is not JsonObject recipe) return null;
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Flatten(recipe, "", settings);
        var history = Histories(folder).SelectMany(EpochsIn).ToArray();
        var metrics = Parse(Path.Combine(folder, "metrics.json")) as JsonObject;
        var isFinished = File.Exists(Path.Combine(folder, "model.fovea")) || metrics is not null;
        int? perRun = int.TryParse(settings.GetValueOrDefault("training.epochs"), out var epochs) ? epochs : null;
        return new RunSummary(folder, settings.GetValueOrDefault("name", Path.GetFileName(folder)), settings.GetValueOrDefault("model.architecture", "?"),
            isFinished ? RunState.Finished : IsTaken(folder) ? RunState.Running : RunState.Stopped,
            history.Length, perRun * Math.Max(1, Histories(folder).Length), Best(history, "quadraticWeightedKappa"),
            Number(metrics, "quadraticWeightedKappa"), Number(metrics, "accuracy"), Number(metrics, "auc"), history.Sum(e => Number(e, "seconds") ?? 0), settings);
    }

    private static string[] Histories(string folder)
    {
        var own = Path.Combine(folder, "metrics.jsonl");
        return File.Exists(own) ? [own] : [.. Directory.EnumerateDirectories(folder, "fold-*").Order(StringComparer.Ordinal).Select(d => Path.Combine(d, "metrics.jsonl")).Where(File.Exists)];
    }

    private static IEnumerable<JsonObject> EpochsIn(string path)
    {
        if (new FileInfo(path).Length > MaxBytes) yield break;
        foreach (var line in File.ReadLines(path))
            if (ParseText(line) is JsonObject epoch) yield return epoch;
    }

    private static double? Best(JsonObject[] history, string key)
    {
        var values = history.Select(e => Number(e, key)).OfType<double>().ToArray();
        return values.Length > 0 ? values.Max() : null;
    }

    private static double? Number(JsonObject? node, string key) => node?[key] is JsonValue value && value.TryGetValue(out double number) ? number : null;

    private static bool IsTaken(string folder)
    {
        try
        {
            using var probe = new FileStream(Path.Combine(folder, ".lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    private static void Flatten(JsonNode? node, string path, SortedDictionary<string, string> into)
    {
        if (node is JsonObject fields)
            foreach (var (key, value) in fields) Flatten(value, path.Length == 0 ? key : $"{path}.{key}", into);
        else into[path] = node is JsonValue value && value.TryGetValue(out string? text) ? text : node?.ToJsonString() ?? "null";
    }

    private static JsonNode? Parse(string path) => File.Exists(path) && new FileInfo(path).Length <= MaxBytes ? ParseText(File.ReadAllText(path)) : null;

    private static JsonNode? ParseText(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null; // being written by an older version, or not ours
        }
    }
}
