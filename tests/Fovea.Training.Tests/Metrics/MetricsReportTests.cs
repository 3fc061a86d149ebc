using System.Text.Json;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

public sealed class MetricsReportTests
{
    private static readonly MetricsOptions Quick = new() { Resamples = 200, Seed = 11 };

    public static TheoryData<string> Fixtures => [.. Directory.EnumerateFiles(TestFolder.Fixture("metrics"), "*.csv").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    // Tolerance 1e-12: both sides are a few hundred double operations in another order; rounding alone stays below 1e-13.
    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Compute_Fixture_EqualsScikitLearn(string name)
    {
        var predictions = Predictions.Read(TestFolder.Fixture("metrics", name + ".csv"));
        var actual = JsonSerializer.SerializeToElement(JsonDocument.Parse(Compute(predictions, new MetricsOptions { Resamples = 0 }).ToJson()));
        using var expected = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("metrics", name + ".json")));
        var compared = 0;
        Compare(expected.RootElement, actual, name, ref compared);
        Assert.True(compared > 25, $"only {compared} numbers compared");
    }

    private static void Compare(JsonElement expected, JsonElement actual, string path, ref int compared)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in expected.EnumerateObject()) Compare(property.Value, actual.GetProperty(property.Name), $"{path}.{property.Name}", ref compared);
                break;
            case JsonValueKind.Array:
                Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
                for (var i = 0; i < expected.GetArrayLength(); i++) Compare(expected[i], actual[i], $"{path}[{i}]", ref compared);
                break;
            case JsonValueKind.Null:
                Assert.True(actual.ValueKind == JsonValueKind.Null, $"{path}: {actual}, not null");
                break;
            default:
                Assert.True(actual.ValueKind == JsonValueKind.Number && Math.Abs(expected.GetDouble() - actual.GetDouble()) <= 1e-12, $"{path}: {actual}, not {expected}");
                compared++;
                break;
        }
    }

    [Fact]
    public void Compute_WithoutProbabilities_NullWithReasonAndNoNaN()
    {
        var report = Compute(new Predictions(5, ["a", "b", "c"], [2, 2, 2], [2, 2, 2]), Quick);
        Assert.Null(report.QuadraticWeightedKappa);
        Assert.Null(report.Auc);
        Assert.Contains("same true and predicted class", report.Notes["quadraticWeightedKappa"], StringComparison.Ordinal);
        Assert.Contains("no probabilities", report.Notes["auc"], StringComparison.Ordinal);
        Assert.Null(report.AnyRetinopathy!.Specificity);
        Assert.Contains("truly negative", report.Notes["anyRetinopathy.specificity"], StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", report.ToJson(), StringComparison.Ordinal);
        Assert.False(report.Intervals.ContainsKey("quadraticWeightedKappa"));
        Assert.True(report.Intervals.ContainsKey("accuracy"));
    }

    [Fact]
    public void Compute_AbsentGrade_AucSaysWhatItLeavesOut()
    {
        double[][] p = [[.8, .1, .1], [.1, .8, .1], [.2, .7, .1]];
        var report = Compute(new Predictions(3, ["a", "b", "c"], [0, 1, 1], [0, 1, 1], p), Quick);
        Assert.Equal(1, report.Auc);
        Assert.Contains("class 2", report.Notes["auc"], StringComparison.Ordinal);
        Assert.Null(report.Referable);
    }

    [Fact]
    public void Compute_SameSeed_SameIntervals()
    {
        var predictions = Predictions.Read(TestFolder.Fixture("metrics", "six_digits.csv"));
        Assert.Equal(Compute(predictions, Quick).ToJson(), Compute(predictions, Quick).ToJson());
        Assert.NotEqual(Compute(predictions, Quick).Intervals["kappa"], Compute(predictions, Quick with { Seed = 12 }).Intervals["kappa"]);
    }

    [Fact]
    public void Compute_EveryInterval_HoldsTheScore()
    {
        var report = Compute(Predictions.Read(TestFolder.Fixture("metrics", "five_grades.csv")), Quick);
        using var json = JsonDocument.Parse(report.ToJson());
        foreach (var (name, interval) in report.Intervals)
        {
            var value = name.Split('.').Aggregate(json.RootElement, (at, part) => int.TryParse(part, out var k) ? at[k] : at.GetProperty(part)).GetDouble();
            Assert.True(interval.Low <= interval.High, name);
            // A percentile interval of a biased statistic (calibration error) need not hold it; all others here do.
            if (name != "expectedCalibrationError") Assert.True(interval.Low <= value && value <= interval.High, $"{name}: {value} not in {interval}");
        }
    }

    // Accuracy 0.5 of 400 independent images: the normal interval is ± 1.96·√(0.25/400) = ± 0.049.
    [Fact]
    public void Compute_BinomialAccuracy_IntervalAsWideAsTheNormalOne()
    {
        var truth = new int[400];
        var predicted = Enumerable.Range(0, 400).Select(i => i % 2).ToArray();
        var interval = Compute(new Predictions(2, Names(400), truth, predicted), Quick with { Resamples = 2000 }).Intervals["accuracy"];
        Assert.Equal(0.5 - 0.049, interval.Low, 0.006);
        Assert.Equal(0.5 + 0.049, interval.High, 0.006);
    }

    // The same images in 100 groups of four that are right or wrong together: as if there were 100, so twice as wide.
    [Fact]
    public void Compute_GroupsOfFour_IntervalTwiceAsWide()
    {
        var truth = new int[400];
        var predicted = Enumerable.Range(0, 400).Select(i => i / 4 % 2).ToArray();
        var groups = Enumerable.Range(0, 400).Select(i => $"patient {i / 4}").ToArray();
        var report = Compute(new Predictions(2, Names(400), truth, predicted, groups: groups), Quick with { Resamples = 2000 });
        Assert.Equal("group", report.Bootstrap!.By);
        Assert.Equal(100, report.Groups);
        Assert.Equal(0.098, (report.Intervals["accuracy"].High - report.Intervals["accuracy"].Low) / 2, 0.01);
    }

    [Fact]
    public void Compute_SingleGroup_NoIntervalsButAReason()
    {
        var report = Compute(new Predictions(2, Names(4), [0, 1, 0, 1], [0, 1, 1, 1], groups: ["p", "p", "p", "p"]), Quick);
        Assert.Empty(report.Intervals);
        Assert.Null(report.Bootstrap);
        Assert.Equal("a single group", report.Notes["intervals"]);
    }

    [Fact]
    public void Quantile_Interpolates_LikeNumPy()
    {
        // numpy.quantile([1, 2, 4, 8], .25) = 1.75
        Assert.Equal(1.75, Bootstrap.Quantile([1, 2, 4, 8], 0.25), 15);
        Assert.Equal(8, Bootstrap.Quantile([1, 2, 4, 8], 1));
    }

    // Confidence .9 right, .7 wrong, .7 right: bins 13 (.9) and 10 (.7); (|1 − .9| + |1 − 1.4|)/3 = .5/3.
    [Fact]
    public void ExpectedCalibrationError_ByHand_WeightedGaps()
    {
        var scores = new ProbabilityScores([0, 0, 1], [[.9, .1], [.3, .7], [.3, .7]]);
        Assert.Equal(0.5 / 3, scores.ExpectedCalibrationError()!.Value, 15);
        Assert.Equal((0.02 + 0.98 + 0.18) / 3, scores.Brier()!.Value, 15);
        Assert.Equal(-(Math.Log(.9) + Math.Log(.3) + Math.Log(.7)) / 3, scores.LogLoss()!.Value, 12);
    }

    private static MetricsReport Compute(Predictions predictions, MetricsOptions options) =>
        MetricsReport.Compute(predictions, options, TestContext.Current.CancellationToken);

    private static string[] Names(int n) => Enumerable.Range(0, n).Select(i => $"{i}.png").ToArray();
}
