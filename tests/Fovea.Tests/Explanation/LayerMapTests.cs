using Fovea.Explanation;
using Fovea.Models;
using Fovea.Tests.Models;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Tests.Explanation;

/// <summary>Grad-CAM, Grad-CAM++ and LayerCAM against PyTorch with hooks (oracle/explanations.py), and what they owe to their papers.</summary>
public class LayerMapTests
{
    /// <summary>
    /// Maps are divided by their maximum, which sums terms of both signs. The deepest layer is compared in float32 and channels-last memory, as a model serves; shallower ones in float64: between them
    /// and the logits a unit at the kink of its rectifier flips with the last digit of float32, which moves a map by a thousandth.
    /// </summary>
    private const double Tolerance = 1e-4;

    private static bool Nightly => Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is not null;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, ExplanationParity.Layers.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_TorchvisionNetwork_EqualsPyTorch(int index)
    {
        var expected = ExplanationParity.Layers[index];
        var takesLong = expected is { Network: "vgg16", Head: null } or { Network: "vgg16", Layer: "stage3" };
        Assert.SkipUnless(!takesLong || Nightly, "vgg16 with its dense layers, and in float64, runs nightly; its convolutions by day");
        using var network = ModelCatalog.Create(expected.Network, NetworkOptions.For(expected.Spec) with { SignedLogits = false });
        FormulaWeights.Fill(network);
        if (expected.Weights is { } file)
        {
            // The file without a classifier leaves it as computed; so does the oracle.
            Assert.Empty(network.LoadState(StoredWeights.Read(TestPaths.Data($"weights/{file}"))).Mismatched);
        }
        network.RequireGrad(false);
        var deepest = expected.Layer == network.StageNames[^1];
        if (deepest) network.UseChannelsLast();
        else network.To(ScalarType.Float64);
        using var noGrad = new NoGrad(); // as when serving
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(expected.Input).To(deepest ? ScalarType.Float32 : ScalarType.Float64);
        var target = ExplanationTarget.For(expected.Spec, expected.Target.Grade);
        Compare("gradCam", GradCam.Of(network, x, target, expected.Layer)[0]);
        Compare("gradCamPlusPlus", GradCamPlusPlus.Of(network, x, target, expected.Layer)[0]);
        Compare("layerCam", LayerCam.Of(network, x, target, expected.Layer)[0]);

        void Compare(string method, ActivationMap map)
        {
            var wanted = expected.Maps[method];
            Assert.Equal((expected.Shape[0], expected.Shape[1]), (map.Height, map.Width));
            Assert.Equal(wanted.Max == 0, map.IsFlat);
            for (var i = 0; i < wanted.Values.Length; i++)
                Assert.True(Math.Abs(wanted.Values[i] - map.Values[i]) <= Tolerance, $"{method}, cell {i}: {map.Values[i]}, PyTorch {wanted.Values[i]}");
        }
    }

    /// <summary>2 × 2 cells of two channels; y = Σ of the weights times the cells.</summary>
    private static readonly float[] Red = [4, 2, 0, 1], Green = [0, 1, 2, 1];

    [Fact]
    public void LayerCam_PlaneOfBothSigns_IsTheMapByHand()
    {
        // y = 1·4 − 1·2 + 2·0 + 0·1 of red, and 3·(0 + 1 + 2 + 1) of green: relu(g)·A is (4, 0, 0, 0) + (0, 3, 6, 3); divided by 6.
        using var network = new Weighted([1, -1, 2, 0], [3, 3, 3, 3]);
        Assert.Equal([4 / 6f, 3 / 6f, 1, 3 / 6f], Values(LayerCam.Of(network, Input(), z => z.Sum([1]))), Near);
    }

    [Fact]
    public void GradCamPlusPlus_PlaneOfBothSigns_IsTheMapByHand()
    {
        // red: ΣA = 7, α = 1/(2 + 7g): g = 1 → 1/9, g = 2 → 1/16; weight = 1/9·1 + 1/16·2 = 17/72 (−1 and 0 have no part).
        // green: ΣA = 4, g = 3 everywhere, α = 1/14; weight = 4·3/14 = 6/7.
        float red = 17 / 72f, green = 6 / 7f;
        float[] map = [red * 4, red * 2 + green * 1, green * 2, red * 1 + green * 1];
        using var network = new Weighted([1, -1, 2, 0], [3, 3, 3, 3]);
        Assert.Equal([.. map.Select(v => v / map.Max())], Values(GradCamPlusPlus.Of(network, Input(), z => z.Sum([1]))), Near);
    }

    [Fact]
    public void Of_Batch_EqualsOneByOne()
    {
        using var network = Small();
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(3, 3, 40, 56);
        var target = ExplanationTarget.For(new HeadSpec(HeadKind.Softmax, 5), 1);
        var together = GradCam.Of(network, x, target);
        for (var i = 0; i < 3; i++)
            Assert.All(GradCam.Of(network, x.Narrow(0, i, 1), target)[0].Values.Zip(together[i].Values), v => Assert.Equal(v.First, v.Second, 1e-4));
    }

    [Fact]
    public void CallCutAt_EveryStageOfEveryNetwork_GivesTheSameLogitsAndAGradient()
    {
        // One of a family stands for it; depth changes nothing in where stages are marked. Those that take long to build run nightly.
        string[] names = ["baseline_cnn", "oct_cnn7", "squeezenet1_1", "mobilenet_v2", "mobilenet_v3_large", "densenet121", "efficientnet_b0"];
        if (Nightly) names = [.. names, "aptos_alexnet", "small_cnn", "alexnet", "vgg11", "resnet18", "resnet50_v2", "se_resnext50_32x4d", "inception_v3", "xception", "convnext_tiny"];
        foreach (var name in names)
        {
            var entry = ModelCatalog.Find(name);
            var side = Math.Max(64, entry.MinimumInput);
            using var network = entry.Create(new NetworkOptions(4) { Head = new HeadSpec(HeadKind.Softmax, 4) { Pooling = PoolingKind.Average }, InputSize = side });
            network.RequireGrad(false);
            network.UseChannelsLast();
            using var scope = new TensorScope();
            var x = FormulaWeights.Input(1, 3, side, side);
            float[] whole;
            using (new NoGrad()) whole = network.Call(x, Phase.Inference).Logits.ToArray<float>();
            foreach (var stage in network.StageNames)
            {
                var output = network.CallCutAt(x, stage);
                var logits = output.Logits.Detach().ToArray<float>();
                Assert.True(whole.Zip(logits).All(v => Math.Abs(v.First - v.Second) <= 1e-4 * (1 + Math.Abs(v.First))), $"{name}, {stage}: {string.Join(' ', logits)}, uncut {string.Join(' ', whole)}");
                Assert.Equal(stage, Assert.Single(output.Stages).Name);
                Tensor? gradient;
                using (new EnableGrad()) gradient = Gradient.Of(output.Logits.Sum(), [output.Stages[0].Value])[0];
                Assert.True(gradient is not null, $"{name}: the logits do not come from what was marked as {stage}");
                Assert.Equal(output.Stages[0].Value.Shape, gradient.Shape);
            }
        }
    }

    private static Network Small()
    {
        var network = ModelCatalog.Create("mobilenet_v2", new NetworkOptions(5));
        FormulaWeights.Fill(network);
        network.RequireGrad(false);
        return network;
    }

    private static float[] Values(IReadOnlyList<ActivationMap> maps) => [.. Assert.Single(maps).Values];

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-6;

    private static Tensor Input() => Tensor.From([.. Red, .. Green], 1, 2, 2, 2);

    /// <summary>y = the sum of two channels' cells, each with a weight of its own.</summary>
    private sealed class Weighted : Network
    {
        public Weighted(float[] red, float[] green) => UseHead(new NetworkOptions(1), 2, "none", () => new WeightedSum([.. red, .. green]));

        public override IReadOnlyList<string> StageNames => ["features"];

        protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages) => stages.Mark("features", x * 1);

        private sealed class WeightedSum(float[] weights) : Layer
        {
            protected override Tensor Forward(Tensor x, Phase phase) => (x * Tensor.From(weights, 1, 2, 2, 2)).Sum([1, 2, 3]).Reshape(-1, 1);
        }
    }
}
