using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>
/// Trains by a recipe: its stages one after the other on the same network, each in a folder of its own and with its own data, losses, optimiser, schedule and frozen parts; or, without stages, once.
/// A stage that has ended delivers its weights again when the run is resumed, so that a killed run goes on where it was.
/// </summary>
public static class StagedTraining
{
    /// <param name="refined">Probabilities of the grades by image, where the recipe refines labels.</param>
    /// <param name="ranks">The processes that share the work; null: this one alone.</param>
    /// <returns>The state after the last stage, with the epochs of all. The network holds what the last stage delivers.</returns>
    public static RunProgress Run(Recipe recipe, Network network, PreparedSet training, PreparedSet? validation, RunDirectory run, IProgress<TrainingEvent>? observer = null,
        IReadOnlyDictionary<string, double[]>? refined = null, ProcessGroup? ranks = null, CancellationToken cancel = default)
    {
        Recipe[] stages = recipe.Stages.Count == 0 ? [recipe] : [.. recipe.Stages];
        PreparedSet[] sets = [.. stages.Select(stage => Named(training, stage))];
        long[] steps = [.. stages.Select((stage, i) => (long)stage.Training.Epochs * BatchLoader.Steps(sets[i].Count, stage.Training.BatchSize))];
        var (history, seconds, progress) = (new List<EpochMetrics>(), 0.0, RunProgress.Start);
        for (var i = 0; i < stages.Length; i++)
        {
            var stage = stages[i];
            if (recipe.Stages.Count > 0)
            {
                observer?.Report(new StageProgress($"stage {i + 1} of {stages.Length}, {stage.Name}", i, stages.Length));
                Freezing.Apply(network, stage.Model, stage.Preprocessing.Size, stage.Name);
            }
            FreshHead.Apply(network, stage, i);
            var span = stage.Schedule.SpansStages ? (Before: steps.Take(i).Sum(), Of: (long?)steps.Sum()) : (0, null);
            var folder = recipe.Stages.Count == 0 ? run : new RunDirectory(run.In($"stage-{i + 1}"));
            using var trainer = new Trainer(stage, network, sets[i], validation, folder, observer, span.Before, span.Of, refined, ranks);
            progress = trainer.Run(cancel);
            var before = history.Count;
            history.AddRange(recipe.Stages.Count == 0 ? progress.History : progress.History.Select(e => e with { Epoch = e.Epoch + before, Stage = stage.Name }));
            seconds += progress.ElapsedSeconds;
            if (ranks is null or { IsFirst: true }) run.WriteHistory(history);
        }
        return progress with { History = history, ElapsedSeconds = seconds };
    }

    /// <summary>The images of the data sets that a stage names: in a joined set each id begins with its set's name and a slash.</summary>
    private static PreparedSet Named(PreparedSet set, Recipe stage)
    {
        if (stage.TrainOn.Count == 0) return set;
        foreach (var name in stage.TrainOn)
        {
            if (!set.Ids.Any(id => id.StartsWith(name + "/", StringComparison.Ordinal)))
                throw new RecipeException(stage.Name, $"trainOn names '{name}', of which no image is to train on", "Give several sets as --data, and their names (PATH?name=NAME) here");
        }
        return set.Subset([.. Enumerable.Range(0, set.Count).Where(i => stage.TrainOn.Any(name => set.Ids[i].StartsWith(name + "/", StringComparison.Ordinal)))]);
    }
}
