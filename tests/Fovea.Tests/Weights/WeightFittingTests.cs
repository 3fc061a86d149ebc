using Fovea.Models;
using Fovea.Tests.Models;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Tests.Weights;

public class WeightFittingTests
{
    // Two outputs, three channels, 1×2 kernels.
    private static StoredTensor Weight() => StoredTensor.From<float>([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], 2, 3, 1, 2);

    [Fact]
    public void WithInputChannels_One_SumsOverChannels() =>
        Assert.Equal([9f, 12, 90, 120], WeightFitting.WithInputChannels(Weight(), 1).Values<float>().ToArray()); // 1+3+5, 2+4+6

    [Fact]
    public void WithInputChannels_Six_HalvesAndRepeats()
    {
        var wide = WeightFitting.WithInputChannels(Weight(), 6);
        Assert.Equal([2, 6, 1, 2], wide.Shape);
        Assert.Equal([0.5f, 1, 1.5f, 2, 2.5f, 3, 0.5f, 1, 1.5f, 2, 2.5f, 3], wide.Values<float>()[..12].ToArray());
    }

    [Fact]
    public void WithInputChannels_FromGrey_SharesEvenly()
    {
        var grey = StoredTensor.From<float>([3, 6], 1, 1, 1, 2);
        Assert.Equal([1f, 2, 1, 2, 1, 2], WeightFitting.WithInputChannels(grey, 3).Values<float>().ToArray());
    }

    [Fact]
    public void WithInputChannels_HalfPrecision_GivesFloat32()
    {
        // bfloat16 1.5 is 0x3FC0.
        var b = new StoredTensor(ScalarType.BFloat16, [1, 2, 1, 1], [0xC0, 0x3F, 0xC0, 0x3F]);
        Assert.Equal([3f], WeightFitting.WithInputChannels(b, 1).Values<float>().ToArray());
        var h = StoredTensor.From<Half>([(Half)0.5f, (Half)2f], 1, 2, 1, 1);
        Assert.Equal([2.5f], WeightFitting.WithInputChannels(h, 1).Values<float>().ToArray());
    }

    [Fact]
    public void WithInputChannels_NotAConvolution_Throws()
    {
        Assert.Throws<ArgumentException>(() => WeightFitting.WithInputChannels(StoredTensor.From<float>([1, 2], 1, 2), 1));
        Assert.Throws<ArgumentException>(() => WeightFitting.WithInputChannels(StoredTensor.From<long>([1, 2], 1, 2, 1, 1), 1));
    }

    [Fact]
    public void Load_OneChannel_AnswersAGreyImageAsThreeChannelsDo()
    {
        using var colour = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        FormulaWeights.Fill(colour);
        using var grey = ModelCatalog.Create("resnet18_small", new NetworkOptions(5) { InputChannels = 1 });
        var report = PretrainedWeights.Load(grey, "resnet18_small", colour.State(), "w.pth");
        Assert.Equal("resnet18_small: 122 tensors from w.pth (conv1.weight for 1 instead of 3 channels), the head included.", report.ToString());
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var plane = FormulaWeights.InputValues(1, 1, 24, 24);
        var expected = colour.Call(Tensor.From<float>([.. plane, .. plane, .. plane], 1, 3, 24, 24), Phase.Inference).Logits.ToArray<float>();
        var actual = grey.Call(Tensor.From(plane, 1, 1, 24, 24), Phase.Inference).Logits.ToArray<float>();
        var scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First / scale, p.Second / scale, 1e-5)); // sums in another order
    }

    [Fact]
    public void Load_ShapeOfAnotherLayerDiffers_IsRefusedByName()
    {
        using var network = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        var state = new Dictionary<string, StoredTensor>(network.State()) { ["layer1.0.conv1.weight"] = StoredTensor.From<float>(new float[64 * 3 * 9], 64, 3, 3, 3) };
        state.Remove("bn1.weight");
        state["extra.weight"] = StoredTensor.From<float>([1], 1);
        var e = Assert.Throws<WeightsFormatException>(() => PretrainedWeights.Load(network, "resnet18_small", state, "w.pth"));
        Assert.Contains("1 missing: bn1.weight; 1 unexpected: extra.weight; 1 of another shape: layer1.0.conv1.weight: file [64, 3, 3, 3], module [64, 64, 3, 3]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_PretrainedModelsNamesBehindModule_SaysWhatItRecognised()
    {
        using var network = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        var state = network.State().ToDictionary(s => "module." + s.Key.Replace("fc.", "last_linear.", StringComparison.Ordinal), s => s.Value);
        using var other = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        var report = PretrainedWeights.Load(other, "resnet18_small", state, "w.pth");
        Assert.Equal("resnet18_small: 122 tensors from w.pth (names of pretrained-models, behind \"module.\"), the head included.", report.ToString());
        Assert.Equal(network.State()["fc.weight"].Data, other.State()["fc.weight"].Data);
    }
}
