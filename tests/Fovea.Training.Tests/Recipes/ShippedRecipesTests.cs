using Fovea.Models;
using Fovea.Training.Recipes;
using Fovea.Training.Tests.Training;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Recipes;

/// <summary>The recipes that come with Fovea, by name.</summary>
[Collection(TensorsAlone.Name)]
public sealed class ShippedRecipesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Of graders; those for lesions have a test of their own.</summary>
    public static TheoryData<string> Names() => [.. ShippedRecipes.Names.Where(n => !n.StartsWith("lesions-", StringComparison.Ordinal))];

    /// <summary>Those whose kind of head, loss and stages no other has; with a small network and small pictures.</summary>
    public static TheoryData<string> Kinds() => ["s0-baseline", "s0-vgg16", "s1-resnet50", "s1-three-stage", "s1-paper-efficientnet-b4-380", "s1-paper-pretraining", "s2-cnn3", "s2-vgg16", "s2-densenet121", "aptos-efficientnet-b3"];

    [Fact]
    public void Names_OfTheReferenceSystems_AreAllThere()
    {
        var names = ShippedRecipes.Names;
        Assert.Equal(12, names.Count(n => n.StartsWith("s0-", StringComparison.Ordinal)));
        Assert.Equal(4, names.Count(n => n.StartsWith("s1-paper-", StringComparison.Ordinal) && n != "s1-paper-pretraining"));
        Assert.Equal(5, names.Count(n => n.StartsWith("s2-", StringComparison.Ordinal)));
        Assert.Contains("s1-resnet50", names);
        Assert.Contains("s1-three-stage", names);
        Assert.Contains("s3-small-cnn", names);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_ByName_BuildsItsNetwork(string name)
    {
        var recipe = RecipeFile.Read(name);
        Assert.Equal(name, recipe.Name);
        using var network = ModelCatalog.CreateShapesOnly(recipe.Model.Architecture, NetworkOptions.For(recipe.Head, recipe.Preprocessing.Size));
        foreach (var stage in recipe.Stages.Prepend(recipe)) Freezing.Apply(network, stage.Model, stage.Preprocessing.Size, name);
        Assert.Contains(network.NamedParameters(), p => p.Tensor.RequiresGrad);
        Assert.Equal(RecipeFile.Write(recipe), RecipeFile.Write(RecipeFile.Parse(RecipeFile.Write(recipe), "copy")));
        Assert.Equal(recipe.Model.Pretrained, recipe.Model.Weights is not null || name is "s0-xception" or "s1-paper-se-resnext50-380" or "s1-paper-se-resnext50-512" || name is "dr-mobile" or "dme-mobile" or "aptos-mobilenet-v2" || name.StartsWith("idrid-", StringComparison.Ordinal) || name.StartsWith("retinamnist-", StringComparison.Ordinal) && recipe.Model.Pretrained);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Run_Miniature_TrainsEveryStage(string name)
    {
        var own = RecipeFile.Read(name).Stages.Count;
        var small = name is "s0-baseline" or "s2-cnn3" ? Array.Empty<string>() : ["model.architecture=squeezenet1_1", "model.pretrained=false", "model.weights=null"];
        var recipe = RecipeFile.Read(name, [.. small, "preprocessing.size=64", "training.batchSize=4", "training.microBatch=null", "training.epochs=1", "training.sizes=[]", "training.precision=float32",
            .. Enumerable.Range(0, own).SelectMany(s => (string[])[$"stages.{s}.training.epochs=1", $"stages.{s}.schedule.warmupEpochs=0"]), "schedule.warmupEpochs=0"]);
        using var network = TinyTraining.Network(recipe);
        if (own == 0) Freezing.Apply(network, recipe.Model, 64, name);
        var classes = recipe.Head.Classes;
        var set = TinyTraining.Set([.. Enumerable.Range(0, 4).Select(i => i % classes)], 64);
        var progress = StagedTraining.Run(recipe, network, set, set, new RunDirectory(_folder["run"]), cancel: TestContext.Current.CancellationToken);
        Assert.Equal(Math.Max(1, own), progress.History.Count);
        Assert.All(progress.History, e => Assert.True(double.IsFinite(e.Loss)));
    }

    [Fact]
    public void Read_UnknownName_NamesTheNearest() =>
        Assert.Equal("s0-densenet12: no such file, and no shipped recipe. Did you mean 's0-densenet121'.", Assert.Throws<RecipeException>(() => RecipeFile.Read("s0-densenet12")).Message);
}
