using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

public sealed class RankingTests
{
    // Positives .9 and .4, negatives .5 and .1: pairs won .9>.5, .9>.1, .4>.1, lost .4<.5: 3/4.
    // Precision at the two positives: 1/1 and 2/3, half the recall each: (1 + 2/3)/2.
    [Fact]
    public void Score_FourSamplesByHand_ThreeQuarters()
    {
        var scores = Rank([.9, .5, .4, .1], 0, 2).Score();
        Assert.Equal(0.75, scores.Auroc);
        Assert.Equal((1 + 2 / 3.0) / 2, scores.AveragePrecision!.Value, 15);
    }

    [Fact]
    public void Score_AllTied_Half()
    {
        var scores = Rank([.3, .3, .3], 1).Score();
        Assert.Equal(0.5, scores.Auroc);
        Assert.Equal(1 / 3.0, scores.AveragePrecision!.Value, 15);
    }

    [Fact]
    public void Score_ReversedScores_Complement()
    {
        double[] scores = [.2, .7, .1, .9, .4, .4];
        var forward = Rank(scores, 1, 2, 4).Score().Auroc!.Value;
        Assert.Equal(1 - forward, Rank([.. scores.Select(s => 1 - s)], 1, 2, 4).Score().Auroc!.Value, 12);
    }

    [Fact]
    public void Score_Weights_EqualRepeatedSamples()
    {
        var weighted = Rank([.9, .5, .4, .1], 0, 2).Score([1, 3, 2, 0]);
        Assert.Equal(Rank([.9, .5, .5, .5, .4, .4], 0, 4, 5).Score(), weighted);
    }

    [Fact]
    public void Score_OneClassOnly_Undefined()
    {
        Assert.Null(Rank([.1, .2], 0, 1).Score().Auroc);
        Assert.Equal(new RankingScores(null, null), Rank([.1, .2]).Score());
        Assert.Null(Rank([.1, .2]).AtSensitivity(0.9));
        Assert.Null(Rank([.1, .2], 0, 1).AtSensitivity(0.9)!.Specificity);
    }

    // Falling: .9+ .8- .7+ .6+ .5- .4- .3+ .2-. Three of four positives (75 %) are at or above .6, where one of four negatives is: specificity 3/4.
    // 76 % needs the fourth, at .3, above which three negatives lie: 1/4.
    [Fact]
    public void AtSensitivity_EightSamplesByHand_HighestThresholdThatReachesIt()
    {
        var ranking = Rank([.9, .8, .7, .6, .5, .4, .3, .2], 0, 2, 3, 6);
        Assert.Equal(new OperatingPoint(.6, .75, .75), ranking.AtSensitivity(.75));
        Assert.Equal(new OperatingPoint(.3, 1, .25), ranking.AtSensitivity(.76));
    }

    // Nine of ten is 90 %, though 0.9 · 10 need not be 9 in binary.
    [Fact]
    public void AtSensitivity_ExactShare_IsEnough() =>
        Assert.Equal(0.9, Rank([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9).AtSensitivity(.9)!.Sensitivity, 12);

    [Fact]
    public void Curve_Ties_OnePoint() => Assert.Equal([(.9, 1, 0), (.5, 2, 2)], Rank([.5, .9, .5, .5], 0, 1).Curve());

    [Fact]
    public void Constructor_NotANumber_Refused() => Assert.Throws<ArgumentException>(() => Rank([.1, double.NaN]));

    private static Ranking Rank(double[] scores, params int[] positive) => new(scores, [.. Enumerable.Range(0, scores.Length).Select(i => positive.Contains(i))]);
}
