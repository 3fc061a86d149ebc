using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Detection;
using Fovea.Training.Recipes;

namespace Fovea.Training.Detection;

/// <summary>Detection recipes as files; everything about the format is <see cref="RecipeFile"/>'s.</summary>
public static class DetectionRecipeFile
{
    /// <summary>Whether a recipe's file is one of a detector: it has <c>"task": "lesions"</c>. False also where it cannot be read, which reading it as the other kind will explain.</summary>
    public static bool Is(string path)
    {
        path = ShippedRecipes.Resolve(path);
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= RecipeFile.MaxBytes } && Task(File.ReadAllText(path)) == DetectionRecipe.Lesions;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Task(string json)
    {
        try
        {
            var root = JsonNode.Parse(json, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return root is JsonObject && root["task"] is JsonValue value && value.TryGetValue(out string? task) ? task : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <inheritdoc cref="RecipeFile.Read"/>
    public static DetectionRecipe Read(string path, IEnumerable<string>? overrides = null)
    {
        var recipe = Parse(RecipeFile.Text(path), path, overrides);
        return recipe.Name == "unnamed" ? recipe with { Name = Path.GetFileNameWithoutExtension(path) } : recipe;
    }

    /// <inheritdoc cref="RecipeFile.Read"/>
    public static DetectionRecipe Parse(string json, string name, IEnumerable<string>? overrides = null)
    {
        var recipe = RecipeFile.Parse(json, name, overrides, new DetectionRecipe());
        Check(recipe, name);
        return recipe;
    }

    public static string Write(DetectionRecipe recipe) => JsonSerializer.Serialize(recipe, RecipeFile.Options) + "\n";

    private static void Check(DetectionRecipe recipe, string name)
    {
        void Require(bool holds, string key, object value, string allowed)
        {
            if (!holds) throw new RecipeException(name, $"{key} is {value}", $"Use {allowed}");
        }

        Require(recipe.Task == DetectionRecipe.Lesions, "task", recipe.Task, DetectionRecipe.Lesions);
        _ = DetectorCatalog.Find(recipe.Model.Architecture);
        if (recipe.Augmentation.Problem() is { } augmentation) throw new RecipeException(name, $"augmentation: {augmentation}", "Correct it");
        Require(!recipe.Augmentation.HasMixing, "augmentation", "mixing images", "no mixup or cutmix: boxes cannot be mixed");
        Require(recipe.Labels.Count > 0 && recipe.Labels.All(l => l is not null && LesionKinds.Named(l) is { } kind && kind.Name() == l) && recipe.Labels.Distinct().Count() == recipe.Labels.Count,
            "labels", string.Join(", ", recipe.Labels), $"different ones of {string.Join(", ", LesionKinds.Names)}");
        var tiles = recipe.Tiles;
        Require(new TileSettings(tiles.Side, 0).Problem() is null, "tiles.side", tiles.Side, "64 to 4096, a multiple of 32");
        Require(tiles.Inference.Problem() is null, "tiles.inference", tiles.Inference, "a side of 64 to 4096, a multiple of 32, and an overlap up to its half");
        Require(tiles.LongerSide is null or (>= 64 and <= 16384), "tiles.longerSide", tiles.LongerSide ?? 0, "64 to 16384, or null");
        Require(tiles.PerPhotograph is >= 1 and <= 1000, "tiles.perPhotograph", tiles.PerPhotograph, "1 to 1000");
        Require(tiles.AnywhereShare is >= 0 and <= 1, "tiles.anywhereShare", tiles.AnywhereShare, "0 to 1");
        Require(tiles.LeastShare is > 0 and <= 1, "tiles.leastShare", tiles.LeastShare, "a number above 0, up to 1");
        Require(tiles.Scales is [>= 0.25 and <= 4, >= 0.25 and <= 4] && tiles.Scales[0] <= tiles.Scales[1], "tiles.scales", string.Join(", ", tiles.Scales), "two factors between 0.25 and 4, the smaller first");
        var s = recipe.Sampling;
        Require(s.Anchors is >= 2 and <= 4096, "sampling.anchors", s.Anchors, "2 to 4096");
        Require(s.Proposals is >= 2 and <= 4096, "sampling.proposals", s.Proposals, "2 to 4096");
        Require(s.AnchorPositives is > 0 and <= 1, "sampling.anchorPositives", s.AnchorPositives, "a number above 0, up to 1");
        Require(s.ProposalPositives is > 0 and <= 1, "sampling.proposalPositives", s.ProposalPositives, "a number above 0, up to 1");
        Require(s.HardAnchors is >= 0 and <= 1, "sampling.hardAnchors", s.HardAnchors, "0 to 1");
        Require(s.AnchorHigh is > 0 and <= 1 && s.AnchorLow > 0 && s.AnchorLow <= s.AnchorHigh, "sampling.anchorHigh", s.AnchorHigh, "numbers above 0, up to 1, anchorLow not above anchorHigh");
        Require(s.ProposalHigh is > 0 and <= 1, "sampling.proposalHigh", s.ProposalHigh, "a number above 0, up to 1");
        Require(s.BeforeNms is >= 1 and <= 20_000 && s.AfterNms is >= 1 and <= 20_000, "sampling.beforeNms", s.BeforeNms, "1 to 20000, as for afterNms");
        var t = recipe.Training;
        Require(t.Epochs is >= 1 and <= 100_000, "training.epochs", t.Epochs, "1 to 100000");
        Require(t.BatchSize is >= 1 and <= 256, "training.batchSize", t.BatchSize, "1 to 256");
        Require(t.Ema is null or (> 0 and < 1), "training.ema", t.Ema ?? 0, "a decay between 0 and 1, or null");
        Require(t.EvaluateEvery >= 1, "training.evaluateEvery", t.EvaluateEvery, "1 or more");
        var o = recipe.Optimiser;
        Require(o.LearningRate is > 0 and <= 10, "optimiser.learningRate", o.LearningRate, "a number above 0, up to 10");
        Require(o.WeightDecay is >= 0 and <= 1, "optimiser.weightDecay", o.WeightDecay, "0 to 1");
        Require(o.Momentum is >= 0 and < 1, "optimiser.momentum", o.Momentum, "0 up to, not including, 1");
        Require(o.ClipNorm is null or > 0, "optimiser.clipNorm", o.ClipNorm ?? 0, "a number above 0, or null");
        Require(o.BackboneFactor is >= 0 and <= 100, "optimiser.backboneFactor", o.BackboneFactor, "0 to 100");
        Require(recipe.Schedule.WarmupEpochs >= 0 && recipe.Schedule.WarmupEpochs < t.Epochs, "schedule.warmupEpochs", recipe.Schedule.WarmupEpochs, "0 up to, not including, training.epochs");
        Require(recipe.Schedule.Kind != ScheduleKind.Plateau, "schedule.kind", "plateau", "a schedule that no score decides");
        var p = recipe.Split;
        Require(p.Validation > 0 || t.Select == DetectionSelection.Last, "split.validation", p.Validation, "a share above 0: training.select chooses by that part");
        Require(p.Validation is >= 0 and < 1 && p.Test is >= 0 and < 1 && p.Test + p.Validation < 1, "split", $"{p.Validation} and {p.Test}", "shares, so that validation and test together stay below 1");
        var d = recipe.Detection;
        Require(d.ScoreThreshold is >= 0 and < 1 && d.NmsThreshold is > 0 and <= 1 && d.Most is >= 1 and <= 100_000, "detection", d, "thresholds between 0 and 1, and 1 to 100000 boxes");
    }
}
