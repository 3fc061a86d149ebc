using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>One network of the catalogue.</summary>
/// <param name="Name">What recipes, model files and the command line call it.</param>
/// <param name="Summary">One line.</param>
/// <param name="Reference">Paper with its arXiv number, or the reference system.</param>
/// <param name="MinimumInput">Smallest side of the input in pixels that leaves features to pool.</param>
/// <param name="NativeInput">Side of the input in pixels that it was published with.</param>
/// <param name="Keys">Whose names its parameters have.</param>
/// <param name="Weights">Files of public weights that are known to fit, by name; empty for none.</param>
/// <param name="Build">The network's constructor; call <see cref="Create"/>.</param>
public sealed record ModelEntry(string Name, string Summary, string Reference, int MinimumInput, int NativeInput, string Keys, string Weights, Func<NetworkOptions, Network> Build)
{
    /// <summary>Builds it with freshly initialised weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The options are impossible.</exception>
    public Network Create(NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Outputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.InputChannels, 1);
        if (options.InputSize is { } size && Math.Min(size.Height, size.Width) < MinimumInput)
            throw new ArgumentOutOfRangeException(nameof(options), $"{Name}: images of {size} pixels leave no features; {MinimumInput} or more on each side are needed");
        var network = Build(options);
        (network.Name, network.MinimumInput) = (Name, MinimumInput);
        return network;
    }
}

/// <summary>Every network that Fovea has. A new one is a file, a line here and a parity fixture.</summary>
public static class ModelCatalog
{
    private const string TorchVision = "torchvision", Own = "Fovea", Cadene = "pretrained-models", Gluon = "GluonCV";
    private const string He = "He et al. 2015, arXiv 1512.03385", Simonyan = "Simonyan, Zisserman 2014, arXiv 1409.1556", Tan = "Tan, Le 2019, arXiv 1905.11946",
        Huang = "Huang et al. 2016, arXiv 1608.06993", Hu = "Hu et al. 2017, arXiv 1709.01507";

    /// <summary>The networks, by family and size.</summary>
    public static IReadOnlyList<ModelEntry> Entries { get; } =
    [
        new("baseline_cnn", "three convolutions and three dense layers, from scratch", "APTOS case study, baseline", 15, 512, Own, "", o => new BaselineCnn(o)),
        new("aptos_alexnet", "AlexNet with wide dense layers, from scratch", "APTOS case study, AlexNet", 67, 512, Own, "", o => new AptosAlexNet(o)),
        new("oct_cnn3", "three convolutions with batch norm, from scratch", "OCT study, 3 layers", 2, 224, Own, "", o => new OctCnn(OctCnn.Layers3, o)),
        new("oct_cnn7", "seven convolutions with batch norm, from scratch", "OCT study, 7 layers", 8, 224, Own, "", o => new OctCnn(OctCnn.Layers7, o)),
        new("small_cnn", "two convolutions and one huge dense layer, from scratch", "SJTU study", 10, 2000, Own, "", o => new SmallCnn(o)),
        new("alexnet", "five convolutions, three dense layers", "Krizhevsky 2014, arXiv 1404.5997", 63, 224, TorchVision, "alexnet-owt-7be5be79.pth", o => new AlexNet(o)),
        new("squeezenet1_1", "fire modules, no batch norm; quick on a CPU", "Iandola et al. 2016, arXiv 1602.07360", 32, 224, TorchVision, "squeezenet1_1-b8a52dc0.pth", o => new SqueezeNet(o)),
        new("mobilenet_v2", "inverted residuals with depthwise convolutions", "Sandler et al. 2018, arXiv 1801.04381", 32, 224, TorchVision,
            "mobilenet_v2-b0353104.pth, mobilenet_v2-7ebf99e0.pth", o => new MobileNetV2(o)),
        new("mobilenet_v3_large", "inverted residuals with squeeze and excitation", "Howard et al. 2019, arXiv 1905.02244", 32, 224, TorchVision,
            "mobilenet_v3_large-8738ca79.pth, mobilenet_v3_large-5c1a4163.pth", o => new MobileNetV3(o)),
        new("vgg11", "eight 3×3 convolutions", Simonyan, 32, 224, TorchVision, "vgg11-8a719046.pth", o => new Vgg(VggLayout.Vgg11, o)),
        new("vgg11_bn", "vgg11 with batch norm", Simonyan, 32, 224, TorchVision, "vgg11_bn-6002323d.pth", o => new Vgg(VggLayout.Vgg11 with { BatchNorm = true }, o)),
        new("vgg13", "ten 3×3 convolutions", Simonyan, 32, 224, TorchVision, "vgg13-19584684.pth", o => new Vgg(VggLayout.Vgg13, o)),
        new("vgg13_bn", "vgg13 with batch norm", Simonyan, 32, 224, TorchVision, "vgg13_bn-abd245e5.pth", o => new Vgg(VggLayout.Vgg13 with { BatchNorm = true }, o)),
        new("vgg16", "thirteen 3×3 convolutions", Simonyan, 32, 224, TorchVision, "vgg16-397923af.pth", o => new Vgg(VggLayout.Vgg16, o)),
        new("vgg16_bn", "vgg16 with batch norm", Simonyan, 32, 224, TorchVision, "vgg16_bn-6c64b313.pth", o => new Vgg(VggLayout.Vgg16 with { BatchNorm = true }, o)),
        new("vgg19", "sixteen 3×3 convolutions", Simonyan, 32, 224, TorchVision, "vgg19-dcbb9e9d.pth", o => new Vgg(VggLayout.Vgg19, o)),
        new("vgg19_bn", "vgg19 with batch norm", Simonyan, 32, 224, TorchVision, "vgg19_bn-c79401a0.pth", o => new Vgg(VggLayout.Vgg19 with { BatchNorm = true }, o)),
        new("resnet18", "residual network of 18 layers", He, 32, 224, TorchVision, "resnet18-f37072fd.pth", o => new ResNet(ResNetLayout.ResNet18, o)),
        new("resnet34", "residual network of 34 layers", He, 32, 224, TorchVision, "resnet34-b627a593.pth", o => new ResNet(ResNetLayout.ResNet34, o)),
        new("resnet50", "residual network of 50 layers with bottlenecks", He, 32, 224, TorchVision, "resnet50-0676ba61.pth, resnet50-11ad3fa6.pth", o => new ResNet(ResNetLayout.ResNet50, o)),
        new("resnet101", "residual network of 101 layers", He, 32, 224, TorchVision, "resnet101-63fe2227.pth, resnet101-cd907fc2.pth", o => new ResNet(ResNetLayout.ResNet101, o)),
        new("resnet152", "residual network of 152 layers", He, 32, 224, TorchVision, "resnet152-394f9c45.pth, resnet152-f82ba261.pth", o => new ResNet(ResNetLayout.ResNet152, o)),
        new("resnet18_small", "resnet18 with a small stem, for images of about 28 px", "Yang et al. 2023, arXiv 2110.14795", 8, 28, TorchVision, "", o => new ResNet(ResNetLayout.ResNet18Small, o)),
        new("resnet50_v2", "pre-activation residual network of 50 layers", "He et al. 2016, arXiv 1603.05027", 32, 224, Gluon, "resnet50-v2-7 of the ONNX model zoo", o => new ResNetV2(o)),
        new("resnext50_32x4d", "residual network with grouped convolutions", "Xie et al. 2016, arXiv 1611.05431", 32, 224, TorchVision,
            "resnext50_32x4d-7cdf4587.pth, resnext50_32x4d-1a0047aa.pth", o => new ResNet(ResNetLayout.ResNeXt50, o)),
        new("se_resnext50_32x4d", "grouped convolutions with squeeze and excitation", Hu, 32, 224, Cadene, "se_resnext50_32x4d-a260b3a4.pth", o => new SeResNeXt([3, 4, 6, 3], o)),
        new("se_resnext101_32x4d", "the same with 101 layers", Hu, 32, 224, Cadene, "se_resnext101_32x4d-3b2fe3d8.pth", o => new SeResNeXt([3, 4, 23, 3], o)),
        new("densenet121", "densely connected blocks, 121 layers", Huang, 32, 224, TorchVision, "densenet121-a639ec97.pth", o => new DenseNet(DenseNetLayout.DenseNet121, o)),
        new("densenet169", "densely connected blocks, 169 layers", Huang, 32, 224, TorchVision, "densenet169-b2777c0a.pth", o => new DenseNet(DenseNetLayout.DenseNet169, o)),
        new("densenet201", "densely connected blocks, 201 layers", Huang, 32, 224, TorchVision, "densenet201-c1103571.pth", o => new DenseNet(DenseNetLayout.DenseNet201, o)),
        new("inception_v3", "factorised convolutions in parallel branches", "Szegedy et al. 2015, arXiv 1512.00567", 75, 299, TorchVision, "inception_v3_google-0cc3c7bd.pth", o => new InceptionV3(o)),
        new("xception", "depthwise separable convolutions with shortcuts", "Chollet 2016, arXiv 1610.02357", 32, 299, "timm (legacy_xception)", "xception-43020ad28.pth", o => new Xception(o)),
        new("efficientnet_b0", "scaled inverted residuals", Tan, 32, 224, TorchVision, "efficientnet_b0_rwightman-3dd342df.pth", o => new EfficientNet(EfficientNetLayout.B0, o)),
        new("efficientnet_b1", "scaled inverted residuals", Tan, 32, 240, TorchVision, "efficientnet_b1_rwightman-533bc792.pth, efficientnet_b1-c27df63c.pth", o => new EfficientNet(EfficientNetLayout.B1, o)),
        new("efficientnet_b2", "scaled inverted residuals", Tan, 32, 288, TorchVision, "efficientnet_b2_rwightman-bcdf34b7.pth", o => new EfficientNet(EfficientNetLayout.B2, o)),
        new("efficientnet_b3", "scaled inverted residuals", Tan, 32, 300, TorchVision, "efficientnet_b3_rwightman-cf984f9c.pth", o => new EfficientNet(EfficientNetLayout.B3, o)),
        new("efficientnet_b4", "scaled inverted residuals", Tan, 32, 380, TorchVision, "efficientnet_b4_rwightman-7eb33cd5.pth", o => new EfficientNet(EfficientNetLayout.B4, o)),
        new("efficientnet_b5", "scaled inverted residuals", Tan, 32, 456, TorchVision, "efficientnet_b5_lukemelas-b6417697.pth", o => new EfficientNet(EfficientNetLayout.B5, o)),
        new("convnext_tiny", "large depthwise kernels and layer norm", "Liu et al. 2022, arXiv 2201.03545", 32, 224, TorchVision, "convnext_tiny-983f1562.pth", o => new ConvNeXt(o)),
    ];

    /// <exception cref="UnknownModelException">No network has this name.</exception>
    public static ModelEntry Find(string name) =>
        Entries.FirstOrDefault(e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new UnknownModelException(name, NearestName.Of(name, Entries.Select(e => e.Name)));

    /// <summary>Builds a network with freshly initialised weights.</summary>
    /// <exception cref="UnknownModelException">No network has this name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The options are impossible.</exception>
    public static Network Create(string name, NetworkOptions options) => Find(name).Create(options);

    /// <summary>Builds a network whose weights have shapes but no memory, in an instant: to count it, or to run it on an empty batch.</summary>
    /// <exception cref="UnknownModelException">No network has this name.</exception>
    public static Network CreateShapesOnly(string name, NetworkOptions options)
    {
        using (WeightCreation.ShapesOnly()) return Create(name, options);
    }

    /// <summary>Builds a network to be loaded: its weights are whatever the memory held.</summary>
    /// <exception cref="UnknownModelException">No network has this name.</exception>
    internal static Network CreateToLoad(string name, NetworkOptions options)
    {
        using (WeightCreation.Uninitialised()) return Create(name, options);
    }
}

/// <summary>A network's name that the catalogue does not have. The message is one line: <c>NAME: reason. Remedy.</c></summary>
public sealed class UnknownModelException(string name, string? nearest)
    : Exception($"{name}: no network has this name. {(nearest is null ? "" : $"Did you mean {nearest}? ")}`fovea models list` shows them all.")
{
    /// <summary>The name as it was given.</summary>
    public string Name { get; } = name;
}
