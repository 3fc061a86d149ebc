using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

public sealed class RankingTests
{
    // Positives .9 and .4, negatives .5 and .1: pairs won .9>.5, .9>.1, .4>.1, lost .4<.5: 3/4.
    // Precision at the two positives: 1/1 and 2/3, half the recall each: (1 + 2/3)/2.
    [Fact]
    public void Auroc_FourSamplesByHand_ThreeQuarters()
    {
        var ranking = new Ranking([.9, .5, .4, .1]);
        Assert.Equal(0.75, ranking.Auroc(i => i is 0 or 2));
        Assert.Equal((1 + 2 / 3.0) / 2, ranking.AveragePrecision(i => i is 0 or 2)!.Value, 15);
    }

    [Fact]
    public void Auroc_AllTied_Half()
    {
        var ranking = new Ranking([.3, .3, .3]);
        Assert.Equal(0.5, ranking.Auroc(i => i == 1));
        Assert.Equal(1 / 3.0, ranking.AveragePrecision(i => i == 1)!.Value, 15);
    }

    [Fact]
    public void Auroc_ReversedScores_Complement()
    {
        double[] scores = [.2, .7, .1, .9, .4, .4];
        Func<int, bool> positive = i => i is 1 or 2 or 4;
        var forward = new Ranking(scores).Auroc(positive)!.Value;
        Assert.Equal(1 - forward, new Ranking(scores.Select(s => 1 - s).ToArray()).Auroc(positive)!.Value, 12);
    }

    [Fact]
    public void Auroc_Weights_EqualRepeatedSamples()
    {
        var weighted = new Ranking([.9, .5, .4, .1]).Auroc(i => i is 0 or 2, [1, 3, 2, 0]);
        var repeated = new Ranking([.9, .5, .5, .5, .4, .4]).Auroc(i => i is 0 or 4 or 5);
        Assert.Equal(repeated, weighted);
    }

    [Fact]
    public void Auroc_OneClassOnly_Undefined()
    {
        Assert.Null(new Ranking([.1, .2]).Auroc(_ => true));
        Assert.Null(new Ranking([.1, .2]).Auroc(_ => false));
        Assert.Null(new Ranking([.1, .2]).AveragePrecision(_ => false));
    }

    [Fact]
    public void Constructor_NotANumber_Refused() => Assert.Throws<ArgumentException>(() => new Ranking([.1, double.NaN]));
}
