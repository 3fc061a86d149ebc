using Fovea.Training.Inspection;

namespace Fovea.Training.Tests.Inspection;

public sealed class StatisticsTests
{
    [Fact]
    public void Distribution_OfFiveNumbers_HasTheirQuartiles()
    {
        // Sorted 1 2 4 8 15: mean 30/5; squares around it 25+16+4+4+81 = 130, by n − 1 = 32.5.
        Assert.Equal(new Distribution(5, 1, 2, 4, 8, 15, 6, Math.Sqrt(32.5)), Distribution.Of([8, 1, 15, 4, 2]));
        Assert.Equal(new Distribution(1, 3, 3, 3, 3, 3, 3, 0), Distribution.Of([3]));
        Assert.Null(Distribution.Of([]));
    }

    [Fact]
    public void KolmogorovSmirnov_OfTwoSamples_IsTheLargestGap()
    {
        // Below 3: 2 of 4 against 0 of 3; up to 4: 4 of 4 against 2 of 3.
        Assert.Equal(0.5, KolmogorovSmirnov.Between([1, 2, 3, 4], [3, 4, 5]).Distance, 12);
        Assert.Equal(0, KolmogorovSmirnov.Between([1, 2, 2, 3], [3, 2, 1, 2]).Distance);
        Assert.Equal(1, KolmogorovSmirnov.Between([1, 2, 2, 3], [3, 2, 1, 2]).Probability);
        Assert.Equal(1, KolmogorovSmirnov.Between([1], [2, 3]).Distance);
        Assert.Throws<ArgumentException>(() => KolmogorovSmirnov.Between([], [1]));
    }

    // Smirnov's table: of two samples of 1,000, a distance of 1.358 · √(2/1000) = 0.0607 has the probability 0.05, one of 1.628 · √(2/1000) = 0.0728 has 0.01.
    [Theory]
    [InlineData(61, 0.05)]
    [InlineData(73, 0.01)]
    public void KolmogorovSmirnov_ProbabilityOfTableValues_IsTheTables(int shift, double probability)
    {
        var first = Enumerable.Range(0, 1000).Select(i => (double)i);
        var test = KolmogorovSmirnov.Between(first, first.Select(i => i + shift));
        Assert.Equal(shift / 1000.0, test.Distance, 12);
        Assert.InRange(test.Probability, 0.85 * probability, 1.1 * probability);
    }

    [Fact]
    public void Ranks_WithTies_ShareTheirMean() => Assert.Equal([2.5, 1, 2.5, 4], LabelCorrelation.Ranks([5, 1, 5, 9]));

    [Fact]
    public void Correlation_OfGrades_IsPearsonsAndSpearmans()
    {
        // Deviations −1.5 −0.5 0.5 1.5 and −6 −5 −1 12: sum of products 9 + 2.5 − 0.5 + 18 = 29, squares 5 and 36 + 25 + 1 + 144 = 206.
        var c = LabelCorrelation.Of("width", [1, 2, 6, 19], [0, 1, 2, 3], ordered: true);
        Assert.Equal(29 / Math.Sqrt(5 * 206), c.Pearson!.Value, 12);
        Assert.Equal(1, c.Spearman!.Value, 12);
        Assert.Null(c.ClassRatio);
    }

    [Fact]
    public void Correlation_Interval_IsFishers()
    {
        // Two columns of 14 noughts and 14 ones that agree in 21 of 28: r = (21 − 7) / 28 = 0.5, z = atanh 0.5, half-width 1.96 / √25.
        double[] x = [.. Enumerable.Range(0, 28).Select(i => (double)(i % 2))];
        int[] y = [.. Enumerable.Range(0, 28).Select(i => i is < 10 or (>= 14 and < 25) ? i % 2 : 1 - i % 2)];
        var c = LabelCorrelation.Of("width", x, y, ordered: true);
        Assert.Equal(0.5, c.Pearson!.Value, 2);
        var exact = c.Pearson.Value;
        Assert.Equal(Math.Tanh(Math.Atanh(exact) - 1.959964 / 5), c.Pearson.Low, 5);
        Assert.Equal(Math.Tanh(Math.Atanh(exact) + 1.959964 / 5), c.Pearson.High, 5);
        Assert.True(c.Leaks);
        // Were they four eyes each of seven patients, nothing would be proven.
        Assert.False(LabelCorrelation.Of("width", x, y, ordered: true, independent: 7).Leaks);
    }

    [Theory]
    [InlineData(new double[] { 3, 3, 3 }, new[] { 0, 1, 2 })]
    [InlineData(new double[] { 0.1, 0.1, 0.1 }, new[] { 0, 1, 2 })]
    [InlineData(new double[] { 1, 2, 3 }, new[] { 1, 1, 1 })]
    [InlineData(new double[] { 1 }, new[] { 1 })]
    public void Correlation_WithoutSpread_IsNone(double[] values, int[] labels)
    {
        var c = LabelCorrelation.Of("width", values, labels, ordered: true);
        Assert.Null(c.Pearson);
        Assert.Null(c.Spearman);
        Assert.False(c.Leaks);
    }

    [Fact]
    public void Correlation_OfNames_IsTheRatioBetweenAndWithin()
    {
        // Ranks 1 2 | 3 4: total squares 5, within 0.5 + 0.5 = 1; 1 − (1/2)/(5/3) = 0.7.
        Assert.Equal(Math.Sqrt(0.7), LabelCorrelation.Of("width", [10, 20, 30, 40], [0, 0, 1, 1], ordered: false).ClassRatio!.Value, 12);
        // Alike in both classes: less than chance gives, so 0.
        Assert.Equal(0, LabelCorrelation.Of("width", [1, 2, 1, 2], [0, 0, 1, 1], ordered: false).ClassRatio);
    }
}
