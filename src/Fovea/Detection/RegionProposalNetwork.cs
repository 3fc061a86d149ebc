// Faster R-CNN's region proposal network. Ren et al. 2015, arXiv 1506.01497, section 3.1; equals torchvision 0.14's RegionProposalNetwork with RPNHead, the same keys.
//
// Shape shorthand: N pictures, L levels, A anchors of a place, T anchors of a picture over all levels, in the order of AnchorGrid.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Detection;

/// <summary>Which of the many proposals go on.</summary>
/// <param name="BeforeNms">The best of each level and picture.</param>
/// <param name="AfterNms">The best of each picture that overlap little.</param>
/// <param name="NmsThreshold">IoU above which the worse of two proposals of one level is dropped.</param>
public sealed record ProposalSettings(int BeforeNms = 1000, int AfterNms = 1000, double NmsThreshold = 0.7)
{
    /// <summary>torchvision's while training.</summary>
    public static ProposalSettings Training { get; } = new(2000, 2000);
}

/// <summary>What the network says of every anchor.</summary>
/// <param name="Objectness">[N, T], logits.</param>
/// <param name="Deltas">[N, T, 4], for <see cref="BoxCoder.Plain"/>.</param>
/// <param name="Grids">The anchors of each level.</param>
public sealed record RegionOutput(Tensor Objectness, Tensor Deltas, IReadOnlyList<AnchorGrid> Grids);

/// <summary>Says of each anchor whether something is there, and how the box should lie.</summary>
public sealed class RegionProposalNetwork : Module
{
    /// <summary>Proposals with a shorter side, in pixels, are dropped.</summary>
    private const float LeastSide = 1e-3f;

    private readonly Conv2d _conv, _logits, _deltas;
    private readonly AnchorGenerator _anchors;

    internal RegionProposalNetwork(int channels, AnchorLayout anchors)
    {
        _anchors = new AnchorGenerator(anchors);
        var perPlace = anchors.PerPlace(0);
        if (Enumerable.Range(0, anchors.Levels).Any(level => anchors.PerPlace(level) != perPlace)) throw new ArgumentException("all levels need as many anchors a place", nameof(anchors));
        _conv = Add("head.conv.0.0", new Conv2d(channels, channels, 3, padding: 1));
        _logits = Add("head.cls_logits", new Conv2d(channels, perPlace, 1));
        _deltas = Add("head.bbox_pred", new Conv2d(channels, 4 * perPlace, 1));
        Initialisation.Apply(this, weight => Initialisation.Normal(weight, 0, 0.01));
    }

    /// <summary>The network's own maps, [N, A, H, W] and [N, 4A, H, W] of each level: all that needs no shape but the levels'.</summary>
    /// <param name="levels">[N, C, H, W] each.</param>
    internal (Tensor[] Objectness, Tensor[] Deltas) Maps(IReadOnlyList<Tensor> levels, Phase phase)
    {
        using var scope = new TensorScope();
        var (objectness, deltas) = (new Tensor[levels.Count], new Tensor[levels.Count]);
        for (var level = 0; level < levels.Count; level++)
        {
            var x = Functional.ReluInPlace(_conv.Call(levels[level], phase));
            (objectness[level], deltas[level]) = (scope.Keep(_logits.Call(x, phase)), scope.Keep(_deltas.Call(x, phase)));
        }
        return (objectness, deltas);
    }

    /// <param name="maps">What <see cref="Maps"/> gave.</param>
    /// <param name="picture">Height and width of the padded batch.</param>
    internal RegionOutput Join((Tensor[] Objectness, Tensor[] Deltas) maps, Extent picture)
    {
        using var scope = new TensorScope();
        var images = maps.Objectness[0].Size(0);
        // To y, x, a: free in channels-last memory.
        Tensor[] objectness = [.. maps.Objectness.Select(map => map.Permute(0, 2, 3, 1).Reshape(images, -1))], deltas = [.. maps.Deltas.Select(map => map.Permute(0, 2, 3, 1).Reshape(images, -1, 4))];
        var grids = _anchors.For(picture, [.. maps.Objectness.Select(map => new Extent(map.Size(2), map.Size(3)))]);
        return new RegionOutput(scope.Keep(Tensor.Cat(objectness, 1)), scope.Keep(Tensor.Cat(deltas, 1)), grids);
    }

    /// <summary>The proposals of each picture, by falling score. Nothing is differentiated through them.</summary>
    /// <param name="sizes">Height and width of each picture without padding, to which proposals are clipped.</param>
    /// <returns>In pixels of the input; labels are 0, scores the objectness, 0–1.</returns>
    public static DetectedBox[][] Proposals(RegionOutput output, IReadOnlyList<Extent> sizes, ProposalSettings settings)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(settings);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var result = new DetectedBox[sizes.Count][];
        for (var image = 0; image < result.Length; image++)
        {
            var (objectness, deltas) = (output.Objectness.Select(0, image), output.Deltas.Select(0, image));
            var (kept, start) = (new List<DetectedBox>(), 0L);
            foreach (var grid in output.Grids)
            {
                kept.AddRange(NonMaximumSuppression.Greedy(Best(objectness.Narrow(0, start, grid.Count), deltas.Narrow(0, start, grid.Count), grid, sizes[image], settings.BeforeNms), settings.NmsThreshold));
                start += grid.Count;
            }
            result[image] = [.. NonMaximumSuppression.ByFallingScore(kept).Take(settings.AfterNms).Select(i => kept[i] with { Score = 1 / (1 + MathF.Exp(-kept[i].Score)) })];
        }
        return result;
    }

    /// <summary>Scores are logits: the order of sure proposals is theirs, when their sigmoids are all 1 in float32.</summary>
    private static List<DetectedBox> Best(Tensor objectness, Tensor deltas, AnchorGrid grid, Extent size, int count)
    {
        using var scope = new TensorScope();
        var (values, indices) = objectness.TopK(Math.Min(count, grid.Count));
        var scores = values.To(ScalarType.Float32).To(Device.Cpu).ToArray<float>();
        var codes = deltas.IndexSelect(0, indices).To(ScalarType.Float32).To(Device.Cpu).ToArray<float>();
        var anchors = indices.To(Device.Cpu).ToArray<long>();
        var boxes = new List<DetectedBox>(anchors.Length);
        for (var i = 0; i < anchors.Length; i++)
        {
            var box = BoxCoder.Plain.Decode(grid[(int)anchors[i]], codes.AsSpan(4 * i, 4)).Clipped(size.Width, size.Height);
            if (box.Width >= LeastSide && box.Height >= LeastSide) boxes.Add(new DetectedBox(box, 0, scores[i]));
        }
        return boxes;
    }
}
