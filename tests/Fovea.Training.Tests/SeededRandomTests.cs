namespace Fovea.Training.Tests;

public sealed class SeededRandomTests
{
    // Computed with an independent Python transcription of Blackman and Vigna's C sources (oracle/metrics_random.py).
    [Fact]
    public void NextUInt64_SeedZero_ReferenceSequence()
    {
        var random = new SeededRandom(0);
        Assert.Equal([11091344671253066420UL, 13793997310169335082UL, 1900383378846508768UL], [random.NextUInt64(), random.NextUInt64(), random.NextUInt64()]);
    }

    [Fact]
    public void For_OtherKeys_OtherNumbers()
    {
        var first = SeededRandom.For(1, 2, 3).NextUInt64();
        Assert.Equal(first, SeededRandom.For(1, 2, 3).NextUInt64());
        Assert.Equal(4, new HashSet<ulong> { first, SeededRandom.For(1, 3, 2).NextUInt64(), SeededRandom.For(2, 2, 3).NextUInt64(), SeededRandom.For(1, 2).NextUInt64() }.Count);
    }

    [Fact]
    public void NextInt_ManyDraws_EvenShares()
    {
        var random = new SeededRandom(5);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++) counts[random.NextInt(7)]++;
        // standard deviation of a count is 93; 5 of them
        Assert.All(counts, n => Assert.InRange(n, 10_000 - 465, 10_000 + 465));
    }

    [Fact]
    public void NextNormal_ManyDraws_MeanZeroVarianceOne()
    {
        var random = new SeededRandom(6);
        var values = Enumerable.Range(0, 40_000).Select(_ => random.NextNormal()).ToArray();
        Assert.Equal(0, values.Average(), 0.025);
        Assert.Equal(1, values.Average(v => v * v), 0.035);
    }

    [Fact]
    public void Shuffle_FourItems_EveryOrderOccurs()
    {
        var random = new SeededRandom(7);
        var seen = new HashSet<string>();
        for (var i = 0; i < 1000; i++)
        {
            var items = "abcd".ToCharArray();
            random.Shuffle<char>(items);
            seen.Add(new string(items));
        }
        Assert.Equal(24, seen.Count);
    }
}
