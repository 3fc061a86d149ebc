using System.Text.Json;
using Fovea.Training.Augmentation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Augmentation;

public sealed class StrengthTests
{
    [Theory]
    [InlineData("15", -15, 15, 1)]
    [InlineData("[0, 0.2]", 0, 0.2, 1)]
    [InlineData("""{ "range": [0.1, 0.2], "probability": 0.5 }""", 0.1, 0.2, 0.5)]
    [InlineData("""{ "range": 8 }""", -8, 8, 1)]
    [InlineData("0", 0, 0, 0)]
    public void Json_EachForm_IsReadAndWrittenBack(string json, double low, double high, double probability)
    {
        var strength = JsonSerializer.Deserialize<Strength>(json, RecipeFile.Options);
        Assert.Equal(new Strength(low, high, probability), strength);
        Assert.Equal(strength, JsonSerializer.Deserialize<Strength>(JsonSerializer.Serialize(strength, RecipeFile.Options), RecipeFile.Options));
    }

    [Fact]
    public void Json_NumberOfAMagnitude_StartsAtZero()
    {
        var recipe = RecipeFile.Parse("""{ "augmentation": { "noise": 6, "rotation": 6 } }""", "r.json");
        Assert.Equal((Strength.UpTo(6), Strength.PlusMinus(6)), (recipe.Augmentation.Noise, recipe.Augmentation.Rotation));
        Assert.Equal(RecipeFile.Write(recipe), RecipeFile.Write(RecipeFile.Parse(RecipeFile.Write(recipe), "r.json")));
    }

    [Theory]
    [InlineData("\"strong\"")]
    [InlineData("[1]")]
    [InlineData("[1, 2, 3]")]
    [InlineData("""{ "probability": 0.5 }""")]
    [InlineData("""{ "range": 3, "chance": 0.5 }""")]
    [InlineData("null")]
    [InlineData("1e999")]
    public void Json_AnythingElse_IsRefusedWithTheFormsThatThereAre(string json)
    {
        var e = Assert.Throws<RecipeException>(() => RecipeFile.Parse($$"""{ "augmentation": { "hue": {{json}} } }""", "r.json"));
        Assert.Equal("""r.json: 'augmentation.hue' has a value of the wrong kind. Give a number, [low, high] or { "range": [low, high], "probability": p }.""", e.Message);
    }

    [Fact]
    public void Problem_OutOfRange_IsNamed()
    {
        Assert.Null(new AugmentationSpec().Problem());
        Assert.Equal("a rotation of -400 is not possible (-360 to 360 are)", new AugmentationSpec { Rotation = Strength.PlusMinus(400) }.Problem());
        Assert.Contains("zoom", new AugmentationSpec { Zoom = Strength.PlusMinus(1) }.Problem());
        Assert.Contains("shift", new AugmentationSpec { Shift = new(double.NaN, 1) }.Problem());
        Assert.Contains("noise", new AugmentationSpec { Noise = new(-1, 3) }.Problem());
        Assert.Contains("no range", new AugmentationSpec { Gamma = new(0.5, 0.2) }.Problem());
        Assert.Contains("probability 2", new AugmentationSpec { Blur = new(0, 1, 2) }.Problem());
        Assert.Contains("mixup", new AugmentationSpec { Mixup = new Mixing { Alpha = 0 } }.Problem());
        Assert.Contains("cutmix", new AugmentationSpec { Cutmix = new Mixing { Probability = 1.5 } }.Problem());
        Assert.Contains("fill", new AugmentationSpec { Fill = (Imaging.Border)99 }.Problem());
    }
}

public sealed class AugmentationPresetsTests
{
    public static TheoryData<string> Names => [.. AugmentationPresets.Names.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Preset_InARecipe_IsTheWholeSpecification(string name)
    {
        var recipe = RecipeFile.Parse($$"""{ "augmentation": "{{name}}" }""", "r.json");
        Assert.Equal(AugmentationPresets.Find(name, "x"), recipe.Augmentation);
        Assert.Null(recipe.Augmentation.Problem());
        // The recipe that a run writes down says everything and reads back the same.
        Assert.Equal(recipe.Augmentation, RecipeFile.Parse(RecipeFile.Write(recipe), "r.json").Augmentation);
    }

    [Fact]
    public void Preset_WithMore_TakesWhatIsSaidBeforeThePreset()
    {
        var spec = RecipeFile.Parse("""{ "augmentation": { "preset": "fundus-strong", "rotation": 5, "cutmix": null } }""", "r.json").Augmentation;
        Assert.Equal(AugmentationPresets.Find("fundus-strong", "x") with { Rotation = Strength.PlusMinus(5), Cutmix = null }, spec);
        var bySet = RecipeFile.Parse("""{ "augmentation": "s0" }""", "r.json", ["augmentation.rotation=7"]).Augmentation;
        Assert.Equal(AugmentationPresets.Find("s0", "x") with { Rotation = Strength.PlusMinus(7) }, bySet);
        Assert.Equal("s3", RecipeFile.Parse("{}", "r.json", ["augmentation=s3"]).Augmentation.Preset);
    }

    [Fact]
    public void Preset_Unknown_IsRefusedWithTheNearest()
    {
        Assert.Equal("r.json: no augmentation preset 'fundus-strog'. Did you mean 'fundus-strong'.", Assert.Throws<RecipeException>(() => RecipeFile.Parse("""{ "augmentation": "fundus-strog" }""", "r.json")).Message);
        Assert.Contains("There are s0, s1,", Assert.Throws<RecipeException>(() => AugmentationPresets.Find("nothing-like-it", "--preset")).Message);
    }

    [Fact]
    public void S1_Zoom_MakesThePictureSmallerAsKerasDoes()
    {
        // Keras's zoom_range 1–1.2 scales from output to input: the picture is shown at 1/1.2 to 1 of its size.
        var zoom = AugmentationPresets.Find("s1", "x").Zoom;
        Assert.Equal(1 / 1.2, 1 + zoom.Low, 12);
        Assert.Equal(1, 1 + zoom.High, 12);
    }
}
