using Fovea.Torch;
using Fovea.Training.Augmentation;
using Fovea.Training.Evaluation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;
using static Fovea.Training.Tests.Training.TinyTraining;

namespace Fovea.Training.Tests.Training;

[Collection(TensorsAlone.Name)]
public sealed class TestTimeViewsTests
{
    [Fact]
    public void Combine_TrimmedMean_LeavesOutTheEndsOfEachOutput()
    {
        var views = new TestTimeViews(new TestTimeRecipe { Views = TestTimeKind.Random, Count = 4, Trim = 0.25 }, new(), 1);
        // Without the smallest and the largest: (2 + 3) / 2, (−1 + 0) / 2.
        Assert.Equal([2.5f, -0.5f], views.Combine([[1, 0], [3, -9], [100, -1], [2, 7]]));
        Assert.Equal([26.5f, -0.75f], new TestTimeViews(new TestTimeRecipe { Views = TestTimeKind.Flips }, new(), 1).Combine([[1, 0], [3, -9], [100, -1], [2, 7]]));
    }

    [Fact]
    public void View_Dihedral_AreTheEightSymmetries()
    {
        using var scope = new TensorScope();
        var recipe = Recipe();
        var views = new TestTimeViews(new TestTimeRecipe { Views = TestTimeKind.Dihedral }, new(), 1);
        var image = Picture(1, 3, 16);
        var seen = Enumerable.Range(0, views.Count).Select(v => Convert.ToHexString(views.View(v, [image], 0, recipe.Preprocessing).Contiguous().ToBytes())).ToHashSet();
        Assert.Equal(8, seen.Count);
    }

    [Theory]
    [InlineData("dihedral")]
    [InlineData("flips")]
    public void Logits_Symmetries_AreTheSameForAnImageAndItsMirror(string kind)
    {
        var recipe = Recipe($"training.testTime.views={kind}");
        using var network = Network(recipe);
        var (set, mirrored) = (Set(6), Set(6));
        foreach (var image in mirrored.Images)
            for (var y = 0; y < 16; y++)
                for (var x = 0; x < 8; x++)
                    for (var c = 0; c < 3; c++)
                        (image.Pixels[(y * 16 + x) * 3 + c], image.Pixels[(y * 16 + 15 - x) * 3 + c]) = (image.Pixels[(y * 16 + 15 - x) * 3 + c], image.Pixels[(y * 16 + x) * 3 + c]);
        var (a, b) = (new NetworkEvaluator(network, recipe).Logits(set, null, TestContext.Current.CancellationToken), new NetworkEvaluator(network, recipe).Logits(mirrored, null, TestContext.Current.CancellationToken));
        Assert.All(a.Zip(b), p => Assert.Equal(p.First, p.Second, 1e-5f));
        Assert.NotEqual(new NetworkEvaluator(network, Recipe()).Logits(set, null, TestContext.Current.CancellationToken), new NetworkEvaluator(network, Recipe()).Logits(mirrored, null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Logits_RandomViews_AreTheSameAtEachEvaluation()
    {
        var recipe = Recipe("training.testTime.views=random", "training.testTime.count=3", "augmentation.rotation=90");
        using var network = Network(recipe);
        var set = Set(20); // more than a batch: chance belongs to the image, not to its place in a batch
        var first = new NetworkEvaluator(network, recipe).Logits(set, null, TestContext.Current.CancellationToken);
        Assert.Equal(first, new NetworkEvaluator(network, recipe).Logits(set, null, TestContext.Current.CancellationToken));
        Assert.NotEqual(first, new NetworkEvaluator(network, recipe with { Seed = 2 }).Logits(set, null, TestContext.Current.CancellationToken));
    }
}
