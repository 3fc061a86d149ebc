using System.Text.Json;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

public sealed class PairedComparisonTests
{
    private static readonly MetricsOptions Quick = new() { Resamples = 400 };

    [Fact]
    public void McNemar_Counts_EqualScipysBinomialTest()
    {
        using var oracle = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("calibration.json")));
        foreach (var c in oracle.RootElement.GetProperty("mcnemar").EnumerateArray())
            Assert.Equal(c[2].GetDouble(), McNemar.Of(c[0].GetInt64(), c[1].GetInt64()).P, 1e-10);
    }

    // Of 3 and 0 images that only one gets right: 2 · (1/2)³ = 0.25.
    [Fact]
    public void McNemar_ThreeToNothing_AQuarter() => Assert.Equal(0.25, McNemar.Of(0, 3).P, 12);

    [Fact]
    public void Of_ASystemAndItself_NoDifference()
    {
        var table = Predictions.Read(TestFolder.Fixture("metrics", "five_grades.csv"));
        var comparison = Of(table, table);
        Assert.All(comparison.Scores.Values, s => Assert.Equal((0, 0, 0, 1), (s.Difference, s.Interval?.Low ?? 0, s.Interval?.High ?? 0, s.P ?? 1)));
        Assert.Equal(new McNemar(0, 0, 1), comparison.McNemar);
    }

    [Fact]
    public void Of_BetterSystemInAnotherOrder_FindsTheDifferenceByImage()
    {
        var truth = Enumerable.Range(0, 100).Select(i => i % 5).ToArray();
        // The first errs in 30 images, the second in 10 of these: McNemar 0 against 20.
        var first = Table(truth, i => i < 30 ? (truth[i] + 1) % 5 : truth[i], order: Enumerable.Range(0, 100));
        var second = Table(truth, i => i < 10 ? (truth[i] + 1) % 5 : truth[i], order: Enumerable.Range(0, 100).Reverse());
        var comparison = Of(first, second);
        var accuracy = comparison.Scores["accuracy"];
        Assert.Equal((0.7, 0.9), (Math.Round(accuracy.First, 12), Math.Round(accuracy.Second, 12)));
        // 20 of 100 pairs differ by one: the normal interval of the difference is 0.2 ± 1.96·√(0.2·0.8/100) = 0.2 ± 0.078. Unpaired it would be ± 0.107.
        Assert.InRange(accuracy.Interval!.Low, 0.10, 0.14);
        Assert.InRange(accuracy.Interval.High, 0.26, 0.30);
        Assert.Equal(1 / 400.0, accuracy.P!.Value, 12);
        Assert.Equal((0, 20), (comparison.McNemar.FirstOnly, comparison.McNemar.SecondOnly));
    }

    [Fact]
    public void Of_OtherImagesOrTruths_NamesTheImage()
    {
        var a = new Predictions(2, ["a", "b"], [0, 1], [0, 1]);
        Assert.Contains("'b' is only in the first", Problem(a, new Predictions(2, ["a", "c"], [0, 1], [0, 1])), StringComparison.Ordinal);
        Assert.Contains("'c' is only in the second", Problem(a, new Predictions(2, ["a", "b", "c"], [0, 1, 1], [0, 1, 1])), StringComparison.Ordinal);
        Assert.Contains("'b' is truly 1 in the first and 0", Problem(a, new Predictions(2, ["a", "b"], [0, 0], [0, 1])), StringComparison.Ordinal);
        static string Problem(Predictions a, Predictions b) => Assert.Throws<ArgumentException>(() => Of(a, b)).Message;
    }

    private static PairedComparison Of(Predictions a, Predictions b) => PairedComparison.Of(a, b, Quick, TestContext.Current.CancellationToken);

    private static Predictions Table(int[] truth, Func<int, int> predicted, IEnumerable<int> order) =>
        new(5, [.. order.Select(i => $"{i}")], [.. order.Select(i => truth[i])], [.. order.Select(predicted)]);
}
