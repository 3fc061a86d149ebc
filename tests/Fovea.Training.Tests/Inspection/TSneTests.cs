using System.Text.Json;
using Fovea.Torch.Files;
using Fovea.Training.Inspection.Embedding;

namespace Fovea.Training.Tests.Inspection;

/// <summary>Fixtures: oracle/tsne.py, scikit-learn 1.2.1.</summary>
public sealed class TSneTests
{
    private static readonly JsonElement Expected = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("tsne", "tsne.json"))).RootElement;

    private static double Expect(string name) => Expected.GetProperty(name).GetDouble();

    private static StoredTensor Array(string name) => Npy.Read(TestFolder.Fixture("tsne", name + ".npy"));

    private static double[] Floats(string name) => System.Array.ConvertAll(Array(name).Values<float>().ToArray(), v => (double)v);

    private static double[][] Points() => [.. Floats("points").Chunk(20)];

    private static TSneOptions Options => new() { Perplexity = Expect("perplexity") };

    [Fact]
    public void Affinities_OfFiveClusters_AreScikitLearns()
    {
        var found = Affinities.Of(Points(), Expect("perplexity"), TestContext.Current.CancellationToken);
        var expected = Floats("affinities");
        var dense = new double[300 * 300];
        for (var i = 0; i < 300; i++)
        {
            for (var m = found.Starts[i]; m < found.Starts[i + 1]; m++) dense[300 * i + found.Columns[m]] = found.Values[m];
        }
        Assert.Equal(1, found.Values.Sum(), 12);
        // Both stop the search for the width when the entropy is within 1e-5, and scikit-learn's distances are single precision; the largest affinity is about 5e-4.
        for (var k = 0; k < expected.Length; k++) Assert.Equal(expected[k], dense[k], 1e-7);
    }

    [Fact]
    public void Gradient_WithoutApproximation_IsScikitLearns()
    {
        var affinities = Affinities.Of(Points(), Expect("perplexity"), TestContext.Current.CancellationToken);
        double[] spread = [.. Floats("start").Select(v => (double)((float)v * 1e5f))];
        var (gradient, divergence) = TSne.Gradient(affinities, spread, 0, 1, true);
        var expected = Array("gradient").Values<double>();
        for (var m = 0; m < 600; m++) Assert.Equal(expected[m], gradient[m], 1e-6);
        // scikit-learn counts every pair with at least 2e-16.
        Assert.Equal(Expect("divergenceOfSpread"), divergence, 1e-4);
        // By half-way squares it errs no more than scikit-learn's does.
        var rough = TSne.Gradient(affinities, spread, 0.5, 1, false).Gradient;
        var error = rough.Zip(gradient, (a, b) => Math.Abs(a - b)).Max();
        Assert.InRange(error, 1e-9, 1.5 * Expect("halfThetaError"));
    }

    [Fact]
    public void Run_FromTheSameStart_IsAsGoodAsScikitLearns()
    {
        var points = Points();
        var found = TSne.Run(points, Options, Floats("start"), TestContext.Current.CancellationToken);
        Assert.InRange(found.Divergence, 0.95 * Expect("divergence"), 1.03 * Expect("divergence"));
        Assert.True(Trustworthiness.Of(points, found.Points, 5, TestContext.Current.CancellationToken) >= Expect("trustworthiness") - 0.02);
        // The copies come to lie together.
        Assert.Equal(found.Points[4], found.Points[14], 0.5);
        Assert.Equal(found.Points[5], found.Points[15], 0.5);
    }

    [Fact]
    public void Trustworthiness_OfScikitLearnsEmbedding_IsScikitLearns() =>
        Assert.Equal(Expect("trustworthiness"), Trustworthiness.Of(Points(), Floats("embedding"), 5, TestContext.Current.CancellationToken), 1e-9);

    [Fact]
    public void Gradient_OfAFewPoints_IsTheSlopeOfTheDivergence()
    {
        var random = new SeededRandom(3);
        double[][] vectors = [.. Enumerable.Range(0, 12).Select(_ => new[] { random.NextNormal(), random.NextNormal(), random.NextNormal() })];
        var affinities = Affinities.Of(vectors, 3, TestContext.Current.CancellationToken);
        double[] points = [.. Enumerable.Range(0, 24).Select(_ => random.NextNormal())];
        var gradient = TSne.Gradient(affinities, points, 0, 1, false).Gradient;
        for (var m = 0; m < points.Length; m++)
        {
            const double Step = 1e-5;
            double[] up = [.. points], down = [.. points];
            up[m] += Step;
            down[m] -= Step;
            var slope = (TSne.Gradient(affinities, up, 0, 1, true).Divergence - TSne.Gradient(affinities, down, 0, 1, true).Divergence) / (2 * Step);
            Assert.Equal(slope, gradient[m], 1e-7);
        }
    }

    [Fact]
    public void Run_Clusters_StayApartAndComeOutTheSameBits()
    {
        var random = new SeededRandom(4);
        double[][] vectors = [.. Enumerable.Range(0, 90).Select(i => Enumerable.Range(0, 5).Select(k => (k == i % 3 ? 20 : 0) + random.NextNormal()).ToArray())];
        var options = new TSneOptions { Perplexity = 10, Seed = 5 };
        var found = TSne.Run(vectors, options, null, TestContext.Current.CancellationToken).Points;
        Assert.Equal(found, TSne.Run(vectors, options, null, TestContext.Current.CancellationToken).Points);
        for (var i = 0; i < 90; i++)
        {
            var nearest = Enumerable.Range(0, 90).Where(j => j != i).MinBy(j => Math.Pow(found[2 * i] - found[2 * j], 2) + Math.Pow(found[2 * i + 1] - found[2 * j + 1], 2));
            Assert.Equal(i % 3, nearest % 3);
        }
    }

    [Fact]
    public void Run_ManyEqualPoints_GivesNumbers()
    {
        double[][] vectors = [.. Enumerable.Range(0, 40).Select(i => new double[] { i < 30 ? 1 : i, 2 })];
        var found = TSne.Run(vectors, new TSneOptions { Perplexity = 5, Iterations = 300 }, null, TestContext.Current.CancellationToken);
        Assert.All(found.Points, v => Assert.True(double.IsFinite(v)));
        // Started in one place, with nothing to pull them apart.
        Assert.All(TSne.Run(vectors, new TSneOptions { Perplexity = 5, Iterations = 50 }, new double[80], TestContext.Current.CancellationToken).Points, v => Assert.Equal(0, v));
    }

    [Fact]
    public void Affinities_TooFewPointsForThePerplexity_SayHowManyAreNeeded()
    {
        var e = Assert.Throws<ArgumentException>(() => Affinities.Of([.. Enumerable.Range(0, 90).Select(i => new double[] { i })], 30, TestContext.Current.CancellationToken));
        Assert.StartsWith("a perplexity of 30 needs at least 91 points, and there are 90", e.Message, StringComparison.Ordinal);
        Assert.Equal(91, Affinities.Of([.. Enumerable.Range(0, 91).Select(i => new double[] { i })], 30, TestContext.Current.CancellationToken).Count);
    }

    [Fact]
    public void Conditional_OfFourNeighbours_HasThePerplexity()
    {
        var p = Affinities.Conditional([1, 2, 4, 9], 2.5);
        Assert.Equal(1, p.Sum(), 12);
        Assert.Equal(2.5, Math.Exp(-p.Sum(v => v * Math.Log(v))), 3);
        // Falling by one and the same Gaussian: log p is linear in the squared distance.
        Assert.Equal(Math.Log(p[0] / p[1]) * 2, Math.Log(p[1] / p[2]), 9);
    }

    [Fact]
    public void PrincipalComponents_OfFiveClusters_HaveNumPysVariance()
    {
        var points = Points();
        var found = PrincipalComponents.Project(300, 20, (row, start, values) =>
        {
            for (var k = 0; k < values.Length; k++) values[k] = (float)points[row][start + k];
        }, 6, 1, TestContext.Current.CancellationToken);
        // The last ones differ little from those left out, and converge slowly; a layout of neighbours does not mind.
        for (var c = 0; c < 6; c++) Assert.Equal(1, found.Sum(row => row[c] * row[c]) / Expected.GetProperty("componentVariance")[c].GetDouble(), 0.01);
    }

    [Fact]
    public void PrincipalComponents_OfAPlaneInManyDimensions_KeepEveryDistance()
    {
        // 2,500 dimensions, more than one block of them, and all rows in the plane of two waves.
        double[][] plane = [.. Enumerable.Range(0, 21).Select(i => new double[] { 3 * Math.Cos(i), Math.Sin(2.0 * i) })];
        var found = PrincipalComponents.Project(21, 2500, (row, start, values) =>
        {
            for (var k = 0; k < values.Length; k++)
                values[k] = (float)(5 + Math.Sqrt(2 / 2500.0) * (plane[row][0] * Math.Sin(2 * Math.PI * (start + k) / 2500) + plane[row][1] * Math.Cos(2 * Math.PI * (start + k) / 2500)));
        }, 4, 1, TestContext.Current.CancellationToken);
        for (var i = 1; i < 21; i++)
        {
            Assert.Equal(Math.Sqrt(plane[i].Zip(plane[0], (a, b) => (a - b) * (a - b)).Sum()), Math.Sqrt(found[i].Zip(found[0], (a, b) => (a - b) * (a - b)).Sum()), 3);
        }
    }
}
