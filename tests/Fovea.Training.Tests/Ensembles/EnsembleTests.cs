using System.Text.Json;
using Fovea.Calibration;
using Fovea.Training.Data;
using Fovea.Training.Ensembles;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Ensembles;

public sealed class EnsembleTests
{
    private static GradePrediction Opinion(int grade, params double[] p) => new(grade, p, p.Select((x, k) => k * x).Sum(), false);

    private static GradePrediction Vote(int grade) => Opinion(grade, [.. Enumerable.Range(0, 5).Select(k => k == grade ? 1.0 : 0)]);

    [Theory]
    [InlineData(new[] { 0, 0, 3 }, 0)]
    [InlineData(new[] { 0, 0, 3, 3 }, 3)] // a tie: the higher, where the first system took the lowest
    [InlineData(new[] { 4, 1, 2 }, 4)]
    [InlineData(new[] { 1, 1, 4, 2, 2 }, 2)]
    public void Combine_Vote_TakesTheMostOftenAndOfSeveralTheHighest(int[] grades, int expected)
    {
        var vote = new Ensemble(new EnsembleSpec { Kind = EnsembleKind.Vote }, grades.Length, 5).Combine([.. grades.Select(Vote)]);
        Assert.Equal(expected, vote.Grade);
        Assert.Equal(grades.Count(g => g == expected) / (double)grades.Length, vote.Probabilities[expected], 12);
        Assert.Equal(expected >= 2, vote.Referable);
    }

    [Fact]
    public void Combine_Mean_ReadsTheMostProbableOrTheExpectedGrade()
    {
        // means 0.5, 0.1, 0.4: most probable 0; expected 0·0.5 + 1·0.1 + 2·0.4 = 0.9, rounded 1
        GradePrediction[] opinions = [Opinion(0, 0.7, 0.1, 0.2), Opinion(2, 0.3, 0.1, 0.6)];
        var mean = new Ensemble(new EnsembleSpec(), 2, 3).Combine(opinions);
        Assert.Equal([0.5, 0.1, 0.4], mean.Probabilities.Select(p => Math.Round(p, 12)));
        Assert.Equal((0, 0.9), (mean.Grade, Math.Round(mean.Score, 12)));
        Assert.Equal(1, new Ensemble(new EnsembleSpec { Reading = EnsembleReading.Expected }, 2, 3).Combine(opinions).Grade);
        // 0.5 · 0 + 0.5 · 1: a half goes up
        Assert.Equal(1, new Ensemble(new EnsembleSpec { Reading = EnsembleReading.Expected }, 1, 2).Combine([Opinion(0, 0.5, 0.5)]).Grade);
    }

    [Fact]
    public void Combine_TrimmedMean_LeavesTheOutliersOut()
    {
        // Of four a quarter is one at each end. Class 1: 0.1, 0.2, 0.3, 1.0 → (0.2 + 0.3) / 2; class 0: 0.0, 0.7, 0.8, 0.9 → 0.75.
        var p = new Ensemble(new EnsembleSpec { Kind = EnsembleKind.TrimmedMean }, 4, 2).Combine([Opinion(0, 0.9, 0.1), Opinion(0, 0.8, 0.2), Opinion(0, 0.7, 0.3), Opinion(1, 0, 1)]).Probabilities;
        Assert.Equal(0.75, p[0], 12);
        Assert.Equal(0.25, p[1], 12);
    }

    [Fact]
    public void Combine_TrimmedMeanOfNothingShared_IsTheMean()
    {
        // Each class is one member's alone: all of it is trimmed.
        var p = new Ensemble(new EnsembleSpec { Kind = EnsembleKind.TrimmedMean, Trim = 0.34 }, 3, 3).Combine([Opinion(0, 1, 0, 0), Opinion(1, 0, 1, 0), Opinion(2, 0, 0, 1)]).Probabilities;
        Assert.All(p, x => Assert.Equal(1 / 3.0, x, 12));
    }

    [Fact]
    public void Combine_Linear_ReadsTheValueAsARegressions()
    {
        // 0.5 · 3 + 1 · 1 − 0.25 = 2.25: grade 2, three quarters 2 and a quarter 3
        var linear = new Ensemble(new EnsembleSpec { Kind = EnsembleKind.Linear, Weights = [0.5, 1], Intercept = -0.25 }, 2, 5).Combine([Vote(3), Vote(1)]);
        Assert.Equal(2, linear.Grade);
        Assert.Equal(0.75, linear.Probabilities[2], 6);
        Assert.Equal(0.25, linear.Probabilities[3], 6);
    }

    [Theory]
    [InlineData(EnsembleKind.WeightedMean, new[] { 0.5, 0.6 }, "sum to 1")]
    [InlineData(EnsembleKind.WeightedMean, new[] { 1.5, -0.5 }, "not be negative")]
    [InlineData(EnsembleKind.Linear, new[] { 1.0 }, "1 weights for 2 members")]
    [InlineData(EnsembleKind.Linear, new[] { 1.0, double.NaN }, "not a finite number")]
    [InlineData(EnsembleKind.Vote, new[] { 1.0, 1.0 }, "a rule that has none")]
    public void Problem_ImpossibleWeights_AreNamed(EnsembleKind kind, double[] weights, string problem) =>
        Assert.Contains(problem, new EnsembleSpec { Kind = kind, Weights = weights }.Problem(2), StringComparison.Ordinal);

    [Fact]
    public void Fit_EveryMethod_EqualsScikitLearn()
    {
        using var fixture = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("ensembles.json")));
        var root = fixture.RootElement;
        double[] Numbers(JsonElement e) => [.. e.EnumerateArray().Select(x => x.GetDouble())];
        int[] truth = [.. root.GetProperty("truth").EnumerateArray().Select(x => x.GetInt32())];
        string[] images = [.. truth.Select((_, i) => $"i{i}")];
        var tables = root.GetProperty("probabilities").EnumerateArray().Select(m =>
        {
            double[][] p = [.. m.EnumerateArray().Select(Numbers)];
            return new Predictions(5, images, truth, [.. p.Select(row => Array.IndexOf(row, row.Max()))], p);
        }).ToArray();
        var table = EnsembleTable.Join(["a", "b", "c", "d"], tables);
        int[] all = [.. Enumerable.Range(0, truth.Length)];
        EnsembleSpec Fit(EnsembleMethod method) => EnsembleFit.Fit(method, new EnsembleSpec(), table, all, root.GetProperty("ridge").GetProperty("lambda").GetDouble());

        // Closed forms: the last digits of sums. Ours adds a hair of ridge (1e-9 of the trace) to the plain one.
        foreach (var (method, name) in new[] { (EnsembleMethod.Linear, "linear"), (EnsembleMethod.Ridge, "ridge") })
        {
            var (ours, theirs) = (Fit(method), root.GetProperty(name));
            Assert.All(ours.Weights!.Zip(Numbers(theirs.GetProperty("weights"))), w => Assert.Equal(w.Second, w.First, 1e-6));
            Assert.Equal(theirs.GetProperty("intercept").GetDouble(), ours.Intercept, 1e-6);
        }
        // An iteration against a general optimiser, on a flat summit.
        Assert.All(Fit(EnsembleMethod.Weights).Weights!.Zip(Numbers(root.GetProperty("mixture").GetProperty("weights"))), w => Assert.Equal(w.Second, w.First, 1e-3));
        var trimmed = root.GetProperty("trimmed").EnumerateArray().Select(Numbers).ToArray();
        var ensemble = new Ensemble(Fit(EnsembleMethod.TrimmedMean), 4, 5);
        foreach (var i in all) Assert.All(ensemble.Combine(table.Of(i)).Probabilities.Zip(trimmed[i]), p => Assert.Equal(p.Second, p.First, 1e-9));
    }

    [Fact]
    public void Combine_OutOfFold_NeverUsesAnImagesOwnTruth()
    {
        // Patients of two images. Turning a patient's truth round must not move what is said of them, nor what a vote says; it moves others'.
        int[] truth = [.. Enumerable.Range(0, 40).Select(i => i / 2 % 3)];
        EnsembleTable Table(int[] t) => EnsembleTable.Join(["a", "b"], [.. Enumerable.Range(0, 2).Select(m => new Predictions(3, [.. t.Select((_, i) => $"i{i}")], t,
            [.. t.Select((_, i) => (i + m) % 3)], [.. t.Select((_, i) => Enumerable.Range(0, 3).Select(k => k == (i * (m + 1) + m) % 3 ? 0.6 : 0.2).ToArray())], [.. t.Select((_, i) => $"p{i / 2}")]))]);
        var changed = truth.ToArray();
        (changed[10], changed[11]) = (2 - truth[10], 2 - truth[11]);
        Assert.NotEqual(truth, changed);
        var options = new EnsembleOptions(EnsembleMethod.Ridge, Folds: 20); // each patient a fold, however the truth stratifies them
        var (before, after) = (options.Combine(Table(truth)), options.Combine(Table(changed)));
        Assert.Equal(before.Predictions.Probabilities![10], after.Predictions.Probabilities![10]);
        Assert.Equal(before.Predictions.Probabilities![11], after.Predictions.Probabilities![11]);
        Assert.NotEqual(before.Predictions.Probabilities![0], after.Predictions.Probabilities![0]);
    }

    [Fact]
    public void Join_OtherOrder_IsTheSame_OtherTruthOrImages_IsRefused()
    {
        Predictions Of(string[] images, int[] truth, int[] predicted) => new(3, images, truth, predicted);
        var first = Of(["x", "y"], [0, 1], [0, 2]);
        var table = EnsembleTable.Join(["a.csv", "b.csv"], [first, Of(["y", "x"], [1, 0], [1, 0])]);
        Assert.Equal([2, 1], table.Of(1).Select(o => o.Grade));
        Assert.False(table.HasProbabilities);
        Assert.Contains("b.csv: the true class of 'x' is 2, in a.csv 0", Assert.Throws<DatasetException>(() => EnsembleTable.Join(["a.csv", "b.csv"], [first, Of(["x", "y"], [2, 1], [0, 0])])).Message, StringComparison.Ordinal);
        Assert.Contains("b.csv: the image 'y' of a.csv is not in it", Assert.Throws<DatasetException>(() => EnsembleTable.Join(["a.csv", "b.csv"], [first, Of(["x", "z"], [0, 1], [0, 0])])).Message, StringComparison.Ordinal);
        Assert.Contains("b.csv: its image 'z' is not in a.csv", Assert.Throws<DatasetException>(() => EnsembleTable.Join(["a.csv", "b.csv"], [first, Of(["x", "y", "z"], [0, 1, 1], [0, 0, 0])])).Message, StringComparison.Ordinal);
    }
}
