using System.Text.Json;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>One evaluated epoch; a line of <c>metrics.jsonl</c>.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Loss">Mean training loss over the epoch.</param>
/// <param name="ValidationLoss">Null where the epoch was not evaluated, as are the rest.</param>
/// <param name="Seconds">Wall-clock time of the epoch; the only figure that a repeated run does not give again.</param>
/// <param name="Stage">Name of the stage where the recipe has stages; epochs are then counted through.</param>
public sealed record EpochMetrics(int Epoch, double Loss, double LearningRate, double? ValidationLoss, double? QuadraticWeightedKappa, double? Accuracy, double? Auc, double Seconds,
    double? F1Macro = null, string? Stage = null)
{
    /// <summary>What a selection goes by, the higher the better; null where the epoch was not evaluated.</summary>
    public double? Score(Selection selection) => selection switch
    {
        Selection.Last => Epoch,
        Selection.BestAuc => Auc,
        Selection.BestAccuracy => Accuracy,
        Selection.BestMacroF1 => F1Macro,
        Selection.BestLoss => -ValidationLoss,
        _ => QuadraticWeightedKappa,
    };

    /// <summary>Mean AP50 over labels, of a detector; null otherwise.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public double? Ap50 { get; init; }
}

/// <summary>How far a run has come. Everything random is a function of (seed, epoch, step), so that these numbers and the tensors are its whole state.</summary>
/// <param name="Epoch">Epochs completed.</param>
/// <param name="Step">Steps completed in the epoch after them.</param>
/// <param name="LossSum">Sum of the losses of those steps.</param>
/// <param name="BestEpoch">The delivered epoch so far, from 1; 0 for none.</param>
public sealed record RunProgress(int Epoch, int Step, double LossSum, int BestEpoch, double BestValue, double ElapsedSeconds, IReadOnlyList<EpochMetrics> History)
{
    public static RunProgress Start => new(0, 0, 0, 0, double.NegativeInfinity, 0, []);
}

/// <summary>A run's state as one safetensors file, written under a temporary name and renamed: a kill at any instant leaves the one before.</summary>
public static class Checkpoint
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private const string Remedy = "Start again in another folder.";

    private static readonly IReadOnlyDictionary<string, StoredTensor> Empty = new Dictionary<string, StoredTensor>();

    /// <summary>Writes a training's whole state.</summary>
    /// <param name="recipe">As JSON.</param>
    /// <param name="name">Of the recipe, for the message.</param>
    /// <exception cref="TrainingDivergedException">A weight is NaN or infinite: the step after the last finite loss may have broken the weights, and the checkpoint before it stays.</exception>
    internal static void Save(string path, RunProgress progress, Module network, Optimiser optimiser, ExponentialMovingAverage? average, string recipe, string name)
    {
        var parts = new Dictionary<string, IReadOnlyDictionary<string, StoredTensor>> { ["model"] = network.State(), ["optimiser"] = optimiser.State() };
        foreach (var (key, tensor) in parts["model"])
            if (tensor.FirstNonFinite() is not null) throw new TrainingDivergedException(name, $"{key} became NaN or infinite in epoch {progress.Epoch + 1}");
        if (average is not null) parts["average"] = average.State();
        Write(path, parts, progress, recipe);
    }

    /// <summary>Brings a training back to where <see cref="Save"/> was called.</summary>
    /// <param name="recipe">As JSON, the same as when it was saved.</param>
    /// <param name="updates">How often the average was updated by then.</param>
    /// <exception cref="RecipeException">It was saved by another recipe.</exception>
    /// <exception cref="WeightsFormatException">Not a checkpoint, or its parts do not fit.</exception>
    internal static RunProgress Restore(string path, Module network, Optimiser optimiser, ExponentialMovingAverage? average, string recipe, Func<RunProgress, long> updates)
    {
        var (parts, progress, saved) = Read(path);
        if (saved != recipe) throw new RecipeException(path, "this checkpoint belongs to another recipe", "Resume with the run's own recipe.json, or start in another folder");
        IReadOnlyDictionary<string, StoredTensor> Part(string name) => parts.GetValueOrDefault(name) ?? Empty;
        void Require(StateReport report, string part)
        {
            if (!report.IsExact) throw new WeightsFormatException(path, $"its {part} does not fit the recipe: {report}", Remedy);
        }
        Require(network.LoadState(Part("model")), "network");
        Require(optimiser.LoadState(Part("optimiser")), "optimiser");
        try
        {
            average?.LoadState(Part("average"), updates(progress));
        }
        catch (ArgumentException e)
        {
            throw new WeightsFormatException(path, "its average does not fit the recipe", Remedy, e);
        }
        return progress;
    }

    /// <param name="parts">Tensors by part ("model", "average", "optimiser"); a part's name and a slash precede each of its keys.</param>
    /// <param name="recipe">The recipe as JSON: resuming with another one is refused.</param>
    public static void Write(string path, IReadOnlyDictionary<string, IReadOnlyDictionary<string, StoredTensor>> parts, RunProgress progress, string recipe) =>
        Safetensors.Write(path, parts.SelectMany(p => p.Value.Select(t => KeyValuePair.Create($"{p.Key}/{t.Key}", t.Value))),
            new Dictionary<string, string> { ["progress"] = JsonSerializer.Serialize(progress, Options), ["recipe"] = recipe });

    /// <exception cref="WeightsFormatException">Not a checkpoint of this program.</exception>
    public static (IReadOnlyDictionary<string, IReadOnlyDictionary<string, StoredTensor>> Parts, RunProgress Progress, string Recipe) Read(string path)
    {
        var file = ReadFile(path);
        RunProgress? progress = null;
        try
        {
            if (file.Metadata.TryGetValue("progress", out var json)) progress = JsonSerializer.Deserialize<RunProgress>(json, Options);
        }
        catch (JsonException)
        {
            // reported below, like a missing entry
        }
        if (progress is not { Epoch: >= 0, Step: >= 0, History: not null } || !file.Metadata.TryGetValue("recipe", out var recipe))
            throw new WeightsFormatException(path, "a safetensors file, but no checkpoint of a run", Remedy);
        var parts = file.GroupBy(t => t.Key[..Math.Max(0, t.Key.IndexOf('/', StringComparison.Ordinal))], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => (IReadOnlyDictionary<string, StoredTensor>)g.ToDictionary(t => t.Key[(g.Key.Length + 1)..], t => t.Value, StringComparer.Ordinal), StringComparer.Ordinal);
        return (parts, progress, recipe);
    }

    private static StoredWeights ReadFile(string path)
    {
        try
        {
            return Safetensors.Read(path);
        }
        catch (WeightsFormatException e)
        {
            throw new WeightsFormatException(path, e.Reason, Remedy, e);
        }
    }
}
