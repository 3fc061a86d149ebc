using System.Text.Json;
using Fovea.Torch.Files;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>The files of one run, each written whole or not at all.</summary>
public sealed class RunDirectory
{
    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web);

    /// <summary>Makes the folder where it is missing.</summary>
    public RunDirectory(string path)
    {
        Path = path;
        Directory.CreateDirectory(path);
    }

    public string Path { get; }

    public string LastCheckpoint => In("last.safetensors");
    public string BestCheckpoint => In("best.safetensors");
    public string Model => In("model.fovea");
    public string RecipeJson => In("recipe.json");
    public string SplitCsv => In("split.csv");
    public string MetricsJsonl => In("metrics.jsonl");
    public string MetricsJson => In("metrics.json");
    public string PredictionsCsv => In("predictions.csv");
    public string ReportHtml => In("report.html");

    /// <summary>True once the run has delivered its model.</summary>
    public bool IsFinished => File.Exists(Model);

    public string In(string name) => System.IO.Path.Combine(Path, name);

    public void WriteRecipe(Recipe recipe) => WriteText(RecipeJson, RecipeFile.Write(recipe));

    /// <summary>Rewrites the whole log: after a resume it holds each epoch once.</summary>
    public void WriteHistory(IEnumerable<EpochMetrics> history) =>
        WriteText(MetricsJsonl, string.Concat(history.Select(e => JsonSerializer.Serialize(e, Lines) + "\n")));

    public static void WriteText(string path, string text) => AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
