using System.Text.Json;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

/// <summary>Two hundred random tables against scikit-learn; oracle/metrics_cases.py makes the same tables and holds the figures.</summary>
public sealed class MetricsCasesTests
{
    [Fact]
    public void Compute_TwoHundredRandomTables_EqualsScikitLearn()
    {
        using var fixture = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("metrics_cases.json")));
        var cases = fixture.RootElement.GetProperty("cases");
        Assert.Equal(200, cases.GetArrayLength());
        var (compared, undefined) = (0, 0);
        for (var i = 0; i < cases.GetArrayLength(); i++)
        {
            var table = Table((ulong)i);
            using var report = JsonDocument.Parse(MetricsReport.Compute(table, new MetricsOptions { Resamples = 0, Urgent = table.ClassCount > 2 ? [0, 1] : null },
                TestContext.Current.CancellationToken).ToJson());
            var names = fixture.RootElement.GetProperty("names").GetProperty($"{table.ClassCount}");
            Assert.Equal(names.GetArrayLength(), cases[i].GetArrayLength());
            for (var m = 0; m < names.GetArrayLength(); m++)
            {
                var actual = names[m].GetString()!.Split('.').Aggregate(report.RootElement, (at, part) => int.TryParse(part, out var k) ? at[k] : at.GetProperty(part));
                var expected = cases[i][m];
                if (expected.ValueKind == JsonValueKind.Null) undefined++;
                else compared++;
                // 1e-9: the fixture holds eleven digits of figures that are mostly below 1.
                Assert.True(expected.ValueKind == actual.ValueKind && (expected.ValueKind == JsonValueKind.Null || Math.Abs(expected.GetDouble() - actual.GetDouble()) <= 1e-9),
                    $"table {i}, {names[m]}: {actual}, not {expected}");
            }
        }
        Assert.True(compared > 10_000 && undefined > 100, $"{compared} scores compared, {undefined} undefined");
    }

    /// <summary>The table of a case, as the oracle makes it.</summary>
    private static Predictions Table(ulong number)
    {
        var random = new SeededRandom(number);
        int Below(int n) => (int)(random.NextUInt64() % (ulong)n);
        var (k, n, kind) = (2 + Below(5), 1 + Below(80), (int)(number % 8));
        var steps = kind is 3 or 4 ? 3 : 1000;
        var (missing, single, constant) = (Below(k), Below(k), Below(k));
        var (truth, predicted, p) = (new int[n], new int[n], new double[n][]);
        for (var i = 0; i < n; i++)
        {
            var t = Below(k);
            if (kind == 5 && t == missing) t = (t + 1) % k;
            if (kind == 6) t = single;
            var weights = new int[k];
            for (var c = 0; c < k; c++) weights[c] = 1 + Below(steps);
            weights[t] += Below(steps);
            var q = 0;
            for (var c = 1; c < k; c++)
                if (weights[c] >= weights[q]) q = c;
            if (Below(4) == 0) q = Below(k);
            if (kind == 7) q = constant;
            double total = weights.Sum();
            (truth[i], predicted[i], p[i]) = (t, q, Array.ConvertAll(weights, w => w / total));
        }
        return new Predictions(k, [.. Enumerable.Range(0, n).Select(i => $"{i}")], truth, predicted, p);
    }
}
