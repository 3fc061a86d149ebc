using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>
/// The rate falls where a score has stopped getting better, as Keras's ReduceLROnPlateau: after so many epochs in a row without an improvement by more than a least difference. PyTorch's scheduler of the
/// same name waits one epoch longer for the same number.
/// </summary>
internal static class PlateauSchedule
{
    /// <summary>Replays the epochs; those without a score do not count.</summary>
    internal static double Factor(ScheduleRecipe recipe, IReadOnlyList<EpochMetrics> history)
    {
        var (factor, best, waited) = (1.0, double.NegativeInfinity, 0);
        foreach (var epoch in history)
        {
            if (epoch.Score(recipe.Watch) is not { } score) continue;
            waited++;
            if (score > best + recipe.MinDelta) (best, waited) = (score, 0);
            if (waited < recipe.Patience) continue;
            (factor, waited) = (Math.Max(recipe.FinalFactor, factor * recipe.StepFactor), 0);
        }
        return factor;
    }
}
