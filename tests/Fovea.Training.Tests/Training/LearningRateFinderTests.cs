using Fovea.Training.Recipes;
using Fovea.Training.Training;
using static Fovea.Training.Tests.Training.TinyTraining;

namespace Fovea.Training.Tests.Training;

[Collection(TensorsAlone.Name)]
public sealed class LearningRateFinderTests
{
    [Fact]
    public void Run_TinySet_FallsAndThenRunsAway()
    {
        var recipe = Recipe();
        using var network = Network(recipe);
        var trials = LearningRateFinder.Run(recipe, network, Set(20), 1e-5, 10, 60, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(1e-5, trials[0].LearningRate, 1e-9);
        Assert.Equal(trials[0].Loss, trials[0].Smoothed, 1e-9);
        // Equal ratios: 6 powers of ten in 59 steps.
        Assert.Equal(Math.Pow(10, 6.0 / 59), trials[1].LearningRate / trials[0].LearningRate, 1e-9);
        var rate = LearningRateFinder.Suggest(trials);
        Assert.InRange(rate!.Value, 1e-4, 1);
        Assert.Contains("<svg", LearningRateFinder.Page("tiny", trials), StringComparison.Ordinal);
    }

    [Fact]
    public void Suggest_KnownCurve_IsWhereItFallsFastest()
    {
        // Loss 2 down to 10^-3, a fall of 1.5 in the decade to 10^-2, flat after it.
        var trials = Enumerable.Range(0, 61).Select(i => -5 + i / 15.0).Select(log => new RateTrial(Math.Pow(10, log), 0, 2 - 1.5 / (1 + Math.Exp(-8 * (log + 2.5))))).ToArray();
        Assert.Equal(-2.5, Math.Log10(LearningRateFinder.Suggest(trials)!.Value), 0.1);
        Assert.Null(LearningRateFinder.Suggest([.. Enumerable.Range(0, 20).Select(i => new RateTrial(Math.Pow(10, -4 + 0.1 * i), i, i))]));
    }
}
