using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>The learning rate's factor as a function of the step, and for a plateau of the epochs' scores, so that a resumed run needs no schedule state.</summary>
/// <param name="epochs">Of this training, or of this stage.</param>
/// <param name="stepsBefore">Steps of the stages before, for a schedule that spans them.</param>
/// <param name="stepsOfAll">Steps of all stages; null: of this one.</param>
public sealed class LearningRateSchedule(ScheduleRecipe recipe, int epochs, int stepsPerEpoch, long stepsBefore = 0, long? stepsOfAll = null)
{
    private const double OneCycleRise = 0.3;

    private readonly double _warmup = recipe.WarmupEpochs * stepsPerEpoch, _hold = recipe.HoldEpochs * stepsPerEpoch;
    private readonly double _total = stepsOfAll ?? (double)epochs * stepsPerEpoch;

    /// <param name="step">Optimiser steps taken before this one, from 0, over all epochs of this stage.</param>
    /// <param name="history">Epochs of this stage so far; only a plateau looks at it.</param>
    /// <returns>What to multiply the base rate with: (step+1)/(warm-up+1) while warming up, 1 while holding, then as the kind says.</returns>
    public double Factor(long step, IReadOnlyList<EpochMetrics>? history = null)
    {
        var t = step + stepsBefore;
        if (recipe.Kind == ScheduleKind.OneCycle) return OneCycle(t);
        if (t < _warmup) return (t + 1) / (_warmup + 1);
        var after = t - _warmup - _hold;
        return recipe.Kind switch
        {
            _ when after < 0 => 1,
            ScheduleKind.Cosine => Between(1, recipe.FinalFactor, after / Math.Max(1, _total - _warmup - _hold)),
            ScheduleKind.Step => Math.Pow(recipe.StepFactor, recipe.StepEpochs.Count(e => step >= (long)e * stepsPerEpoch)),
            ScheduleKind.Exponential => Math.Pow(recipe.Decay, Math.Floor(after / stepsPerEpoch)),
            ScheduleKind.Plateau => PlateauSchedule.Factor(recipe, history ?? []),
            _ => 1,
        };
    }

    /// <summary>As torch.optim.lr_scheduler.OneCycleLR with two phases of cosines: up to the base rate, then down to the final one (Smith, Topin 2018, arXiv 1708.07120).</summary>
    private double OneCycle(double t)
    {
        var top = (_warmup > 0 ? _warmup : OneCycleRise * _total) - 1;
        return t <= top ? Between(recipe.StartFactor, 1, t / top) : Between(1, recipe.FinalFactor, (t - top) / (_total - 1 - top));
    }

    /// <summary>Half a cosine from one value to the other.</summary>
    private static double Between(double from, double to, double share) => to + (from - to) * 0.5 * (1 + Math.Cos(Math.PI * Math.Clamp(share, 0, 1)));
}
