using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>The learning rate's factor as a function of the step alone, so that a resumed run needs no schedule state.</summary>
public sealed class LearningRateSchedule(ScheduleRecipe recipe, int epochs, int stepsPerEpoch)
{
    private readonly double _warmup = recipe.WarmupEpochs * stepsPerEpoch;
    private readonly double _total = (double)epochs * stepsPerEpoch;

    /// <param name="step">Optimiser steps taken before this one, from 0, over all epochs.</param>
    /// <returns>What to multiply the base rate with: (step+1)/warmup while warming up, then cosine from 1 to the final factor, steps, or 1.</returns>
    public double Factor(long step)
    {
        if (step < _warmup) return (step + 1) / (_warmup + 1);
        return recipe.Kind switch
        {
            ScheduleKind.Cosine => recipe.FinalFactor + (1 - recipe.FinalFactor) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, (step - _warmup) / Math.Max(1, _total - _warmup)))),
            ScheduleKind.Step => Math.Pow(recipe.StepFactor, recipe.StepEpochs.Count(e => step >= (long)e * stepsPerEpoch)),
            _ => 1,
        };
    }
}
