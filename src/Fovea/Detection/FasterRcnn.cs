// Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks. Ren et al. 2015, arXiv 1506.01497.
//
// With the ResNet-50 pyramid it equals torchvision 0.14's fasterrcnn_resnet50_fpn, the same keys.
//
//   pictures → backbone → levels → region proposals → RoIAlign → two dense layers → class, box → non-maximum suppression
//
// Shape shorthand: N pictures, L levels, T anchors, K proposals, B classes with the background.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Detection;

/// <summary>What a detector is built for.</summary>
/// <param name="Classes">Kinds of things, without the background; labels are 1 to this.</param>
public sealed record DetectorOptions(int Classes)
{
    /// <summary>Null: the detector's own.</summary>
    public AnchorLayout? Anchors { get; init; }

    /// <summary>One box for all classes rather than one for each: fewer weights, better with few examples of a class. Default false: as published.</summary>
    public bool ClassAgnosticBoxes { get; init; }
}

/// <summary>A detector's sizes beside its backbone.</summary>
/// <param name="Width">Numbers of the two dense layers.</param>
/// <param name="Bins">Bins of RoIAlign, down and across.</param>
/// <param name="SamplingRatio">Samples along each side of a bin.</param>
internal sealed record DetectorLayout(AnchorLayout Anchors, int Width = 1024, int Bins = 7, int SamplingRatio = 2);

/// <summary>The feature maps of a batch and what the proposal network says of its anchors.</summary>
public sealed record DetectorFeatures(IReadOnlyList<Tensor> Levels, RegionOutput Regions);

/// <summary>A detector of two stages. One instance may serve concurrent requests: nothing of a call is kept in it.</summary>
public sealed class FasterRcnn : Module
{
    internal FasterRcnn(DetectionBackbone backbone, DetectorLayout layout, DetectorOptions options)
    {
        Anchors = options.Anchors ?? layout.Anchors;
        Classes = options.Classes;
        Backbone = Add("backbone", backbone);
        Regions = Add("rpn", new RegionProposalNetwork(backbone.Channels, Anchors));
        Heads = Add("roi_heads", new RoIHeads(backbone.Channels, Classes + 1, layout.Width, options.ClassAgnosticBoxes, new MultiScaleRoIAlign(layout.Bins, layout.SamplingRatio), layout.Bins));
    }

    /// <summary>The catalogue's name; in messages.</summary>
    public string Name { get; internal set; } = "detector";

    /// <summary>Kinds of things, without the background.</summary>
    public int Classes { get; }

    public AnchorLayout Anchors { get; }

    public DetectionBackbone Backbone { get; }

    public RegionProposalNetwork Regions { get; }

    public RoIHeads Heads { get; }

    /// <summary>The first half, to the proposal network's output.</summary>
    public DetectorFeatures Features(DetectionBatch batch, Phase phase)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var scope = new TensorScope();
        var features = Assemble(Maps(batch.Images, phase), batch.Padded);
        foreach (var level in features.Levels) scope.Keep(level);
        return features with { Regions = features.Regions with { Objectness = scope.Keep(features.Regions.Objectness), Deltas = scope.Keep(features.Regions.Deltas) } };
    }

    /// <summary>The levels, then the proposal network's maps of each: what is computed by operators alone.</summary>
    /// <param name="images">[N, 3, H, W].</param>
    internal Tensor[] Maps(Tensor images, Phase phase)
    {
        using var scope = new TensorScope();
        var levels = Backbone.Call(images, phase);
        var (objectness, deltas) = Regions.Maps(levels, phase);
        Tensor[] maps = [.. levels, .. objectness, .. deltas];
        foreach (var map in maps) scope.Keep(map);
        return maps;
    }

    /// <param name="maps">What <see cref="Maps"/> gave.</param>
    /// <param name="picture">Height and width of the padded batch.</param>
    internal DetectorFeatures Assemble(Tensor[] maps, Extent picture)
    {
        var count = Anchors.Levels;
        return new DetectorFeatures(maps[..count], Regions.Join((maps[count..(2 * count)], maps[(2 * count)..]), picture));
    }

    /// <summary>The second half, for given proposals.</summary>
    public RoIOutput Classify(DetectorFeatures features, IReadOnlyList<IReadOnlyList<Box>> proposals, Extent picture, Phase phase)
    {
        ArgumentNullException.ThrowIfNull(features);
        var levels = Backbone.LastForProposalsOnly ? features.Levels.Take(features.Levels.Count - 1).ToArray() : features.Levels;
        return Heads.Call(levels, proposals, picture, phase);
    }

    /// <summary>Finds things in pictures.</summary>
    /// <returns>For each picture the boxes by falling score, in its original pixels.</returns>
    public IReadOnlyList<DetectedBox[]> Detect(DetectionBatch batch, DetectionSettings? settings = null, ProposalSettings? proposals = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        return Detect(Features(batch, Phase.Inference), batch, settings ?? new DetectionSettings(), proposals);
    }

    /// <summary>The same, from the first half's output.</summary>
    internal IReadOnlyList<DetectedBox[]> Detect(DetectorFeatures features, DetectionBatch batch, DetectionSettings settings, ProposalSettings? proposals = null)
    {
        using var scope = new TensorScope();
        var boxes = RegionProposalNetwork.Proposals(features.Regions, batch.Sizes, proposals ?? new ProposalSettings()).Select(list => (IReadOnlyList<Box>)[.. list.Select(p => p.Bounds)]).ToArray();
        var found = RoIHeads.Detections(Classify(features, boxes, batch.Largest, Phase.Inference), boxes, batch.Sizes, settings);
        return [.. found.Select((list, image) => batch.ToOriginal(list, image))];
    }
}
