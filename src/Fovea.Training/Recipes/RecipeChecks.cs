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
        Require(t.MicroBatch is null or >= 1, "training.microBatch", t.MicroBatch ?? 0, "1 or more, or null");
        Require(t.ClassSampling is >= 0 and <= 2, "training.classSampling", t.ClassSampling, "0 to 2");
        Require(!t.SyncBatchNorm || t.MicroBatch is null, "training.microBatch", t.MicroBatch ?? 0, "null with training.syncBatchNorm: norms cannot see a batch that is computed in parts");
        Require(t.Ema is null or (> 0 and < 1), "training.ema", t.Ema ?? 0, "a decay between 0 and 1, e.g. 0.99, or null");
        Require(t.EvaluateEvery >= 1, "training.evaluateEvery", t.EvaluateEvery, "1 or more");
        Require(t.EmbedEvery is null or >= 1, "training.embedEvery", t.EmbedEvery ?? 0, "1 or more, or null");
        Require(t.Patience is null or >= 1, "training.patience", t.Patience ?? 0, "1 or more, or null");
        Require(t.SwaFrom is null || (t.SwaFrom >= 1 && t.SwaFrom <= t.Epochs), "training.swaFrom", t.SwaFrom ?? 0, "an epoch of the training, or null");
        Require(t.SwaFrom is null || (t.Ema is null && t.Select == Selection.Last), "training.swaFrom", t.SwaFrom ?? 0, "null, or training.select=last and training.ema=null with it");
        Require(t.TestTime.Count is >= 1 and <= 1000, "training.testTime.count", t.TestTime.Count, "1 to 1000");
        Require(t.TestTime.Trim is >= 0 and < 0.5, "training.testTime.trim", t.TestTime.Trim, "0 up to, not including, 0.5");
        Require(t.Sizes.All(s => s >= model.MinimumInput && s <= recipe.Preprocessing.Size), "training.sizes", string.Join(", ", t.Sizes), $"sides from {model.MinimumInput} to preprocessing.size, {recipe.Preprocessing.Size}");
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
        Require(s.WarmupEpochs >= 0 && (s.WarmupEpochs < t.Epochs || s.SpansStages), "schedule.warmupEpochs", s.WarmupEpochs, "0 up to, not including, training.epochs");
        Require(s.HoldEpochs >= 0 && s.HoldEpochs <= 100_000, "schedule.holdEpochs", s.HoldEpochs, "0 or more");
        Require(s.StartFactor is > 0 and <= 1, "schedule.startFactor", s.StartFactor, "a number above 0, up to 1");
        Require(s.Decay is > 0 and <= 1, "schedule.decay", s.Decay, "a number above 0, up to 1");
        Require(s.Patience >= 1, "schedule.patience", s.Patience, "1 or more");
        Require(s.MinDelta >= 0, "schedule.minDelta", s.MinDelta, "0 or more");
        Require(s.Kind != ScheduleKind.Plateau || s.Watch != Selection.Last, "schedule.watch", s.Watch, "a score");
        Require(!s.SpansStages || s.Kind is ScheduleKind.Cosine or ScheduleKind.OneCycle or ScheduleKind.Constant, "schedule.spansStages", true, "false unless schedule.kind is constant, cosine or oneCycle");
        Require(s.FinalFactor is >= 0 and <= 1, "schedule.finalFactor", s.FinalFactor, "0 to 1");
        Require(s.StepFactor is > 0 and <= 1, "schedule.stepFactor", s.StepFactor, "a number above 0, up to 1");
        CheckLoss(recipe.Loss, recipe.Head.Kind, Require);
        Require(recipe.Loss.KappaWeight == 0 || t.MicroBatch is null, "loss.kappaWeight", recipe.Loss.KappaWeight, "0 with training.microBatch: the kappa is one of the whole batch");
        Require(recipe.Labels.Share is >= 0 and <= 1, "labels.share", recipe.Labels.Share, "0 to 1");
        Require(recipe.Decoding.Fit switch
        {
            DecodingFit.None => true,
            DecodingFit.Thresholds => recipe.Head.Kind is HeadKind.Regression or HeadKind.ThreeHeads,
            _ => recipe.Head.Kind == HeadKind.ThreeHeads,
        }, "decoding.fit", recipe.Decoding.Fit, "none, thresholds for a regression or three heads, or headWeights for three heads");
        Require(recipe.Stages.Count <= 16, "stages", recipe.Stages.Count, "up to 16 stages");
        foreach (var stage in recipe.Stages)
        {
            Require(stage.Stages.Count == 0, "stages", "a stage with stages in it", "one list");
            Require((stage.Training.Select == Selection.Last) == (recipe.Stages[0].Training.Select == Selection.Last), "training.select", stage.Training.Select, "last in every stage or in none");
            Check(stage, $"{name}, {stage.Name}");
        }
        var p = recipe.Split;
        Require(p.Validation is > 0 and < 1, "split.validation", p.Validation, "a share between 0 and 1");
        Require(p.Test is >= 0 and < 1 && p.Test + p.Validation < 1, "split.test", p.Test, "a share, so that validation and test together stay below 1");
    }

    private static void CheckLoss(LossRecipe l, HeadKind head, Action<bool, string, object, string> require)
    {
        var (three, classes) = (head == HeadKind.ThreeHeads, head is HeadKind.Softmax or HeadKind.ThreeHeads);
        require(l.LabelSmoothing is >= 0 and < 1, "loss.labelSmoothing", l.LabelSmoothing, "0 up to, not including, 1");
        require(l.LabelSmoothing == 0 || head != HeadKind.Regression, "loss.labelSmoothing", l.LabelSmoothing, "0 for a regression, and loss.targetNoise instead");
        require(l.TargetNoise is >= 0 and <= 2, "loss.targetNoise", l.TargetNoise, "0 to 2 grades");
        require(l.TargetNoise == 0 || head is HeadKind.Regression || three, "loss.targetNoise", l.TargetNoise, "0 unless head.kind is regression or threeHeads");
        require(l.Kind switch
        {
            LossKind.Head => true,
            LossKind.Focal => head is HeadKind.Softmax or HeadKind.Ordinal,
            _ => head is HeadKind.Regression || three,
        }, "loss.kind", l.Kind, three ? "head or a regression's loss; the other heads' are in loss.heads" : "head, a regression's loss for a regression, or focal for softmax and ordinal heads");
        require(l.Heads.Regression != LossKind.Focal, "loss.heads.regression", l.Heads.Regression, "a regression's loss");
        require(l.Heads.Classes is LossKind.Head or LossKind.Focal, "loss.heads.classes", l.Heads.Classes, "head or focal");
        require(l.Heads.Ordinal is LossKind.Head or LossKind.Focal, "loss.heads.ordinal", l.Heads.Ordinal, "head or focal");
        foreach (var (name, weight) in ((string, double)[])[("regression", l.Heads.RegressionWeight), ("classes", l.Heads.ClassesWeight), ("ordinal", l.Heads.OrdinalWeight)])
            require(weight is >= 0 and <= 1000, $"loss.heads.{name}Weight", weight, "0 to 1000");
        require(l.FocalAlpha is > 0 and <= 1, "loss.focalAlpha", l.FocalAlpha, "a number above 0, up to 1");
        require(l.FocalGamma is 0 or (>= 1 and <= 10), "loss.focalGamma", l.FocalGamma, "0, or 1 to 10");
        require(l.CostWeight is >= 0 and <= 1000, "loss.costWeight", l.CostWeight, "0 to 1000");
        require(l.CostPower is > 0 and <= 4, "loss.costPower", l.CostPower, "a number above 0, up to 4");
        require(l.KappaWeight is >= 0 and <= 1000, "loss.kappaWeight", l.KappaWeight, "0 to 1000");
        require(classes || (l.CostWeight == 0 && l.KappaWeight == 0), "loss.costWeight or loss.kappaWeight", Math.Max(l.CostWeight, l.KappaWeight), "0 unless head.kind is softmax or threeHeads");
        require(l.Beta > 0, "loss.beta", l.Beta, "a number above 0");
    }
}
