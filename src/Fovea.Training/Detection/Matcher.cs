// Which box each anchor or proposal stands for. Ren et al. 2015, arXiv 1506.01497, section 3.1.2; equals torchvision 0.14's Matcher, except that a box which no anchor touches draws none to it.
using Fovea.Detection;

namespace Fovea.Training.Detection;

/// <summary>Assigns each candidate to the true box that it overlaps most, if by enough.</summary>
/// <param name="High">A candidate with at least this IoU is positive.</param>
/// <param name="Low">One below this is background; between the two it counts nothing.</param>
/// <param name="EachHasOne">The best candidates of each true box are positive, too, however little they overlap: no lesion is without an anchor.</param>
public sealed record Matcher(float High, float Low, bool EachHasOne = false)
{
    public const int Background = -1;
    public const int Ignored = -2;

    /// <summary>Of anchors.</summary>
    public static Matcher Anchors { get; } = new(0.7f, 0.3f, EachHasOne: true);

    /// <summary>Of proposals.</summary>
    public static Matcher Proposals { get; } = new(0.5f, 0.5f);

    /// <returns>For each candidate the index of its true box, <see cref="Background"/> or <see cref="Ignored"/>.</returns>
    public int[] Match(IReadOnlyList<Box> candidates, IReadOnlyList<Box> truth)
    {
        var matching = new Matching(candidates.Count, truth.Count);
        for (var t = 0; t < truth.Count; t++)
            for (var c = 0; c < candidates.Count; c++) matching.Meet(c, t, candidates[c].IntersectionOverUnion(truth[t]));
        return matching.Decide(this);
    }

    /// <summary>The same for all anchors of a picture, level after level, of which only those are looked at that can touch a box: there are hundreds of thousands.</summary>
    public int[] Match(IReadOnlyList<AnchorGrid> grids, IReadOnlyList<Box> truth)
    {
        var matching = new Matching(grids.Sum(g => g.Count), truth.Count);
        // Boxes in the outer loop, in their order: of two with the same IoU the first wins.
        for (var t = 0; t < truth.Count; t++)
        {
            var start = 0;
            foreach (var grid in grids)
            {
                for (var a = 0; a < grid.Cell.Count; a++)
                {
                    var cell = grid.Cell[a];
                    var (x0, x1) = Range(truth[t].Left - cell.Right, truth[t].Right - cell.Left, grid.Stride.Width, grid.Map.Width);
                    var (y0, y1) = Range(truth[t].Top - cell.Bottom, truth[t].Bottom - cell.Top, grid.Stride.Height, grid.Map.Height);
                    for (var y = y0; y <= y1; y++)
                        for (var x = x0; x <= x1; x++)
                        {
                            var iou = cell.Moved(x * grid.Stride.Width, y * grid.Stride.Height).IntersectionOverUnion(truth[t]);
                            matching.Meet(start + (int)((y * grid.Map.Width + x) * grid.Cell.Count + a), t, iou);
                        }
                }
                start += grid.Count;
            }
        }
        return matching.Decide(this);
    }

    private static (long First, long Last) Range(double low, double high, long stride, long count) =>
        (Math.Max(0, (long)Math.Floor(low / stride)), Math.Min(count - 1, (long)Math.Ceiling(high / stride)));

    /// <summary>The best of each side so far.</summary>
    private sealed class Matching(int candidates, int truths)
    {
        private readonly float[] _iou = new float[candidates], _bestOfTruth = new float[truths];
        private readonly int[] _truth = new int[candidates];
        private readonly List<(int Candidate, int Truth, float Iou)> _contenders = [];

        public void Meet(int candidate, int truth, float iou)
        {
            if (!(iou > 0)) return;
            if (iou > _iou[candidate]) (_iou[candidate], _truth[candidate]) = (iou, truth);
            if (iou < _bestOfTruth[truth]) return;
            _bestOfTruth[truth] = iou;
            _contenders.Add((candidate, truth, iou));
        }

        public int[] Decide(Matcher by)
        {
            var result = new int[candidates];
            for (var c = 0; c < candidates; c++) result[c] = truths == 0 || _iou[c] < by.Low ? Background : _iou[c] < by.High ? Ignored : _truth[c];
            if (!by.EachHasOne) return result;
            // A best candidate of one box stands for the box that it overlaps most itself, as in torchvision.
            foreach (var (candidate, truth, iou) in _contenders)
                if (iou == _bestOfTruth[truth]) result[candidate] = _truth[candidate];
            return result;
        }
    }
}
