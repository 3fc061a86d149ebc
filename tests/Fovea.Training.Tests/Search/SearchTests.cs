using Fovea.Training.Recipes;
using Fovea.Training.Search;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Search;

public sealed class SearchTests
{
    private const string Two = """
        { "trials": 9, "seed": 3, "halving": { "from": 1, "factor": 3 },
          "ranges": { "optimiser.learningRate": { "logUniform": [1e-4, 1e-2] }, "training.batchSize": { "choice": [4, 8] }, /* comment */ } }
        """;

    private static SearchPlan Plan(string json = Two) => SearchPlan.Parse(json, "search.json");

    [Fact]
    public void Settings_OfATrial_LieInTheirRangesAndAreThatTrialsAlone()
    {
        var plan = Plan("""
            { "trials": 300, "ranges": { "a": { "logUniform": [1e-4, 1e-2] }, "b": { "uniform": [2, 3] }, "c": { "int": [1, 3] }, "d": { "choice": ["sgd", 0.5, null] } } }
            """);
        var drawn = Enumerable.Range(0, 300).Select(t => plan.Settings(t).ToDictionary(s => s.Key, s => s.Value)).ToArray();
        double[] Numbers(string key) => [.. drawn.Select(d => double.Parse(d[key], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.All(Numbers("a"), x => Assert.InRange(x, 1e-4, 1e-2));
        Assert.InRange(Numbers("a").Count(x => x < 1e-3), 110, 190); // half of the logarithms: 150 ± 8.7
        Assert.All(Numbers("b"), x => Assert.InRange(x, 2, 3));
        Assert.Equal([1, 2, 3], Numbers("c").Distinct().Order());
        Assert.Equal(["0.5", "null", "sgd"], drawn.Select(d => d["d"]).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(plan.Settings(7), plan.Settings(7));
        // Another range leaves what is drawn from this one.
        var fewer = Plan("""{ "trials": 300, "ranges": { "b": { "uniform": [2, 3] } } }""");
        Assert.Equal(drawn[7]["b"], fewer.Settings(7).Single().Value);
    }

    [Fact]
    public void Rungs_OfNineTrials_AThirdGoesOnForThreeTimesTheEpochs()
    {
        Assert.Equal([(1, 9), (3, 3), (9, 1)], Plan().Rungs(9));
        Assert.Equal([(1, 9), (3, 3), (5, 1)], Plan().Rungs(5));
        Assert.Equal([(1, 9)], Plan().Rungs(1));
        Assert.Equal([(20, 4)], Plan("""{ "trials": 4, "ranges": { "seed": { "int": [1, 9] } } }""").Rungs(20));
    }

    [Theory]
    [InlineData("""{ "trails": 3 }""", "unknown key 'trails'. Did you mean 'trials'")]
    [InlineData("""{ "trials": 0, "ranges": { "a": { "int": [1, 2] } } }""", "trials is 0")]
    [InlineData("""{ "ranges": {} }""", "no ranges")]
    [InlineData("""{ "ranges": { "a": { "logUniform": [0, 1] } } }""", "ranges.a must lie above 0")]
    [InlineData("""{ "ranges": { "a": { "uniform": [2, 1] } } }""", "ranges.a needs two ends")]
    [InlineData("""{ "ranges": { "a": { "int": [1, 2.5] } } }""", "ranges.a needs whole ends")]
    [InlineData("""{ "ranges": { "a": { "normal": [1, 2] } } }""", "unknown kind 'normal'")]
    [InlineData("""{ "ranges": { "a": 3 } }""", "ranges.a is no range")]
    [InlineData("""{ "measure": "luck", "ranges": { "a": { "int": [1, 2] } } }""", "measure is 'luck'")]
    [InlineData("""{ "halving": { "factor": 1 }, "ranges": { "a": { "int": [1, 2] } } }""", "factor is 1")]
    [InlineData("{", "not JSON")]
    public void Parse_Impossible_IsRefused(string json, string message) => Assert.Contains(message, Assert.Throws<RecipeException>(() => Plan(json)).Message, StringComparison.Ordinal);

    /// <summary>A training that takes no time: its figure is the learning rate's closeness to 1e-3, and rises with the epochs.</summary>
    private static RunProgress Train(Recipe recipe, List<(double Rate, int Epochs)>? seen = null)
    {
        seen?.Add((recipe.Optimiser.LearningRate, recipe.Training.Epochs));
        if (recipe.Optimiser.LearningRate > 5e-3) throw new TrainingDivergedException(recipe.Name, "the loss became NaN");
        var value = 1 - Math.Abs(Math.Log10(recipe.Optimiser.LearningRate) + 3) / 2 - 1.0 / (10 + recipe.Training.Epochs);
        return RunProgress.Start with { History = [new EpochMetrics(1, 1, 1, null, value, null, null, 1)] };
    }

    private static Recipe With(IEnumerable<string> settings) => RecipeFile.Parse("""{ "training": { "epochs": 9 } }""", "recipe.json", settings);

    [Fact]
    public void Run_Halving_KeepsTheBestAndGoesOnAfterAKill()
    {
        using var folder = new TestFolder();
        var plan = Plan();
        var seen = new List<(double, int)>();
        var results = new SearchRun(plan, With, folder.Path, (r, _, _) => Train(r, seen)).Run(TestContext.Current.CancellationToken);
        Assert.Equal([9, 3, 1], results.GroupBy(r => r.Rung).Select(g => g.Count()));
        Assert.Equal([1, 3, 9], results.GroupBy(r => r.Rung).Select(g => g.Select(r => r.Epochs).Distinct().Single()));
        var firsts = results.Where(r => r.Rung == 0).OrderByDescending(r => r.Value ?? double.NegativeInfinity).ToArray();
        Assert.Equal(firsts.Take(3).Select(r => r.Trial).Order(), results.Where(r => r.Rung == 1).Select(r => r.Trial).Order());
        Assert.Equal(firsts[0].Trial, results.Single(r => r.Rung == 2).Trial);
        Assert.All(results.Where(r => r.Value is null), r => Assert.Contains("diverged", r.Problem, StringComparison.Ordinal));

        // All is there: nothing is trained again.
        Assert.Equal(SearchRun.Table(results), SearchRun.Table(new SearchRun(plan, With, folder.Path, (_, _, _) => throw new InvalidOperationException("trained again")).Run(TestContext.Current.CancellationToken)));
        // One is missing, as after a kill: that one is.
        File.Delete(Path.Combine(folder.Path, "trial-0004", "rung-0", "result.json"));
        seen.Clear();
        var again = new SearchRun(plan, With, folder.Path, (r, _, _) => Train(r, seen)).Run(TestContext.Current.CancellationToken);
        Assert.Equal(1, Assert.Single(seen).Item2);
        Assert.Equal(SearchRun.Table(results), SearchRun.Table(again));
    }

    [Fact]
    public async Task Run_ThreeAtOnce_TrainEachTrialOnce()
    {
        using var folder = new TestFolder();
        var seen = new System.Collections.Concurrent.ConcurrentBag<(double, int)>();
        var plan = Plan();
        var tables = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => SearchRun.Table(new SearchRun(plan, With, folder.Path, (r, _, _) =>
        {
            seen.Add((r.Optimiser.LearningRate, r.Training.Epochs));
            Thread.Sleep(20);
            return Train(r);
        }).Run(TestContext.Current.CancellationToken)))));
        Assert.Single(tables.Distinct());
        Assert.Equal(13, seen.Count); // 9 + 3 + 1
        Assert.Equal(13, seen.Distinct().Count());
    }

    [Fact]
    public void Take_AClaimOfADeadProcess_IsTakenOver_ALivingOnesIsNot()
    {
        using var folder = new TestFolder();
        var path = Path.Combine(folder.Path, "claim");
        using (var claim = WorkClaim.Take(path))
        {
            Assert.NotNull(claim);
            Assert.Null(WorkClaim.Take(path));
        }
        Assert.False(File.Exists(path));

        File.WriteAllText(path, "gone 1");
        Assert.Null(WorkClaim.Take(path)); // may be alive
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(-2));
        using var taken = WorkClaim.Take(path);
        Assert.NotNull(taken);
        Assert.Null(WorkClaim.Take(path));
        Assert.Single(Directory.GetFiles(folder.Path));
    }
}
