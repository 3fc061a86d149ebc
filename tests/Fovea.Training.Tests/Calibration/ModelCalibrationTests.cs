using System.Text.Json;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Calibration;

namespace Fovea.Training.Tests.Calibration;

public sealed class ModelCalibrationTests
{
    private static readonly JsonElement Oracle = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("calibration.json"))).RootElement;
    private static readonly HeadSpec Softmax = new(HeadKind.Softmax, 4);
    private static readonly CalibrationOptions TemperatureOnly = new() { Method = CalibrationMethod.Temperature, Coverage = null };

    private static float[] Logits => [.. Oracle.GetProperty("logits").EnumerateArray().Select(x => x.GetSingle())];

    private static int[] Truth => [.. Oracle.GetProperty("truth").EnumerateArray().Select(x => x.GetInt32())];

    // 1e-5 of the temperature: the minimum is flat, and the loss, which is what is minimised, agrees to 1e-9. Logits are read as float32.
    [Fact]
    public void Fit_TemperatureOfASoftmax_EqualsScipys()
    {
        var decoding = ModelCalibration.Fit(Softmax, new DecodingSpec(), Logits, Truth, ordered: false, TemperatureOnly);
        Assert.Equal(Oracle.GetProperty("temperature").GetDouble(), decoding.Temperature, 1e-5);
        Assert.Equal(Oracle.GetProperty("loss").GetDouble(), ModelCalibration.Scores(Softmax, decoding, Logits, Truth)["logLoss"], 1e-7);
        Assert.True(decoding.Temperature > 1.2, "the oracle's logits are overconfident");
    }

    [Theory]
    [InlineData(HeadKind.Ordinal)]
    [InlineData(HeadKind.Corn)]
    public void Fit_TemperatureOfOtherHeads_LowersTheLoss(HeadKind kind)
    {
        var head = new HeadSpec(kind, 4);
        var random = new SeededRandom(4);
        int[] truth = [.. Enumerable.Range(0, 90).Select(i => i % 4)];
        // Sure of themselves, and often wrong.
        float[] logits = [.. truth.SelectMany(t => Enumerable.Range(0, 3).Select(k => (float)((t > k ? 2 : -2) + 6 * random.NextNormal())))];
        var decoding = ModelCalibration.Fit(head, new DecodingSpec(), logits, truth, true, TemperatureOnly);
        var (before, after) = (ModelCalibration.Scores(head, new DecodingSpec(), logits, truth), ModelCalibration.Scores(head, decoding, logits, truth));
        Assert.True(after["logLoss"] < before["logLoss"] - 0.05, $"{before["logLoss"]} to {after["logLoss"]}");
        foreach (var other in (double[])[0.98, 1.02])
            Assert.True(ModelCalibration.Scores(head, decoding with { Temperature = decoding.Temperature * other }, logits, truth)["logLoss"] >= after["logLoss"], "not the least");
    }

    [Fact]
    public void Fit_Isotonic_EqualsScikitLearn()
    {
        var oracle = Oracle.GetProperty("isotonic");
        double[] Numbers(string name) => [.. oracle.GetProperty(name).EnumerateArray().Select(x => x.GetDouble())];
        var map = IsotonicFit.Fit(Numbers("score"), [.. oracle.GetProperty("hit").EnumerateArray().Select(x => x.GetBoolean())], certainty: true);
        foreach (var (at, expected) in Numbers("at").Zip(Numbers("value"))) Assert.Equal(expected, map.At(at), 1e-12);
    }

    // Scores .1 no, .2 yes, .3 no, .4 yes: .2 and .3 violate the order and share 1/2. Three knots need four points: flat from .2 to .3.
    [Fact]
    public void IsotonicFit_ByHand_PoolsNeighbours()
    {
        var map = IsotonicFit.Fit([.4, .1, .2, .3], [true, false, true, false], certainty: true);
        Assert.Equal(new IsotonicMap([.1, .2, .3, .4], [0, .5, .5, 1]), map);
        Assert.Equal(.25, map.At(.15), 12);
        Assert.Equal(1, map.At(.9));
        // Four images: no probability is nearer to 0 or 1 than 1/6.
        Assert.Equal([1 / 6.0, .5, .5, 5 / 6.0], IsotonicFit.Fit([.4, .1, .2, .3], [true, false, true, false]).Y);
    }

    [Fact]
    public void IsotonicFit_AllScoresEqual_IsTheirMean() => Assert.Equal(.75, IsotonicFit.Fit([.5, .5, .5, .5], [true, true, false, true]).At(.2), 12);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fit_IsotonicOfASoftmax_ProbabilitiesSumToOneAndGradesStay(bool ordered)
    {
        var decoding = ModelCalibration.Fit(Softmax, new DecodingSpec(), Logits, Truth, ordered, new CalibrationOptions { Method = CalibrationMethod.Isotonic, Coverage = null });
        Assert.Null(decoding.Problem(4));
        var (raw, calibrated) = (new GradeDecoder(Softmax).Decode(Logits), new GradeDecoder(Softmax, decoding).Decode(Logits));
        Assert.Equal(raw.Select(r => r.Grade), calibrated.Select(r => r.Grade));
        Assert.All(calibrated, c => Assert.Equal(1, c.Probabilities.Sum(), 1e-12));
        Assert.All(calibrated, c => Assert.All(c.Probabilities, p => Assert.InRange(p, -1e-15, 1)));
        var (before, after) = (ModelCalibration.Scores(Softmax, new DecodingSpec(), Logits, Truth), ModelCalibration.Scores(Softmax, decoding, Logits, Truth));
        Assert.True(after["brier"] < before["brier"], $"{before["brier"]} to {after["brier"]}");
    }

    [Fact]
    public void Fit_ThresholdsOfARegression_ReachTheBestOfAllPlaces()
    {
        // Three classes, values too low by about 0.4: with two thresholds every pair of places can be tried.
        var random = new SeededRandom(8);
        int[] truth = [.. Enumerable.Range(0, 24).Select(i => i % 3)];
        double[] values = [.. truth.Select(t => (double)(float)(t * 0.6 + 0.35 * random.NextNormal()))];
        var fitted = ModelCalibration.Fit(new HeadSpec(HeadKind.Regression, 3), new DecodingSpec(), [.. values.Select(v => (float)v)], truth, true,
            new CalibrationOptions { Method = CalibrationMethod.None, Thresholds = true, Coverage = null }).Thresholds!;
        double Kappa(double a, double b) => Fovea.Training.Metrics.ConfusionMatrix.From(truth, [.. values.Select(v => v >= b ? 2 : v >= a ? 1 : 0)], 3).QuadraticWeightedKappa!.Value;
        var places = values.Order().Zip(values.Order().Skip(1), (x, y) => (x + y) / 2).ToArray();
        var best = places.SelectMany(a => places.Where(b => b > a).Select(b => Kappa(a, b))).Max();
        Assert.Equal(best, Kappa(fitted[0], fitted[1]), 1e-12);
        Assert.True(best > Kappa(0.5, 1.5) + 0.05, "the case is too easy");
    }

    [Fact]
    public void Fit_TemperatureOfARegression_IsRefused() =>
        Assert.Throws<ArgumentException>(() => ModelCalibration.Fit(new HeadSpec(HeadKind.Regression, 4), new DecodingSpec(), [1f], [1], true, TemperatureOnly));

    // Nine images, coverage 0.8: ⌈10 · 0.8⌉ = 8th smallest mass. Two classes with p(true) = .95 … .15: where the true class is the top one its mass is p, else 1.
    [Fact]
    public void Conformal_ByHand_IsTheOrderStatistic()
    {
        double[] p = [.95, .85, .75, .65, .55, .9, .8, .7, .4];
        var rows = Array.ConvertAll(p, x => (IReadOnlyList<double>)[x, 1 - x]);
        Assert.Equal(.95, ModelCalibration.Conformal(rows, new int[9], .8, true).Limit, 12);
        Assert.Equal(1, ModelCalibration.Conformal(rows, new int[9], .9, true).Limit, 12);
        // ⌈10 · 0.95⌉ = 10 of 9 images: nothing less than every grade can be promised.
        Assert.Equal([0, 1], ModelCalibration.Conformal(rows, new int[9], .95, true).SetOf([.999, .001]));
    }

    // Exchangeable images: the sets hold the truth of new ones at the promised rate (deviation of 4,000 new ones and 1,000 fitted ones at 0.8: 0.006 and 0.013).
    [Fact]
    public void Conformal_NewImagesOfTheSameKind_HoldsItsPromise()
    {
        var random = new SeededRandom(3);
        (IReadOnlyList<double> P, int Truth) Draw()
        {
            var z = Enumerable.Range(0, 5).Select(_ => Math.Exp(1.5 * random.NextNormal())).ToArray();
            var p = z.Select(v => v / z.Sum()).ToArray();
            // The truth follows tempered probabilities, so the model is miscalibrated, and the promise must hold all the same.
            var q = p.Select(v => Math.Pow(v, 0.8)).ToArray();
            var u = random.NextDouble() * q.Sum();
            var truth = 0;
            while (truth < 4 && (u -= q[truth]) > 0) truth++;
            return (p, truth);
        }
        var fit = Enumerable.Range(0, 1000).Select(_ => Draw()).ToArray();
        var spec = ModelCalibration.Conformal([.. fit.Select(f => f.P)], [.. fit.Select(f => f.Truth)], 0.8, true);
        var fresh = Enumerable.Range(0, 4000).Select(_ => Draw()).ToArray();
        Assert.InRange(fresh.Count(f => spec.SetOf(f.P).Contains(f.Truth)) / 4000.0, 0.77, 0.84);
        Assert.All(fresh.Select(f => spec.SetOf(f.P)), set => Assert.Equal(set.Length - 1, set[^1] - set[0]));
    }
}
