using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Tests.Models;

public sealed class GradingHeadTests
{
    private static HeadSpec Head(PoolingKind pooling, HeadKind kind = HeadKind.Softmax, int classes = 5) => new(kind, classes, 0) { Pooling = pooling };

    private static long Parameters(string network, HeadSpec head, int? size = null) => ModelFigures.Of(ModelCatalog.Find(network), NetworkOptions.For(head, size)).Parameters;

    /// <summary>The logits of a head whose last layer adds up its features.</summary>
    private static float SumOfFeatures(HeadSpec spec, Tensor map, Action<Module>? prepare = null)
    {
        using var head = new GradingHead(spec, (int)map.Size(1));
        using var noGrad = new NoGrad();
        foreach (var (path, tensor) in head.NamedParameters())
            if (path.EndsWith("output.weight", StringComparison.Ordinal)) tensor.FillInPlace(1);
        prepare?.Invoke(head);
        return head.Call(map, Phase.Inference).ToArray<float>()[0];
    }

    [Theory]
    [InlineData(PoolingKind.Average, 2.5)]
    [InlineData(PoolingKind.Max, 4)]
    [InlineData(PoolingKind.AverageMax, 2.5 + 4)]                // batch norms at their start hand through, but for eps
    [InlineData(PoolingKind.Gem, 2.9240177)]                     // ((1 + 8 + 27 + 64) / 4)^(1/3)
    [InlineData(PoolingKind.Pyramid, 4 * (1 + 2 + 3 + 4) + 10 + 4)] // 4×4 repeats each of 2×2 four times; 2×2; 1×1
    [InlineData(PoolingKind.Grid, 4 * (1 + 2 + 3 + 4))]
    public void Call_TwoByTwoMap_PoolsByHand(PoolingKind pooling, double expected)
    {
        using var scope = new TensorScope();
        Assert.Equal(expected, SumOfFeatures(Head(pooling, HeadKind.Regression), Tensor.From([1f, 2, 3, 4], 1, 1, 2, 2)), 1e-4);
    }

    [Fact]
    public void Gem_WithExponentOne_IsTheMeanAndTheExponentLearns()
    {
        using var scope = new TensorScope();
        var map = Tensor.From([1f, 2, 3, 4], 1, 1, 2, 2);
        Assert.Equal(2.5, SumOfFeatures(Head(PoolingKind.Gem, HeadKind.Regression), map, h => h.NamedParameters().Single(p => p.Path == "pool.p").Tensor.FillInPlace(1)), 1e-5);
        using var head = new GradingHead(Head(PoolingKind.Gem, HeadKind.Regression), 1);
        head.Call(map, Phase.Training).Sum().Backward();
        Assert.NotEqual(0, head.NamedParameters().Single(p => p.Path == "pool.p").Tensor.Grad!.Item());
    }

    [Fact]
    public void Pyramid_AnyInputSize_GivesTheSameNumberOfLogits()
    {
        using var network = ModelCatalog.Create("squeezenet1_1", NetworkOptions.For(Head(PoolingKind.Pyramid)));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Assert.Equal([1, 5], network.Call(FormulaWeights.Input(1, 3, 64, 64), Phase.Inference).Logits.Shape);
        Assert.Equal([2, 5], network.Call(FormulaWeights.Input(2, 3, 97, 130), Phase.Inference).Logits.Shape);
        Assert.Equal([5, 512 * 21], network.HeadParameters().Single(p => p.Path == "head.logits.output.weight").Tensor.Shape);
    }

    /// <summary>The multi-task network: 25,202,699 trained numbers in the heads view, on torchvision's ResNet-50 without its last layer, 23,508,032.</summary>
    [Fact]
    public void ThreeHeads_OnResNet50_HaveTheReplicationsParameters()
    {
        var head = new HeadSpec(HeadKind.ThreeHeads, 5, 0) { AlwaysOnBit = true, Pooling = PoolingKind.AverageMax, Hidden = [new HiddenLayer(2048, 0.5)] };
        Assert.Equal(11, head.Outputs);
        Assert.Equal(23_508_032 + 25_202_699, Parameters("resnet50", head));
    }

    /// <summary>The OCT study's VGG-16: 24,457,316 with the running statistics of its one batch norm, 768.</summary>
    [Fact]
    public void HiddenLayers_OnVgg16_HaveTheOctStudysParameters()
    {
        var head = new HeadSpec(HeadKind.Softmax, 4, 0) { Pooling = PoolingKind.Grid, Levels = [7], Hidden = [new(384, 0.5, BatchNorm: true), new(256, 0.5), new(32)] };
        Assert.Equal(24_457_316 - 768, Parameters("vgg16", head));
    }

    /// <summary>The replication's classifier: 4,206,597 trained numbers in its warm-up.</summary>
    [Fact]
    public void HiddenLayer_OnResNet50_HasTheReplicationsParameters()
    {
        var head = new HeadSpec(HeadKind.Softmax, 5, 0.5) { Pooling = PoolingKind.Average, Hidden = [new(2048, 0.5)] };
        Assert.Equal(23_508_032 + 4_206_597, Parameters("resnet50", head));
    }

    [Fact]
    public void Create_OwnHead_TakesThePlaceOfTheWholeClassifier()
    {
        foreach (var entry in ModelCatalog.Entries)
        {
            using var network = WithShapes(entry.Name);
            Assert.Equal("head", network.HeadPath);
            Assert.All(network.NamedParameters(), p => Assert.DoesNotMatch("^(classifier|fc|dense0|last_linear|AuxLogits)", p.Path));
            Assert.Equal(PretrainedKeysWithoutHead(entry.Name), network.BackboneParameters().Count());
        }

        static Network WithShapes(string name) => ModelCatalog.CreateShapesOnly(name, NetworkOptions.For(Head(PoolingKind.Average)));
        static int PretrainedKeysWithoutHead(string name)
        {
            using var published = ModelCatalog.CreateShapesOnly(name, new NetworkOptions(5));
            return published.NamedParameters().Count(p => !System.Text.RegularExpressions.Regex.IsMatch(p.Path, "^(classifier|fc|dense0|last_linear|AuxLogits)"));
        }
    }

    [Fact]
    public void Load_PublishedWeightsIntoOwnHead_LeavesTheirClassifierOut()
    {
        var path = TestPaths.Data("weights/squeezenet1_1_imagenet.pth");
        using var network = ModelCatalog.Create("squeezenet1_1", NetworkOptions.For(Head(PoolingKind.Max)));
        var report = PretrainedWeights.Load(network, "squeezenet1_1", path);
        Assert.Equal(50, report.Loaded);
        Assert.All(report.FreshHead, p => Assert.StartsWith("head.", p, StringComparison.Ordinal));
    }

    [Fact]
    public void Load_FirstStagesOnly_LeavesTheRestFreshAndNamesWhatLacks()
    {
        var path = TestPaths.Data("weights/resnet50v2_gluon_stem_stage1to3_imagenet.safetensors");
        using var network = ModelCatalog.Create("resnet50_v2", new NetworkOptions(5));
        var weights = PretrainedWeights.Read(path);
        var report = PretrainedWeights.Load(network, "resnet50_v2", weights, path, upTo: "stage3");
        Assert.Equal(weights.Count, report.Loaded);
        var e = Assert.Throws<WeightsFormatException>(() => PretrainedWeights.Load(network, "resnet50_v2", weights, path, upTo: "stage4"));
        Assert.Contains("stage4_batchnorm0.weight", e.Message, StringComparison.Ordinal);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var stage3 = network.Call(FormulaWeights.Input(1, 3, 64, 64), Phase.Inference, withStages: true).Stages[3].Value;
        Assert.Equal([1, 1024, 4, 4], stage3.Shape);
        Assert.All(stage3.ToArray<float>(), v => Assert.True(float.IsFinite(v)));
    }

    [Theory]
    [InlineData(HeadKind.Softmax, null, true, "hidden layers need a pooling")]
    [InlineData(HeadKind.ThreeHeads, null, false, "three heads need a pooling")]
    [InlineData(HeadKind.Softmax, PoolingKind.Max, false, null)]
    public void Problem_ImpossibleHeads_AreNamed(HeadKind kind, PoolingKind? pooling, bool hidden, string? expected) =>
        Assert.Equal(expected, new HeadSpec(kind, 5) { Pooling = pooling, Hidden = hidden ? [new(10)] : [] }.Problem());
}
