// The four losses of Faster R-CNN. Ren et al. 2015, arXiv 1506.01497, eq. 1, and Girshick 2015, arXiv 1504.08083, eq. 1; equals torchvision 0.14's, with smooth L1 that turns at 1/9.
//
// Shape shorthand: N pictures, T anchors of a picture, K sampled proposals of all pictures, B classes with the background.
using Fovea.Detection;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Training.Detection;

/// <summary>A thing in a picture.</summary>
/// <param name="Bounds">In pixels of the batch, that is, of the resized picture.</param>
/// <param name="Label">From 1.</param>
public readonly record struct TrueBox(Box Bounds, int Label);

/// <summary>Scalars that are still differentiable; they live as long as the scope around the call.</summary>
public sealed record DetectionLosses(Tensor Objectness, Tensor RegionBoxes, Tensor Classes, Tensor Boxes)
{
    public Tensor Total() => Objectness + RegionBoxes + Classes + Boxes;
}

/// <summary>How candidates are matched and drawn.</summary>
public sealed record DetectionLossSettings
{
    public Matcher AnchorMatcher { get; init; } = Matcher.Anchors;
    public Matcher ProposalMatcher { get; init; } = Matcher.Proposals;
    public BalancedSampler AnchorSampler { get; init; } = new(256, 0.5);
    public BalancedSampler ProposalSampler { get; init; } = new(512, 0.25);
    public ProposalSettings Proposals { get; init; } = ProposalSettings.Training;
}

/// <summary>Runs a detector on a batch whose boxes are known.</summary>
public sealed class DetectionLoss(FasterRcnn detector, DetectionLossSettings settings)
{
    private const double Beta = 1.0 / 9;

    /// <summary>Given how many samples this process drew, says how many all drew: what losses are divided by. Called twice for each batch.</summary>
    internal Func<double, double> Whole { get; init; } = own => own;

    /// <param name="truth">The boxes of each picture, with area; none is allowed.</param>
    /// <param name="random">Draws the samples of each picture; null: the first of each kind.</param>
    public DetectionLosses Call(DetectionBatch batch, IReadOnlyList<IReadOnlyList<TrueBox>> truth, IReadOnlyList<SeededRandom>? random, Phase phase = Phase.Training)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (truth.Count != batch.Sizes.Count) throw new ArgumentException($"boxes of {truth.Count} pictures for {batch.Sizes.Count}", nameof(truth));
        using var scope = new TensorScope();
        var features = detector.Features(batch, phase);
        var (objectness, regionBoxes) = RegionLosses(features.Regions, truth, random);
        var proposals = RegionProposalNetwork.Proposals(features.Regions, batch.Sizes, settings.Proposals);
        var (classes, boxes) = HeadLosses(features, proposals, batch.Largest, truth, random, phase);
        return new DetectionLosses(scope.Keep(objectness), scope.Keep(regionBoxes), scope.Keep(classes), scope.Keep(boxes));
    }

    private (Tensor Objectness, Tensor Boxes) RegionLosses(RegionOutput output, IReadOnlyList<IReadOnlyList<TrueBox>> truth, IReadOnlyList<SeededRandom>? random)
    {
        using var scope = new TensorScope();
        var anchors = output.Grids.Sum(g => g.Count);
        var scores = settings.AnchorSampler.HardShare > 0 ? output.Objectness.Detach().To(ScalarType.Float32).To(Device.Cpu).ToArray<float>() : null;
        var (rows, labels, positives, codes) = (new List<long>(), new List<float>(), new List<long>(), new List<float>());
        for (var image = 0; image < truth.Count; image++)
        {
            Box[] boxes = [.. truth[image].Select(t => t.Bounds)];
            var match = settings.AnchorMatcher.Match(output.Grids, boxes);
            var start = (long)image * anchors;
            var (positive, background) = settings.AnchorSampler.Sample(anchors, i => match[i] >= 0 ? true : match[i] == Matcher.Background ? false : null, random?[image],
                scores is null ? null : i => scores[start + i]);
            foreach (var i in positive)
            {
                positives.Add(start + i);
                var (dx, dy, dw, dh) = BoxCoder.Plain.Encode(AnchorAt(output.Grids, i), boxes[match[i]]);
                codes.AddRange([dx, dy, dw, dh]);
            }
            rows.AddRange(positive.Concat(background).Select(i => start + i));
            labels.AddRange(Enumerable.Repeat(1f, positive.Length).Concat(Enumerable.Repeat(0f, background.Length)));
        }
        var objectness = output.Objectness.Reshape(-1);
        var type = objectness.Type;
        var device = objectness.Device;
        var drawn = objectness.IndexSelect(0, Tensor.From<long>([.. rows]).To(device));
        var all = Whole(rows.Count);
        var objectnessLoss = Functional.BinaryCrossEntropyWithLogits(drawn, Tensor.From<float>([.. labels]).To(type).To(device), reduction: Reduction.Sum) / all;
        // An empty selection still ties the loss to the weights, with a gradient of zero.
        var deltas = output.Deltas.Reshape(-1, 4).IndexSelect(0, Tensor.From<long>([.. positives]).To(device));
        var boxLoss = Functional.SmoothL1(deltas, Tensor.From<float>([.. codes], positives.Count, 4).To(type).To(device), Beta, Reduction.Sum) / all;
        return (scope.Keep(objectnessLoss), scope.Keep(boxLoss));
    }

    private (Tensor Classes, Tensor Boxes) HeadLosses(DetectorFeatures features, DetectedBox[][] proposals, Extent picture, IReadOnlyList<IReadOnlyList<TrueBox>> truth, IReadOnlyList<SeededRandom>? random, Phase phase)
    {
        using var scope = new TensorScope();
        var (chosen, labels, codes, positives) = (new Box[truth.Count][], new List<long>(), new List<float>(), new List<(long Row, int Label)>());
        for (var image = 0; image < truth.Count; image++)
        {
            Box[] boxes = [.. truth[image].Select(t => t.Bounds)];
            Box[] candidates = [.. proposals[image].Select(p => p.Bounds), .. boxes]; // the truth is a proposal, too, so that there are positives from the first step on
            var match = settings.ProposalMatcher.Match(candidates, boxes);
            var (positive, background) = settings.ProposalSampler.Sample(candidates.Length, i => match[i] >= 0 ? true : match[i] == Matcher.Background ? false : null, random?[image]);
            int[] both = [.. positive, .. background];
            Array.Sort(both);
            foreach (var i in both)
            {
                var label = match[i] >= 0 ? truth[image][match[i]].Label : 0;
                if (label > 0)
                {
                    positives.Add((labels.Count, label));
                    var (dx, dy, dw, dh) = BoxCoder.Refining.Encode(candidates[i], boxes[match[i]]);
                    codes.AddRange([dx, dy, dw, dh]);
                }
                labels.Add(label);
            }
            chosen[image] = [.. both.Select(i => candidates[i])];
        }
        var output = detector.Classify(features, chosen, picture, phase);
        var (type, device) = (output.Logits.Type, output.Logits.Device);
        // Without a proposal (an untrained network on an empty picture) there is nothing to learn: a loss of zero, still tied to the weights.
        var all = Math.Max(1, Whole(labels.Count));
        var classLoss = Functional.CrossEntropy(output.Logits, Tensor.From<long>([.. labels]).To(device), reduction: Reduction.Sum) / all;
        var perRow = output.Deltas.Size(1);
        var rows = Tensor.From<long>([.. positives.Select(p => p.Row * perRow + (perRow == 1 ? 0 : p.Label))]).To(device);
        var deltas = output.Deltas.Reshape(-1, 4).IndexSelect(0, rows);
        var boxLoss = Functional.SmoothL1(deltas, Tensor.From<float>([.. codes], positives.Count, 4).To(type).To(device), Beta, Reduction.Sum) / all;
        return (scope.Keep(classLoss), scope.Keep(boxLoss));
    }

    private static Box AnchorAt(IReadOnlyList<AnchorGrid> grids, int index)
    {
        foreach (var grid in grids)
        {
            if (index < grid.Count) return grid[index];
            index -= grid.Count;
        }
        throw new ArgumentOutOfRangeException(nameof(index));
    }
}
