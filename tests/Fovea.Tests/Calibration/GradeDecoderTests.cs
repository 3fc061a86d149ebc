using Fovea.Calibration;
using Fovea.Models;

namespace Fovea.Tests.Calibration;

public class GradeDecoderTests
{
    private static GradePrediction Decode(HeadSpec head, DecodingSpec? decoding, params float[] logits) => new GradeDecoder(head, decoding).Decode(logits).Single();

    private static void Near(double[] expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 6);
    }

    /// <summary>The logit of a probability.</summary>
    private static float Z(double p) => (float)Math.Log(p / (1 - p));

    [Fact]
    public void Softmax_LogarithmsOfShares_GivesTheShares()
    {
        var p = Decode(new(HeadKind.Softmax, 3), null, MathF.Log(1), MathF.Log(3), MathF.Log(4));
        Near([0.125, 0.375, 0.5], p.Probabilities);
        Assert.Equal(2, p.Grade);
        Assert.Equal(0.375 + 2 * 0.5, p.Score, 6);
        Assert.True(p.Referable);
        Assert.Equal(0.875, p.ProbabilityFrom(1), 6);
    }

    [Fact]
    public void Softmax_TemperatureTwo_TakesTheRootOfTheRatios()
    {
        // e^(ln 9 / 2) = 3 against e^0 = 1
        var p = Decode(new(HeadKind.Softmax, 2), new() { Temperature = 2, ReferableFrom = 1 }, 0, MathF.Log(9));
        Near([0.25, 0.75], p.Probabilities);
    }

    [Fact]
    public void Softmax_Tie_GoesToTheHigherGrade() => Assert.Equal(1, Decode(new(HeadKind.Softmax, 3), null, 1, 1, 0).Grade);

    [Fact]
    public void Softmax_HugeLogits_StaysFinite() => Near([0, 0, 1], Decode(new(HeadKind.Softmax, 3), null, -1e30f, 0, 1e30f).Probabilities);

    [Fact]
    public void Ordinal_FallingBits_GivesTheDifferences()
    {
        // P(>0) 0.9, P(>1) 0.8, P(>2) 0.3, P(>3) 0.1
        var p = Decode(new(HeadKind.Ordinal, 5), null, Z(0.9), Z(0.8), Z(0.3), Z(0.1));
        Near([0.1, 0.1, 0.5, 0.2, 0.1], p.Probabilities);
        Assert.Equal(2, p.Grade);
        Assert.Equal(0.9 + 0.8 + 0.3 + 0.1, p.Score, 6); // the expected grade is the sum of the cumulative probabilities
    }

    [Fact]
    public void Ordinal_HighBitAbovelowOnes_FillsLeftwards()
    {
        // bits 1, 0, 0, 1 of the case study become 1, 1, 1, 1: the highest set bit decides
        var p = Decode(new(HeadKind.Ordinal, 5), null, Z(0.9), Z(0.2), Z(0.2), Z(0.7));
        Assert.Equal(4, p.Grade);
        Near([0.1, 0.2, 0, 0, 0.7], p.Probabilities);
    }

    [Fact]
    public void Ordinal_AlwaysOnBitOff_IsIgnored()
    {
        var head = new HeadSpec(HeadKind.Ordinal, 5) { AlwaysOnBit = true };
        Assert.Equal(5, head.Outputs);
        Assert.Equal(0, Decode(head, null, Z(0.01), Z(0.1), Z(0.1), Z(0.1), Z(0.1)).Grade);
        Assert.Equal(2, Decode(head, null, Z(0.01), Z(0.9), Z(0.9), Z(0.1), Z(0.1)).Grade);
    }

    [Theory]
    [InlineData(-3, 0, 0.0)]
    [InlineData(0.49, 0, 0.49)]
    [InlineData(0.5, 1, 0.5)]
    [InlineData(2.25, 2, 2.25)]
    [InlineData(9, 4, 4.0)]
    public void Regression_RoundingThresholds_Rounds(float value, int grade, double score)
    {
        var p = Decode(new(HeadKind.Regression, 5), null, value);
        Assert.Equal(grade, p.Grade);
        Assert.Equal(score, p.Score, 6);
        Assert.Equal(1, p.Probabilities.Sum(), 9);
    }

    [Fact]
    public void Regression_TunedThresholds_KeepsGradeTheMostProbable()
    {
        // between 1.2 and 2.2 lies grade 2; 1.45 is a quarter of the way from 1.5 to 2.5: position 1.75
        var p = Decode(new(HeadKind.Regression, 5), new() { Thresholds = [0.4, 1.2, 2.2, 3.6] }, 1.45f);
        Assert.Equal(2, p.Grade);
        Near([0, 0.25, 0.75, 0, 0], p.Probabilities);
    }

    [Fact]
    public void Decode_TwoRows_GivesTwoPredictions() =>
        Assert.Equal([1, 0], new GradeDecoder(new(HeadKind.Softmax, 2)).Decode([0, 1, 1, 0]).Select(p => p.Grade));

    [Fact]
    public void Decode_NaN_Throws() => Assert.Throws<NotFiniteNumberException>(() => Decode(new(HeadKind.Softmax, 2), null, float.NaN, 0));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void Decoder_ImpossibleTemperature_Throws(double t) =>
        Assert.Throws<ArgumentException>(() => new GradeDecoder(new(HeadKind.Softmax, 5), new() { Temperature = t }));

    [Fact]
    public void Decoder_FallingThresholds_Throws() =>
        Assert.Throws<ArgumentException>(() => new GradeDecoder(new(HeadKind.Regression, 3), new() { Thresholds = [1.5, 0.5] }));

    [Fact]
    public void Corn_ConditionalProbabilities_AreMultiplied()
    {
        // P(>0) = 0.9, P(>1) = 0.9·0.8 = 0.72, P(>2) = 0.72·0.5 = 0.36: grade 2
        var p = Decode(new(HeadKind.Corn, 4), null, Z(0.9), Z(0.8), Z(0.5));
        Assert.Equal(2, p.Grade);
        Near([0.1, 0.18, 0.36, 0.36], p.Probabilities);
    }

    [Fact]
    public void ThreeHeads_TheirWeightedSum_IsReadAsARegression()
    {
        // regression 1.5, most probable class 3, bits 0.9 + 0.6 + 0.3 = 1.8 (the always-on bit does not count): their mean is 2.1
        var head = new HeadSpec(HeadKind.ThreeHeads, 4) { AlwaysOnBit = true, Pooling = PoolingKind.Average };
        float[] logits = [1.5f, 0, 1, 2, 3, 9, Z(0.9), Z(0.6), Z(0.3)];
        var p = Decode(head, null, logits);
        Assert.Equal(2, p.Grade);
        Near([0, 0, 0.9, 0.1], p.Probabilities);
        Assert.Equal(2.1, p.Score, 5);
        // 0·1.5 + 0.5·3 + 0·1.8 − 0.9 = 0.6
        Assert.Equal(0.6, Decode(head, new() { HeadWeights = [0, 0.5, 0, -0.9] }, logits).Score, 5);
        Assert.Throws<ArgumentException>(() => new GradeDecoder(head, new() { HeadWeights = [1, 2] }));
    }
}
