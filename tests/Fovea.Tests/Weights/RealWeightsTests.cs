using System.Text.Json;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Tests.Weights;

/// <summary>Public ImageNet weights from their files to what they see in a made-up picture, against torchvision (oracle/real_weights.py).</summary>
public class RealWeightsTests
{
    /// <summary>Float32 sums in another order, over up to 53 layers; relative to the largest value.</summary>
    private const double Tolerance = 1e-4;

    private static readonly JsonElement Fixture = JsonDocument.Parse(File.ReadAllBytes(TestPaths.Oracle("weights/real.json"))).RootElement;

    [Theory]
    [InlineData("pth")]
    [InlineData("safetensors")]
    public void SqueezeNet_OnAPicture_NamesWhatTorchvisionNames(string format)
    {
        var path = TestPaths.Data($"weights/squeezenet1_1_imagenet.{format}");
        using var network = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(1000));
        Assert.Empty(PretrainedWeights.Load(network, "squeezenet1_1", path).FreshHead);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var logits = network.Call(Picture(), Phase.Inference).Logits.ToArray<float>();
        var expected = Fixture.GetProperty("squeezenet1_1");
        Assert.Equal(expected.GetProperty("top5").EnumerateArray().Select(v => v.GetInt32()), Enumerable.Range(0, 1000).OrderByDescending(i => logits[i]).Take(5));
        Near(Numbers(expected.GetProperty("logits")), [.. Enumerable.Range(0, 100).Select(i => logits[10 * i])]);
    }

    [Theory]
    [InlineData("pth")]
    [InlineData("safetensors")]
    public void MobileNet_OnAPicture_GivesTorchvisionsFeatures(string format)
    {
        var path = TestPaths.Data($"weights/mobilenet_v2_imagenet_features_bncalibrated.{format}");
        using var network = ModelCatalog.Create("mobilenet_v2", new NetworkOptions(5));
        Assert.Equal(["classifier.1.weight", "classifier.1.bias"], PretrainedWeights.Load(network, "mobilenet_v2", path).FreshHead);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var top = network.Call(Picture(), Phase.Inference, withStages: true).Stages[^1].Value;
        var features = Functional.GlobalAveragePool(top).ToArray<float>();
        var expected = Fixture.GetProperty("mobilenet_v2");
        Near(Numbers(expected.GetProperty("features")), [.. Enumerable.Range(0, 128).Select(i => features[10 * i])]);
        Assert.Equal(1, Math.Sqrt(features.Sum(v => (double)v * v)) / expected.GetProperty("norm").GetDouble(), Tolerance);
    }

    /// <summary>The picture as every network gets it: decoded, divided by 255, ImageNet's mean and deviation.</summary>
    private static Tensor Picture() => ImageBatch.ToTensor([ImageFile.Read(TestPaths.Oracle("weights/picture.png"))], new PreprocessingSpec { Chain = "plain", Size = 96 });

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];

    private static void Near(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        for (var i = 0; i < actual.Length; i++) Assert.Equal(expected[i] / scale, actual[i] / scale, Tolerance);
    }
}
