using Fovea.Models;
using Fovea.Torch.Modules;

namespace Fovea.Detection;

/// <summary>One detector of the catalogue.</summary>
/// <param name="Name">What recipes, model files and the command line call it.</param>
/// <param name="Summary">One line.</param>
/// <param name="Reference">Paper with its arXiv number.</param>
/// <param name="Backbone">Name of its backbone in <see cref="ModelCatalog"/>, whose pretrained weights it takes.</param>
public sealed record DetectorEntry(string Name, string Summary, string Reference, string Backbone)
{
    internal Func<DetectionBackbone> Body { get; init; } = null!;

    internal DetectorLayout Layout { get; init; } = null!;

    /// <summary>The anchors it has where the options name none.</summary>
    public AnchorLayout Anchors => Layout.Anchors;

    /// <summary>Builds it with freshly initialised weights.</summary>
    /// <exception cref="ArgumentException">The options are impossible.</exception>
    public FasterRcnn Create(DetectorOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Classes is < 1 or > 1000) throw new ArgumentException($"{options.Classes} classes; 1 to 1000 are possible", nameof(options));
        if (options.Anchors?.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        if (options.Anchors is { } anchors && anchors.Levels != Anchors.Levels) throw new ArgumentException($"{Name} has {Anchors.Levels} levels, the anchors {anchors.Levels}", nameof(options));
        return new FasterRcnn(Body(), Layout, options) { Name = Name };
    }
}

/// <summary>Every detector that Fovea has. A new one is a backbone and a line here.</summary>
public static class DetectorCatalog
{
    private const string Ren = "Ren et al. 2015, arXiv 1506.01497", Lin = "Lin et al. 2016, arXiv 1612.03144";
    private static readonly float[] Ratios = [0.5f, 1, 2];

    /// <summary>Lesions are small and roundish: a microaneurysm on a photograph of 4288 pixels has about 18.</summary>
    private static readonly AnchorLayout LesionPyramid = AnchorLayout.Of([[8, 12], [16, 24], [32, 48], [64, 96], [128, 192]], 0.6f, 1, 1.6f);

    private static readonly AnchorLayout LesionMap = AnchorLayout.Of([[12, 24, 48, 96, 192]], 0.6f, 1, 1.6f);

    public static IReadOnlyList<DetectorEntry> Entries { get; } =
    [
        new("fasterrcnn_mobilenet_v2_fpn", "MobileNetV2 with a pyramid from stride 4; small and quick", Lin, "mobilenet_v2")
        {
            Body = () => new PyramidBackbone(Features("mobilenet_v2", 7), [("stage2", 24), ("stage3", 32), ("stage5", 96), ("stage7", 320)], 64),
            Layout = new DetectorLayout(LesionPyramid, Width: 256),
        },
        new("fasterrcnn_resnet50_fpn", "ResNet-50 with a pyramid; torchvision's", Lin, "resnet50")
        {
            Body = () => new PyramidBackbone(Features("resnet50"), [("stage1", 256), ("stage2", 512), ("stage3", 1024), ("stage4", 2048)], 256),
            Layout = new DetectorLayout(AnchorLayout.Of([[32], [64], [128], [256], [512]], Ratios)),
        },
        new("fasterrcnn_vgg16", "VGG-16's fifth stage, stride 16; as published", Ren, "vgg16")
        {
            Body = () => new SingleMapBackbone(Features("vgg16"), "stage5", 512, 512),
            Layout = new DetectorLayout(LesionMap, Width: 4096),
        },
        new("fasterrcnn_resnet50_v2_c4", "pre-activation ResNet-50's third stage, stride 16", Ren, "resnet50_v2")
        {
            Body = () => new SingleMapBackbone(Features("resnet50_v2", 3), "stage3", 1024, 256),
            Layout = new DetectorLayout(LesionMap),
        },
    ];

    /// <exception cref="UnknownModelException">There is none of this name; the message has the nearest.</exception>
    public static DetectorEntry Find(string name) => Entries.FirstOrDefault(e => e.Name == name)
        ?? throw new UnknownModelException(name, NearestName.Of(name, Entries.Select(e => e.Name)));

    /// <summary>Builds a detector whose every weight is loaded next, without drawing any.</summary>
    internal static FasterRcnn CreateToLoad(string name, DetectorOptions options)
    {
        using var uninitialised = WeightCreation.Uninitialised();
        return Find(name).Create(options);
    }

    private static Network Features(string name, int? lastStage = null) => ModelCatalog.Find(name).Create(new NetworkOptions(1) { FeaturesOnly = true, LastStage = lastStage });
}
