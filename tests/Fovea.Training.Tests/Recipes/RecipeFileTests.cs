using Fovea.Models;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Recipes;

public sealed class RecipeFileTests
{
    [Fact]
    public void Parse_CommentsAndTrailingCommas_AreAllowed()
    {
        var recipe = RecipeFile.Parse("""
            { // a comment
              "seed": 7, "training": { "epochs": 3, }, }
            """, "r.json");
        Assert.Equal(7, recipe.Seed);
        Assert.Equal(3, recipe.Training.Epochs);
    }

    [Theory]
    [InlineData("""{ "trainin": {} }""", "r.json: unknown key 'trainin'. Did you mean 'training'.")]
    [InlineData("""{ "training": { "epoch": 3 } }""", "r.json: unknown key 'training.epoch'. Did you mean 'training.epochs'.")]
    [InlineData("""{ "training": { "epochs": "three" } }""", "r.json: 'training.epochs' has a value of the wrong kind. Give a whole number.")]
    [InlineData("""{ "head": { "kind": "softmaxx", "classes": 5 } }""", "r.json: 'head.kind' has a value of the wrong kind. Give one of softmax, regression, ordinal, corn, threeHeads.")]
    [InlineData("""{ "training": { "epochs": 0 } }""", "r.json: training.epochs is 0. Use 1 to 100000.")]
    [InlineData("""{ "training": { "epochs": 0, "epochs": 3 } }""", "r.json: not JSON (Duplicate property 'epochs' encountered during deserialization). Correct it there.")]
    [InlineData("""{ "head": { "classes": 0 } }""", "r.json: head: a head of 0 classes is not possible (2 to 1000 are). Correct it.")]
    [InlineData("""{ "preprocessing": { "size": 100000 } }""", "r.json: preprocessing: a prepared size of 100000 pixels is not possible (8 to 4096 are). Correct it.")]
    [InlineData("""{ "preprocessing": { "chain": "s9" } }""", "r.json: preprocessing: there is no chain 's9'; did you mean 's0'. Correct it.")]
    [InlineData("""{ "preprocessing": { "chain": "s0", "steps": [{ "step": "resize" }] } }""", "r.json: preprocessing: both a chain and steps are given. Correct it.")]
    [InlineData("""{ "preprocessing": { "steps": [{ "step": "resise" }] } }""", "r.json: unknown step 'resise' in 'preprocessing.steps'. Did you mean 'resize'.")]
    [InlineData("""{ "preprocessing": { "steps": [{ "side": 64 }] } }""", "r.json: an entry of 'preprocessing.steps' without a step. There are cropToBright, cropToFieldOfView, resize, centre, disc, subtractLocalMean, clahe, correctIllumination, greyWorld.")]
    [InlineData("""{ "preprocessing": { "steps": [{ "step": "disc", "shape": 1 }] } }""", "r.json: unknown key 'preprocessing.steps.shape'. Did you mean 'preprocessing.steps.share'.")]
    [InlineData("""{ "preprocessing": { "steps": [{ "step": "cropToBright" }] } }""", "r.json: preprocessing: the steps do not end in the prepared size; add a resize without a side. Correct it.")]
    [InlineData("""{ "preprocessing": { "size": 16 } }""", "r.json: preprocessing.size is 16. Use 32 or more for mobilenet_v2.")]
    [InlineData("""{ "augmentation": { "zoom": 2 } }""", "r.json: augmentation: a zoom of -2 is not possible (-0.9 to 4 are). Correct it.")]
    [InlineData("""{ "model": { "freeze": [null] } }""", "r.json: model.freeze is a list with null in it. Use names of the network's parts.")]
    [InlineData("""{ "optimiser": { "kind": "sgd", "nesterov": true, "momentum": 0 } }""", "r.json: optimiser.momentum is 0. Use a number above 0 with optimiser.nesterov.")]
    [InlineData("""{ "loss": { "kind": "focal" }, "head": { "kind": "corn" } }""", "r.json: loss.kind is Focal. Use head, a regression's loss for a regression, or focal for softmax and ordinal heads.")]
    [InlineData("""{ "loss": { "costWeight": 1 }, "head": { "kind": "ordinal" } }""", "r.json: loss.costWeight or loss.kappaWeight is 1. Use 0 unless head.kind is softmax or threeHeads.")]
    [InlineData("""{ "training": null }""", "r.json: 'training' has a value of the wrong kind. Give what recipes/ shows.")]
    [InlineData("""[1]""", "r.json: not a JSON object. Start with { and see recipes/ for examples.")]
    public void Parse_Mistake_NamesTheKeyAndTheRemedy(string json, string message) =>
        Assert.Equal(message, Assert.Throws<RecipeException>(() => RecipeFile.Parse(json, "r.json")).Message);

    [Fact]
    public void Parse_BrokenJson_NamesLineAndColumn() =>
        Assert.StartsWith("r.json: not JSON (line 2, column", Assert.Throws<RecipeException>(() => RecipeFile.Parse("{\n \"seed\": }", "r.json")).Message);

    [Fact]
    public void Parse_Overrides_ApplyInOrderAndMayBeWords()
    {
        var recipe = RecipeFile.Parse("{}", "r.json", ["training.epochs=9", "head.kind=regression", "training.epochs=4", "training.ema=null"]);
        Assert.Equal(4, recipe.Training.Epochs);
        Assert.Equal(new HeadSpec(HeadKind.Regression, 5), recipe.Head); // what is left out takes the recipe's default
        Assert.Null(recipe.Training.Ema);
    }

    [Fact]
    public void Write_ThenParse_GivesTheSameRecipe()
    {
        var recipe = RecipeFile.Parse("{}", "r.json", ["training.ema=0.97", "optimiser.kind=sgd", "schedule.stepEpochs=[3,5]"]);
        Assert.Equal(RecipeFile.Write(recipe), RecipeFile.Write(RecipeFile.Parse(RecipeFile.Write(recipe), "copy.json")));
    }

    [Fact]
    public void Parse_ChainOrSteps_IsWrittenAsSteps()
    {
        var named = RecipeFile.Parse("""{ "preprocessing": { "chain": "s2", "size": 64 } }""", "r.json");
        var listed = RecipeFile.Parse("""{ "preprocessing": { "steps": [{ "interpolation": "linear", "step": "resize" }], "size": 64, "mean": [0, 0, 0], "std": [1, 1, 1] } }""", "r.json");
        Assert.Equal(RecipeFile.Write(listed), RecipeFile.Write(named));
        Assert.Equal(RecipeFile.Write(named), RecipeFile.Write(RecipeFile.Parse(RecipeFile.Write(named), "again.json") with { Name = named.Name }));
    }
}
