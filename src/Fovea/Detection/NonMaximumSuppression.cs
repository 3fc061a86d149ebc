namespace Fovea.Detection;

/// <summary>Leaves one of several boxes around the same thing. All methods treat each label by itself, and give results by falling score; what is equal stays in the order that it had.</summary>
public static class NonMaximumSuppression
{
    /// <summary>Takes the box of the highest score, drops all that overlap it by more than the threshold, and goes on with the rest; equals torchvision's batched_nms.</summary>
    /// <param name="threshold">IoU; a box that overlaps by just this much stays. A double, as torchvision's: a float IoU of 0.3f is above 0.3.</param>
    public static DetectedBox[] Greedy(IReadOnlyList<DetectedBox> boxes, double threshold)
    {
        ArgumentNullException.ThrowIfNull(boxes);
        var order = ByFallingScore(boxes);
        var kept = new List<DetectedBox>();
        var ofLabel = new Dictionary<int, BoxBins>();
        foreach (var i in order)
        {
            var candidate = boxes[i];
            if (!ofLabel.TryGetValue(candidate.Label, out var earlier)) ofLabel[candidate.Label] = earlier = new BoxBins();
            if (earlier.AnyOverlaps(candidate.Bounds, threshold)) continue;
            earlier.Add(candidate.Bounds);
            kept.Add(candidate);
        }
        return [.. kept];
    }

    /// <summary>
    /// Instead of dropping what overlaps, lowers its score by exp(−IoU² / σ) (Bodla et al. 2017, arXiv 1704.04503, eq. 3): two lesions side by side may both stay.
    /// </summary>
    /// <param name="sigma">σ; 0.5 in the paper.</param>
    /// <param name="least">What falls below this score is dropped.</param>
    public static DetectedBox[] Soft(IReadOnlyList<DetectedBox> boxes, float sigma = 0.5f, float least = 0.001f)
    {
        ArgumentNullException.ThrowIfNull(boxes);
        if (!(sigma > 0)) throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "must be above 0");
        var result = new List<DetectedBox>();
        foreach (var label in boxes.GroupBy(b => b.Label))
        {
            var left = label.Where(b => b.Score >= least).ToList();
            while (left.Count > 0)
            {
                var best = 0;
                for (var i = 1; i < left.Count; i++)
                    if (left[i].Score > left[best].Score) best = i;
                var chosen = left[best];
                result.Add(chosen);
                left.RemoveAt(best);
                for (var i = left.Count - 1; i >= 0; i--)
                {
                    var iou = chosen.Bounds.IntersectionOverUnion(left[i].Bounds);
                    if (iou == 0) continue;
                    var score = left[i].Score * MathF.Exp(-iou * iou / sigma);
                    if (score < least) left.RemoveAt(i);
                    else left[i] = left[i] with { Score = score };
                }
            }
        }
        return [.. ByFallingScore(result).Select(i => result[i])];
    }

    /// <summary>Indices by falling score, stable.</summary>
    internal static int[] ByFallingScore(IReadOnlyList<DetectedBox> boxes)
    {
        var order = new int[boxes.Count];
        var keys = new (float Score, int Index)[boxes.Count];
        for (var i = 0; i < order.Length; i++) (order[i], keys[i]) = (i, (-boxes[i].Score, i));
        Array.Sort(keys, order);
        return order;
    }
}

/// <summary>Boxes that were kept, by the coarse cells they touch: thousands of small boxes on a large photograph then meet only their neighbours.</summary>
internal sealed class BoxBins
{
    private const float Cell = 64;
    private const int MostCells = 64;
    private readonly Dictionary<(int X, int Y), List<Box>> _cells = [];
    private readonly List<Box> _large = [], _few = [];

    public void Add(Box box)
    {
        if (_few.Count < 32) _few.Add(box); // below that a plain list is faster
        else if (Cells(box) is not { } range) _large.Add(box);
        else
            for (var y = range.Top; y <= range.Bottom; y++)
                for (var x = range.Left; x <= range.Right; x++)
                {
                    if (!_cells.TryGetValue((x, y), out var list)) _cells[(x, y)] = list = [];
                    list.Add(box);
                }
    }

    public bool AnyOverlaps(in Box box, double threshold)
    {
        if (Any(_few, box, threshold) || Any(_large, box, threshold)) return true;
        if (_cells.Count == 0) return false;
        if (Cells(box) is not { } range)
        {
            foreach (var list in _cells.Values)
                if (Any(list, box, threshold)) return true;
            return false;
        }
        for (var y = range.Top; y <= range.Bottom; y++)
            for (var x = range.Left; x <= range.Right; x++)
                if (_cells.TryGetValue((x, y), out var list) && Any(list, box, threshold)) return true;
        return false;
    }

    private static bool Any(List<Box> list, in Box box, double threshold)
    {
        foreach (var other in list)
            if (other.IntersectionOverUnion(box) > threshold) return true;
        return false;
    }

    private static (int Left, int Top, int Right, int Bottom)? Cells(in Box box)
    {
        var (left, top, right, bottom) = (MathF.Floor(box.Left / Cell), MathF.Floor(box.Top / Cell), MathF.Floor(box.Right / Cell), MathF.Floor(box.Bottom / Cell));
        return (right - left + 1) * (bottom - top + 1) <= MostCells && MathF.Abs(left) < 1e6f && MathF.Abs(top) < 1e6f ? ((int)left, (int)top, (int)right, (int)bottom) : null;
    }
}
