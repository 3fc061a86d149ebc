// Which found boxes are right. Shape shorthand: images in a set, each with its own truth; one label at a time.
using Fovea.Detection;

namespace Fovea.Training.Detection.Scores;

/// <summary>When a found box counts as the true one.</summary>
/// <param name="Overlap">Least IoU; null: the centre of the found box lies in the true one.</param>
public sealed record HitRule(double? Overlap)
{
    public static HitRule CentreHit { get; } = new((double?)null);

    /// <summary>How near the found box comes to counting: the IoU; for a centre hit 1, plus the IoU, which chooses among several; 0 for no hit.</summary>
    /// <param name="crowd">The truth stands for many things, of which the found box need cover one: as COCO, its overlap is the share of the found box that lies in it.</param>
    internal double Quality(in Box found, in Box truth, bool crowd = false)
    {
        double iou = crowd ? found.Intersection(truth) / found.Area : found.IntersectionOverUnion(truth);
        if (Overlap is { } least) return iou >= Math.Min(least, 1 - 1e-10) ? iou : 0;
        var (x, y) = found.Centre;
        return truth.Contains(x, y) ? 1 + iou : 0;
    }

    public string Name => Overlap is { } least ? FormattableString.Invariant($"iou{least:0.##}") : "centreHit";
}

/// <summary>Square pixels of a box, both ends included as in COCO's own evaluation: a box of just 32² is small and medium.</summary>
public sealed record AreaRange(string Name, double From, double To)
{
    public static AreaRange All { get; } = new("all", 0, double.PositiveInfinity);
    public static AreaRange Small { get; } = new("small", 0, 32 * 32);
    public static AreaRange Medium { get; } = new("medium", 32 * 32, 96 * 96);
    public static AreaRange Large { get; } = new("large", 96 * 96, double.PositiveInfinity);

    internal bool Has(in Box box) => box.Area >= From && box.Area <= To;
}

/// <summary>Matches boxes to truth, one to one, within an image and a label.</summary>
internal static class BoxMatching
{
    /// <summary>
    /// As COCO's evaluation: by falling score, each box takes the free true box that it hits best; ignored ones only where no other is hit, and those that the annotator
    /// marked so may be hit again. A box outside of the area that hits nothing counts nothing.
    /// </summary>
    public static RankedBoxes Coco(DetectionTable table, int label, HitRule rule, AreaRange area, int most)
    {
        var ranked = new RankedBoxes(table.Images.Count);
        for (var image = 0; image < table.Images.Count; image++)
        {
            var (all, found) = Of(table.Images[image], label, most);
            // Those that count first, so that an ignored one is taken only for want of another.
            var truth = all.Select(t => (t.Bounds, Crowd: t.Ignored, Ignored: t.Ignored || !area.Has(t.Bounds))).OrderBy(t => t.Ignored).ToArray();
            var taken = new bool[truth.Length];
            foreach (var box in found)
            {
                var (best, quality) = (-1, 0.0);
                for (var t = 0; t < truth.Length; t++)
                {
                    if (taken[t] && !truth[t].Crowd) continue;
                    if (best >= 0 && !truth[best].Ignored && truth[t].Ignored) break;
                    var q = rule.Quality(box.Bounds, truth[t].Bounds, truth[t].Crowd);
                    // As COCO: of equals the later.
                    if (q > 0 && q >= quality) (best, quality) = (t, q);
                }
                if (best >= 0) taken[best] = true;
                if (best >= 0 ? truth[best].Ignored : !area.Has(box.Bounds)) continue;
                ranked.Add(image, box.Score, best >= 0);
            }
            ranked.Positives[image] = truth.Count(t => !t.Ignored);
        }
        ranked.Rank();
        return ranked;
    }

    /// <summary>As PASCAL VOC's: each box belongs to the true box that it overlaps most, and is wrong when a surer one had that already.</summary>
    public static RankedBoxes Voc(DetectionTable table, int label, double overlap, int most)
    {
        var ranked = new RankedBoxes(table.Images.Count);
        for (var image = 0; image < table.Images.Count; image++)
        {
            var (truth, found) = Of(table.Images[image], label, most);
            var taken = new bool[truth.Length];
            foreach (var box in found)
            {
                var (best, quality) = (-1, 0.0);
                for (var t = 0; t < truth.Length; t++)
                {
                    double iou = box.Bounds.IntersectionOverUnion(truth[t].Bounds);
                    if (iou > quality) (best, quality) = (t, iou);
                }
                if (best >= 0 && quality >= overlap && truth[best].Ignored) continue;
                var hit = best >= 0 && quality >= overlap && !taken[best];
                if (hit) taken[best] = true;
                ranked.Add(image, box.Score, hit);
            }
            ranked.Positives[image] = truth.Count(t => !t.Ignored);
        }
        ranked.Rank();
        return ranked;
    }

    private static (Marked[] Truth, Found[] Found) Of(DetectionImage image, int label, int most) =>
        ([.. image.Truth.Where(t => t.Label == label)], [.. image.Found.Where(f => f.Label == label).OrderByDescending(f => f.Score).Take(most)]);
}
