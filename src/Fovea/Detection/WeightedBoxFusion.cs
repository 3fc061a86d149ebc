namespace Fovea.Detection;

/// <summary>
/// Joins boxes of several tiles, scales or models around the same thing into their mean, weighted by score, rather than keeping the best: Solovyev et al. 2019, arXiv 1910.13302, section 3.
/// </summary>
public static class WeightedBoxFusion
{
    /// <param name="boxes">Of all sources together.</param>
    /// <param name="threshold">A box joins the cluster of its label that it overlaps most, if by more than this IoU.</param>
    /// <param name="sources">
    /// Among how many a cluster's mean score is shared: what only one of three models saw counts a third (the paper's eq. 5, min(boxes, sources) / sources). 1 (default) leaves mean scores.
    /// </param>
    /// <returns>One box a cluster, by falling score.</returns>
    public static DetectedBox[] Fuse(IReadOnlyList<DetectedBox> boxes, double threshold = 0.55, int sources = 1)
    {
        ArgumentNullException.ThrowIfNull(boxes);
        ArgumentOutOfRangeException.ThrowIfLessThan(sources, 1);
        var clusters = new List<Cluster>();
        foreach (var i in NonMaximumSuppression.ByFallingScore(boxes))
        {
            var box = boxes[i];
            Cluster? nearest = null;
            var most = threshold;
            foreach (var cluster in clusters)
            {
                if (cluster.Label != box.Label) continue;
                double iou = cluster.Mean.IntersectionOverUnion(box.Bounds);
                if (iou > most) (nearest, most) = (cluster, iou);
            }
            if (nearest is null) clusters.Add(new Cluster(box));
            else nearest.Add(box);
        }
        DetectedBox[] fused = [.. clusters.Select(c => new DetectedBox(c.Mean, c.Label, c.MeanScore * Math.Min(c.Count, sources) / sources))];
        return [.. NonMaximumSuppression.ByFallingScore(fused).Select(i => fused[i])];
    }

    private sealed class Cluster
    {
        private double _left, _top, _right, _bottom, _scores;

        public Cluster(DetectedBox first)
        {
            Label = first.Label;
            Add(first);
        }

        public int Label { get; }
        public int Count { get; private set; }
        public Box Mean { get; private set; }
        public float MeanScore => (float)(_scores / Count);

        public void Add(DetectedBox box)
        {
            var (b, score) = (box.Bounds, Math.Max(box.Score, 1e-12));
            (_left, _top, _right, _bottom) = (_left + score * b.Left, _top + score * b.Top, _right + score * b.Right, _bottom + score * b.Bottom);
            _scores += score;
            Count++;
            Mean = new Box((float)(_left / _scores), (float)(_top / _scores), (float)(_right / _scores), (float)(_bottom / _scores));
        }
    }
}
