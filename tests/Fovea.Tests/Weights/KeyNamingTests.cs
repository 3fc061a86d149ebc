using System.Text.Json;
using Fovea.Torch;
using Fovea.Weights;

namespace Fovea.Tests.Weights;

/// <summary>
/// Names of timm and pretrained-models against pairs that oracle/weight_names.py found by position and confirmed by equal logits. Networks need not be in the catalogue:
/// only names are compared.
/// </summary>
public class KeyNamingTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(File.ReadAllBytes(TestPaths.Oracle("weights/names.json"))).RootElement;

    public static TheoryData<string, string> Cases =>
        [.. Fixture.GetProperty("networks").EnumerateArray().Select(n => (n.GetProperty("scheme").GetString()!, n.GetProperty("network").GetString()!))];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recognise_NamesOfAnotherLibrary_FindsEachTensor(string scheme, string network)
    {
        var pairs = Pairs(scheme, network);
        var naming = KeyNaming.Recognise(pairs.Values, pairs.Keys.ToHashSet());
        Assert.Equal(scheme == "own" || pairs.All(p => p.Key == p.Value) ? KeyNaming.Own : scheme, naming.Scheme);
        Assert.Equal("", naming.Prefix);
        Assert.All(pairs, p => Assert.Equal(p.Key, naming.Names[p.Value]));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Recognise_BehindPrefixes_TakesThemOff(string scheme, string network)
    {
        var pairs = Pairs(scheme, network);
        var naming = KeyNaming.Recognise(pairs.Values.Select(n => "model.module." + n), pairs.Keys.ToHashSet());
        Assert.Equal("model.module.", naming.Prefix);
        Assert.All(pairs, p => Assert.Equal(p.Key, naming.Names["model.module." + p.Value]));
        Assert.Contains("behind \"model.module.\"", naming.Remark(), StringComparison.Ordinal);
    }

    [Fact]
    public void Recognise_FeaturesAlone_KeepsTheirCommonBeginning()
    {
        // A MobileNetV2 without its classifier: all names begin with "features.", which is no prefix.
        var naming = KeyNaming.Recognise(["features.0.0.weight", "features.1.conv.1.weight"], new HashSet<string> { "features.0.0.weight", "features.1.conv.1.weight", "classifier.1.weight" });
        Assert.Equal((KeyNaming.Own, ""), (naming.Scheme, naming.Prefix));
        Assert.Null(naming.Remark());
    }

    [Fact]
    public void Recognise_OlderDenseNet_MovesTheDot()
    {
        var naming = KeyNaming.Recognise(
            ["features.denseblock1.denselayer10.norm.1.running_mean", "features.denseblock1.denselayer10.conv.2.weight", "features.transition1.norm.weight"],
            new HashSet<string> { "features.denseblock1.denselayer10.norm1.running_mean", "features.denseblock1.denselayer10.conv2.weight", "features.transition1.norm.weight" });
        Assert.Equal("features.denseblock1.denselayer10.norm1.running_mean", naming.Names["features.denseblock1.denselayer10.norm.1.running_mean"]);
        Assert.Equal("names of torchvision's site", naming.Remark());
    }

    [Fact]
    public void Recognise_LastLinearHere_ReadsFc()
    {
        var naming = KeyNaming.Recognise(["conv1.weight", "fc.weight"], new HashSet<string> { "conv1.weight", "last_linear.weight" });
        Assert.Equal("last_linear.weight", naming.Names["fc.weight"]);
    }

    [Fact]
    public void Recognise_ForeignNames_KeepsThemAsTheyAre()
    {
        var naming = KeyNaming.Recognise(["blocks.9999.0.conv_dw.weight", "blocks.0.0.", "conv_stem.weight", "noDot", ""], new HashSet<string> { "features.1.conv.0.0.weight", "fc.weight" });
        Assert.Equal(KeyNaming.Own, naming.Scheme);
        Assert.All(naming.Names, n => Assert.Equal(n.Key, n.Value));
    }

    /// <summary>Name in torchvision to name there, of every tensor that is not of a batch norm's statistics.</summary>
    private static Dictionary<string, string> Pairs(string scheme, string network)
    {
        var one = Fixture.GetProperty("networks").EnumerateArray().Single(n => n.GetProperty("scheme").GetString() == scheme && n.GetProperty("network").GetString() == network);
        var pairs = new Dictionary<string, string>();
        foreach (var layer in one.GetProperty("layers").EnumerateObject())
        {
            var (ours, theirs) = (layer.Name, layer.Value.GetString()!);
            var last = ours[(ours.LastIndexOf('.') + 1)..];
            if (last == "layer_scale") pairs[ours] = theirs; // ConvNeXt: a parameter, named otherwise than a layer's weight
            else foreach (var tensor in new[] { ".weight", ".bias" }) pairs[ours + tensor] = theirs + tensor;
        }
        // What both call the same, so that the scheme must not spoil it.
        for (var i = 0; i < one.GetProperty("same").GetInt32(); i++) pairs[$"layer1.{i}.conv1.weight"] = $"layer1.{i}.conv1.weight";
        return pairs;
    }
}
