using Fovea.Training.Augmentation;
using static Fovea.Training.Tests.Augmentation.TestPictures;

namespace Fovea.Training.Tests.Augmentation;

public sealed class BatchMixerTests
{
    [Fact]
    public void Apply_Mixup_IsTheWeightedMean()
    {
        byte[] pixels = [0, 100, 200], other = [100, 100, 0];
        Assert.Equal(0.75f, BatchMixer.Apply(new BatchMixer.Draw(true, false, 0.75, 0, 0), pixels, other, 1, 1));
        Assert.Equal([25, 100, 150], pixels); // 0.75·0 + 0.25·100, …, 0.75·200
    }

    [Fact]
    public void Apply_Cutmix_LambdaIsTheAreaThatIsLeft()
    {
        var spec = new AugmentationSpec { Cutmix = new Mixing { Alpha = 1, Probability = 1 } };
        var (random, shares) = (new SeededRandom(0), new List<float>());
        for (ulong i = 0; i < 300; i++)
        {
            byte[] pixels = new byte[40 * 30 * 3], other = [.. Enumerable.Repeat((byte)9, 40 * 30 * 3)];
            var draw = BatchMixer.DrawFor(spec, Key(i), random);
            float lambda = BatchMixer.Apply(draw, pixels, other, 40, 30);
            Assert.Equal(pixels.Count(v => v == 0) / (double)pixels.Length, lambda, 1e-6);
            // A rectangle inside the picture covers 1 − λ as drawn, up to rounding of its sides; at the border less.
            Assert.True(lambda >= draw.Lambda - 0.06, $"{lambda} of {draw.Lambda}");
            shares.Add(lambda);
        }
        Assert.True(shares.Min() < 0.3 && shares.Max() > 0.98);
    }

    [Theory]
    [InlineData(1.0, 1.0 / 12)] // uniform
    [InlineData(0.2, 1 / (4 * 1.4))] // the variance of Beta(α, α) is 1/(4·(2α + 1))
    [InlineData(2.0, 1.0 / 20)]
    [InlineData(0.05, 1 / (4 * 1.1))]
    public void Beta_HasItsMeanAndVariance(double alpha, double variance)
    {
        var random = SeededRandom.For(5, (ulong)(alpha * 100));
        double[] values = [.. Enumerable.Range(0, 20_000).Select(_ => BatchMixer.Beta(alpha, random))];
        Assert.All(values, v => Assert.InRange(v, 0, 1));
        Assert.Equal(0.5, values.Average(), 0.012); // standard error at most 0.0035
        Assert.Equal(variance, values.Average(v => (v - 0.5) * (v - 0.5)), 0.004);
    }

    [Fact]
    public void DrawFor_Probability_IsTheShareThatMixes()
    {
        var random = new SeededRandom(0);
        var spec = new AugmentationSpec { Mixup = new Mixing { Alpha = 0.4, Probability = 0.25 } };
        Assert.InRange(Enumerable.Range(0, 2000).Count(i => BatchMixer.DrawFor(spec, Key((ulong)i), random).Mixes), 432, 568); // 500 ± 3.5·19.4
        Assert.False(BatchMixer.DrawFor(new AugmentationSpec(), Key(), random).Mixes);
    }
}
