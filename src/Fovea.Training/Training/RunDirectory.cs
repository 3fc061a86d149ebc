using System.Text.Json;
using Fovea.Torch.Files;
using Fovea.Training.Recipes;
using Fovea.Training.Watching;

namespace Fovea.Training.Training;

/// <summary>A run's folder cannot be used now, or not for this. The message is one line: <c>FOLDER: reason. Remedy.</c></summary>
public sealed class RunDirectoryException(string path, string reason, string remedy, Exception? inner = null) : Exception($"{path}: {reason}. {remedy}.", inner);

/// <summary>The files of one run, each written whole or not at all.</summary>
public sealed class RunDirectory
{
    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web);

    private readonly EventLog _events;

    /// <param name="path">Made by <see cref="Claim"/> or <see cref="Create"/>, not before: a run that cannot begin leaves nothing.</param>
    public RunDirectory(string path) => (Path, _events) = (path, new EventLog(path));

    public string Path { get; }

    /// <summary>Makes the folder where it is missing, and removes what a killed process had not finished writing.</summary>
    public void Create()
    {
        Directory.CreateDirectory(Path);
        foreach (var unfinished in Directory.EnumerateFiles(Path, ".*.tmp")) File.Delete(unfinished);
    }

    /// <summary>Takes the folder for this process until the result is disposed: two that resume one run would overwrite each other's checkpoints.</summary>
    /// <exception cref="RunDirectoryException">Another process works in it.</exception>
    public IDisposable Claim()
    {
        Directory.CreateDirectory(Path);
        FileStream claim;
        try
        {
            // The system gives the lock back however the process ends; the empty file that a kill leaves means nothing.
            claim = new FileStream(In(".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new RunDirectoryException(Path, "another process works on this run", "Wait for its end, or give another folder", e);
        }
        Create();
        return claim;
    }

    public string LastCheckpoint => In("last.safetensors");
    public string BestCheckpoint => In("best.safetensors");
    public string Model => In("model.fovea");
    public string RecipeJson => In("recipe.json");
    public string SplitCsv => In("split.csv");
    public string MetricsJsonl => In("metrics.jsonl");
    public string MetricsJson => In("metrics.json");
    public string PredictionsCsv => In("predictions.csv");
    public string EnvironmentJson => In("environment.json");
    public string ReportHtml => In("report.html");

    /// <summary>True once the run has delivered its model.</summary>
    public bool IsFinished => File.Exists(Model);

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public void WriteRecipe(Recipe recipe) => WriteText(RecipeJson, RecipeFile.Write(recipe));

    /// <summary>Rewrites the whole log, and writes on at TensorBoard's: after a resume each holds each epoch once.</summary>
    public void WriteHistory(IReadOnlyList<EpochMetrics> history)
    {
        WriteText(MetricsJsonl, string.Concat(history.Select(e => JsonSerializer.Serialize(e, Lines) + "\n")));
        _events.Write(history);
    }

    /// <summary>The epochs of a finished or unfinished run; empty where there is no log, or one that cannot be read: a report without curves is better than none.</summary>
    public IReadOnlyList<EpochMetrics> ReadHistory()
    {
        try
        {
            return [.. File.ReadLines(MetricsJsonl).Where(line => line.Length > 0).Select(line => JsonSerializer.Deserialize<EpochMetrics>(line, Lines)!)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    public static void WriteText(string path, string text) => AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
