using Fovea.Models;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

public sealed class FreezingTests
{
    private static Network Frozen(string architecture, ModelRecipe model, HeadSpec? head = null)
    {
        var network = ModelCatalog.CreateShapesOnly(architecture, NetworkOptions.For(head ?? new HeadSpec(HeadKind.Softmax, 5), 64));
        Freezing.Apply(network, model, 64, "r.json");
        return network;
    }

    private static long Trainable(Network network) => network.NamedParameters().Where(p => p.Tensor.RequiresGrad).Sum(p => p.Tensor.Elements);

    private static HeadSpec CaseStudyHead => new(HeadKind.Ordinal, 5, 0.5) { AlwaysOnBit = true, Pooling = PoolingKind.Average };

    /// <summary>The case study's VGGs: Keras's layers[:13] hold nine convolutions in both.</summary>
    [Theory]
    [InlineData("vgg16", 9_441_797)]
    [InlineData("vgg19", 16_521_221)]
    public void FreezeFirst_NineConvolutions_LeavesTheCaseStudysTrainableParameters(string name, long trainable)
    {
        using var network = Frozen(name, new ModelRecipe { FreezeFirst = 9 }, CaseStudyHead);
        Assert.Equal(trainable, Trainable(network));
    }

    /// <summary>The OCT study freezes "the first three layers" of DenseNet-121: input, padding and the first convolution.</summary>
    [Fact]
    public void FreezeFirst_One_FreezesTheFirstConvolutionOnly()
    {
        using var network = Frozen("densenet121", new ModelRecipe { FreezeFirst = 1 });
        Assert.Equal(["features.conv0.weight"], network.NamedParameters().Where(p => !p.Tensor.RequiresGrad).Select(p => p.Path));
    }

    [Fact]
    public void Freeze_Backbone_LeavesTheHead()
    {
        // the replication's "last 14 layers": pools, their norms, and the heads
        var head = new HeadSpec(HeadKind.ThreeHeads, 5, 0) { AlwaysOnBit = true, Pooling = PoolingKind.AverageMax, Hidden = [new(2048, 0.5)] };
        using var network = Frozen("resnet50", new ModelRecipe { Freeze = ["backbone"] }, head);
        Assert.Equal(25_202_699, Trainable(network));
    }

    [Fact]
    public void Freeze_Stages_FreezesWhatLiesBetweenTheirMarks()
    {
        using var network = Frozen("densenet121", new ModelRecipe { Freeze = ["stem", "stage2"] });
        bool IsFrozen(string path) => !network.NamedParameters().Single(p => p.Path == path).Tensor.RequiresGrad;
        Assert.True(IsFrozen("features.conv0.weight"));
        Assert.True(IsFrozen("features.transition1.conv.weight")); // between stage1 and stage2
        Assert.True(IsFrozen("features.denseblock2.denselayer1.norm1.weight"));
        Assert.False(IsFrozen("features.denseblock1.denselayer1.conv1.weight"));
        Assert.False(IsFrozen("features.transition2.conv.weight"));
    }

    [Theory]
    [InlineData(KeptStatistics.Frozen, true, false)]
    [InlineData(KeptStatistics.Backbone, true, true)]
    [InlineData(KeptStatistics.None, false, false)]
    public void KeepStatistics_Says_WhichNormsFollowTheBatches(KeptStatistics kept, bool stem, bool later)
    {
        using var network = Frozen("resnet18", new ModelRecipe { Freeze = ["stem"], KeepStatistics = kept });
        bool Keeps(string path) => ((BatchNorm2d)network.NamedModules().Single(m => m.Path == path).Module).KeepsStatistics;
        Assert.Equal((stem, later), (Keeps("bn1"), Keeps("layer4.1.bn2")));
    }

    [Fact]
    public void FreezeFirst_TooMany_IsTheRecipesMistake() =>
        Assert.Equal("r.json: model.freezeFirst is 7, the network has 7 layers. Use less than 7.",
            Assert.Throws<RecipeException>(() => Frozen("baseline_cnn", new ModelRecipe { FreezeFirst = 7 })).Message);

    [Fact]
    public void Create_StageRates_FallTowardsTheInput()
    {
        var recipe = new Recipe
        {
            Preprocessing = new() { Size = 64 },
            Optimiser = new() { BackboneFactor = 0.5, StageDecay = 0.1, StageFactors = new Dictionary<string, double> { ["stage1"] = 3 }, DecayOnlyWeights = false },
        };
        using var network = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        using var optimiser = OptimiserFactory.Create(recipe, network);
        double Rate(string path) => optimiser.Groups.Single(g => g.Parameters.Any(p => p.Path == path)).LearningRateFactor;
        Assert.Equal(1, Rate("fc.weight"));
        Assert.Equal(0.5, Rate("layer4.1.conv2.weight"), 12);
        Assert.Equal(0.05, Rate("layer3.0.conv1.weight"), 12);
        Assert.Equal(0.5 * 0.001 * 3, Rate("layer1.0.conv1.weight"), 12);
        Assert.Equal(0.5 * 0.0001, Rate("conv1.weight"), 12);
        var wrong = recipe with { Optimiser = recipe.Optimiser with { StageFactors = new Dictionary<string, double> { ["stage9"] = 3 } } };
        Assert.Contains("'stage9'", Assert.Throws<RecipeException>(() => OptimiserFactory.Create(wrong, network)).Message, StringComparison.Ordinal);
    }
}
