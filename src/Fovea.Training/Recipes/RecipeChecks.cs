using Fovea.Models;

namespace Fovea.Training.Recipes;

/// <summary>What types cannot say: ranges, and settings that contradict each other.</summary>
internal static class RecipeChecks
{
    internal static void Check(Recipe recipe, string name)
    {
        void Require(bool holds, string key, object value, string allowed)
        {
            if (!holds) throw new RecipeException(name, $"{key} is {value}", $"Use {allowed}");
        }

        if (recipe.Preprocessing.Problem() is { } preprocessing) throw new RecipeException(name, $"preprocessing: {preprocessing}", "Correct it");
        if (recipe.Augmentation.Problem() is { } augmentation) throw new RecipeException(name, $"augmentation: {augmentation}", "Correct it");
        if (recipe.Head.Problem() is { } head) throw new RecipeException(name, $"head: {head}", "Correct it");
        var model = ModelCatalog.Find(recipe.Model.Architecture);
        Require(recipe.Preprocessing.Size >= model.MinimumInput, "preprocessing.size", recipe.Preprocessing.Size, $"{model.MinimumInput} or more for {model.Name}");
        Require(recipe.Model.Freeze.All(path => path is not null), "model.freeze", "a list with null in it", "names of the network's parts");
        var t = recipe.Training;
        Require(t.Epochs is >= 1 and <= 100_000, "training.epochs", t.Epochs, "1 to 100000");
        Require(t.BatchSize is >= 1 and <= 4096, "training.batchSize", t.BatchSize, "1 to 4096");
        Require(t.Ema is null or (> 0 and < 1), "training.ema", t.Ema ?? 0, "a decay between 0 and 1, e.g. 0.99, or null");
        Require(t.EvaluateEvery >= 1, "training.evaluateEvery", t.EvaluateEvery, "1 or more");
        Require(t.Patience is null or >= 1, "training.patience", t.Patience ?? 0, "1 or more, or null");
        var o = recipe.Optimiser;
        Require(o.LearningRate is > 0 and <= 10, "optimiser.learningRate", o.LearningRate, "a number above 0, up to 10");
        Require(o.WeightDecay is >= 0 and <= 1, "optimiser.weightDecay", o.WeightDecay, "0 to 1");
        Require(o.Momentum is >= 0 and < 1, "optimiser.momentum", o.Momentum, "0 up to, not including, 1");
        Require(!o.Nesterov || o.Momentum > 0, "optimiser.momentum", o.Momentum, "a number above 0 with optimiser.nesterov");
        Require(o.BackboneFactor is >= 0 and <= 100, "optimiser.backboneFactor", o.BackboneFactor, "0 to 100");
        Require(o.StageDecay is > 0 and <= 1, "optimiser.stageDecay", o.StageDecay, "a number above 0, up to 1");
        foreach (var (stage, factor) in o.StageFactors) Require(factor is >= 0 and <= 100, $"optimiser.stageFactors.{stage}", factor, "0 to 100");
        Require(recipe.Model.FreezeFirst is >= 0 and <= 10_000, "model.freezeFirst", recipe.Model.FreezeFirst, "a number of layers, 0 for none");
        Require(o.ClipNorm is null or > 0, "optimiser.clipNorm", o.ClipNorm ?? 0, "a number above 0, or null");
        var s = recipe.Schedule;
        Require(s.WarmupEpochs >= 0 && s.WarmupEpochs < t.Epochs, "schedule.warmupEpochs", s.WarmupEpochs, "0 up to, not including, training.epochs");
        Require(s.FinalFactor is >= 0 and <= 1, "schedule.finalFactor", s.FinalFactor, "0 to 1");
        Require(s.StepFactor is > 0 and <= 1, "schedule.stepFactor", s.StepFactor, "a number above 0, up to 1");
        var l = recipe.Loss;
        Require(l.LabelSmoothing is >= 0 and < 1, "loss.labelSmoothing", l.LabelSmoothing, "0 up to, not including, 1");
        Require(l.LabelSmoothing == 0 || recipe.Head.Kind is HeadKind.Softmax or HeadKind.ThreeHeads, "loss.labelSmoothing", l.LabelSmoothing, "0 unless head.kind is softmax or threeHeads");
        Require(l.Kind == LossKind.Head || recipe.Head.Kind is HeadKind.Regression or HeadKind.ThreeHeads, "loss.kind", l.Kind, "head unless head.kind is regression or threeHeads");
        Require(l.Beta > 0, "loss.beta", l.Beta, "a number above 0");
        var p = recipe.Split;
        Require(p.Validation is > 0 and < 1, "split.validation", p.Validation, "a share between 0 and 1");
        Require(p.Test is >= 0 and < 1 && p.Test + p.Validation < 1, "split.test", p.Test, "a share, so that validation and test together stay below 1");
    }
}
