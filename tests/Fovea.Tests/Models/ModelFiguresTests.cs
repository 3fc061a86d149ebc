using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Tests.Models;

public sealed class ModelFiguresTests
{
    private static ModelFigures Figures(string name, int outputs, Extent? size = null) =>
        ModelFigures.Of(ModelCatalog.Find(name), new NetworkOptions(outputs) { InputSize = size });

    /// <summary>torchvision 0.14's <c>num_params</c>; timm's legacy_xception; pretrained-models' SE-ResNeXt.</summary>
    [Theory]
    [InlineData("alexnet", 61_100_840)]
    [InlineData("squeezenet1_1", 1_235_496)]
    [InlineData("mobilenet_v2", 3_504_872)]
    [InlineData("mobilenet_v3_large", 5_483_032)]
    [InlineData("vgg11", 132_863_336)]
    [InlineData("vgg11_bn", 132_868_840)]
    [InlineData("vgg13", 133_047_848)]
    [InlineData("vgg13_bn", 133_053_736)]
    [InlineData("vgg16", 138_357_544)]
    [InlineData("vgg16_bn", 138_365_992)]
    [InlineData("vgg19", 143_667_240)]
    [InlineData("vgg19_bn", 143_678_248)]
    [InlineData("resnet18", 11_689_512)]
    [InlineData("resnet34", 21_797_672)]
    [InlineData("resnet50", 25_557_032)]
    [InlineData("resnet101", 44_549_160)]
    [InlineData("resnet152", 60_192_808)]
    [InlineData("resnext50_32x4d", 25_028_904)]
    [InlineData("se_resnext50_32x4d", 27_559_896)]
    [InlineData("se_resnext101_32x4d", 48_955_416)]
    [InlineData("densenet121", 7_978_856)]
    [InlineData("densenet169", 14_149_480)]
    [InlineData("densenet201", 20_013_928)]
    [InlineData("inception_v3", 27_161_264)]
    [InlineData("xception", 22_855_952)]
    [InlineData("efficientnet_b0", 5_288_548)]
    [InlineData("efficientnet_b1", 7_794_184)]
    [InlineData("efficientnet_b2", 9_109_994)]
    [InlineData("efficientnet_b3", 12_233_232)]
    [InlineData("efficientnet_b4", 19_341_616)]
    [InlineData("efficientnet_b5", 30_389_784)]
    [InlineData("convnext_tiny", 28_589_128)]
    public void Parameters_OfAThousandClasses_EqualThePublishedOnes(string name, long parameters) => Assert.Equal(parameters, Figures(name, 1000).Parameters);

    /// <summary>The reference systems' own networks as their notebooks print them: Keras counts running statistics too.</summary>
    [Theory]
    [InlineData("baseline_cnn", 5, 512, 512, 186_037)]
    [InlineData("aptos_alexnet", 5, 512, 512, 512_332_165)]
    [InlineData("oct_cnn3", 4, 224, 224, 94_660)]
    [InlineData("oct_cnn7", 4, 224, 224, 2_267_556)]
    [InlineData("small_cnn", 1, 2000, 2000, 1_015_863_233)]
    [InlineData("small_cnn", 1, 400, 600, 59_447_233)]
    public void WithStatistics_OfTheReferenceSystems_EqualsTheirFigures(string name, int outputs, int height, int width, long count) =>
        Assert.Equal(count, Figures(name, outputs, (height, width)).WithStatistics);

    /// <summary>Published multiply-adds in 10⁹, of the papers' tables or torchvision's later releases; these count convolutions and linear layers.</summary>
    [Theory]
    [InlineData("resnet50", 4.09)]
    [InlineData("vgg16", 15.47)]
    [InlineData("densenet121", 2.83)]
    [InlineData("mobilenet_v2", 0.301)]
    [InlineData("inception_v3", 5.71)]
    [InlineData("efficientnet_b0", 0.386)]
    [InlineData("efficientnet_b4", 4.39)]
    [InlineData("convnext_tiny", 4.46)]
    public void MultiplyAdds_AtTheNativeSize_AgreeWithPublishedFigures(string name, double published) =>
        Assert.Equal(1, Figures(name, 1000).MultiplyAdds / 1e9 / published, 0.01);

    [Fact]
    public void MultiplyAdds_OfTheBaseline_EqualTheSumByHand()
    {
        // 2×2×3×16 weights on 511² places, 2×2×16×32 on 254², 2×2×32×64 on 126², and four dense layers
        const long expected = 192L * 511 * 511 + 2048L * 254 * 254 + 8192L * 126 * 126 + 64 * 128 + 128 * 256 + 256 * 512 + 512 * 5;
        Assert.Equal(expected, Figures("baseline_cnn", 5).MultiplyAdds);
    }

    /// <summary>The transfer models of the reference systems; where torchvision's layers are Keras's, so are the trainable parameters.</summary>
    [Theory]
    [InlineData("vgg16", PoolingKind.Average, 5, 14_717_253)]
    [InlineData("vgg19", PoolingKind.Average, 5, 20_026_949)]
    [InlineData("densenet121", PoolingKind.Average, 5, 6_958_981)]
    [InlineData("xception", PoolingKind.Average, 5, 20_817_197)]
    [InlineData("efficientnet_b0", PoolingKind.Average, 5, 4_013_953)]
    [InlineData("efficientnet_b3", PoolingKind.Average, 5, 10_703_917)]
    [InlineData("efficientnet_b4", PoolingKind.Average, 5, 17_557_581)]
    public void Parameters_OfTransferModels_EqualTheCaseStudys(string name, PoolingKind pooling, int classes, long trainable)
    {
        var head = new HeadSpec(HeadKind.Ordinal, classes, 0.5) { AlwaysOnBit = true, Pooling = pooling };
        Assert.Equal(trainable, ModelFigures.Of(ModelCatalog.Find(name), NetworkOptions.For(head)).Parameters);
    }

    [Fact]
    public void StageOf_EveryParameter_IsAStageOrTheHead()
    {
        foreach (var entry in ModelCatalog.Entries)
        {
            using var network = ModelCatalog.CreateShapesOnly(entry.Name, new NetworkOptions(5));
            var trace = NetworkTrace.Of(network, entry.NativeInput);
            Assert.All(network.HeadParameters(), p => Assert.Null(trace.StageOf(p.Path)));
            Assert.All(network.StageNames, s => Assert.Contains(trace.Layers, l => l.Stage == s));
            var first = network.NamedParameters().First(p => p.Tensor.Dimensions == 4);
            Assert.Equal(network.StageNames[0], trace.StageOf(first.Path));
            // what no stage holds is the classifier, the auxiliary head, or comes after the last mark
            Assert.All(network.NamedParameters().Where(p => trace.StageOf(p.Path) is null), p => Assert.Matches("^(classifier|fc|dense0|last_linear|AuxLogits)", p.Path));
        }
    }

    [Fact]
    public void ShapesOnly_Weights_CannotBeWrittenAndTakeNoMemory()
    {
        using var network = ModelCatalog.CreateShapesOnly("small_cnn", new NetworkOptions(1));
        using var scope = new TensorScope();
        var fc = network.NamedParameters().Single(p => p.Path == "fc1.weight").Tensor;
        Assert.Equal([64, 15_872_256], fc.Shape);
        using var noGrad = new NoGrad();
        Assert.Throws<TorchException>(() => fc.NormalInPlace(0, 1));
        // outside of the block weights are as ever
        using var usual = new Conv2d(3, 4, 3);
        Assert.True(usual.Weight.Abs().Sum().Item() > 0);
    }
}
