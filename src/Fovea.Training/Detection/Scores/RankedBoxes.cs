namespace Fovea.Training.Detection.Scores;

/// <summary>
/// The found boxes of a set by falling score, each right or wrong, and how many things there are: every score of one label comes from this, under any weights of the images (the bootstrap draws a
/// thousand). Null means undefined.
/// </summary>
/// <param name="images">Number of images.</param>
internal sealed class RankedBoxes(int images)
{
    /// <summary>False positives per image at which sensitivity is given: 1/8 … 8.</summary>
    public static readonly double[] FrocRates = [0.125, 0.25, 0.5, 1, 2, 4, 8];

    private const int RecallPoints = 101;
    private readonly List<(double Score, int Image, bool Right)> _boxes = [];

    /// <summary>Things that are there and count, by image.</summary>
    public int[] Positives { get; } = new int[images];

    public void Add(int image, double score, bool right) => _boxes.Add((score, image, right));

    /// <summary>Sorts; what is equal stays in the order of images.</summary>
    public void Rank()
    {
        var sorted = _boxes.OrderByDescending(b => b.Score).ToArray();
        _boxes.Clear();
        _boxes.AddRange(sorted);
    }

    /// <summary>COCO's: the mean of the envelope of precision at recall 0, 0.01 … 1.</summary>
    public double? AveragePrecision(int[] weights)
    {
        if (Curve(weights) is not { } curve) return null;
        var (sum, next) = (0.0, 0);
        for (var i = 0; i < RecallPoints; i++)
        {
            while (next < curve.Count && curve[next].Recall < (i == RecallPoints - 1 ? 1 : i * 0.01)) next++;
            if (next == curve.Count) break;
            sum += curve[next].Precision;
        }
        return sum / RecallPoints;
    }

    /// <summary>PASCAL VOC's since 2010: the whole area under the envelope of precision.</summary>
    public double? AreaUnderEnvelope(int[] weights)
    {
        if (Curve(weights) is not { } curve) return null;
        var (sum, before) = (0.0, 0.0);
        foreach (var (recall, precision) in curve)
        {
            sum += (recall - before) * precision;
            before = recall;
        }
        return sum;
    }

    /// <summary>The best sensitivity with at most each of <see cref="FrocRates"/> false positives per image. Boxes of equal score stand or fall together.</summary>
    public double[]? Froc(int[] weights)
    {
        var (positives, count) = Totals(weights);
        if (positives == 0) return null;
        var sensitivity = new double[FrocRates.Length];
        foreach (var (right, wrong, _) in Thresholds(weights))
            for (var i = 0; i < FrocRates.Length; i++)
                if (wrong <= FrocRates[i] * count) sensitivity[i] = (double)right / positives;
        return sensitivity;
    }

    /// <summary>The threshold with the best F1, the sure one of equals.</summary>
    public (double F1, double Precision, double Recall, double Threshold)? BestF1(int[] weights)
    {
        var (positives, _) = Totals(weights);
        if (positives == 0) return null;
        var best = (F1: 0.0, Precision: 0.0, Recall: 0.0, Threshold: double.PositiveInfinity);
        foreach (var (right, wrong, score) in Thresholds(weights))
        {
            var f1 = 2.0 * right / (right + wrong + positives);
            if (f1 > best.F1) best = (f1, (double)right / (right + wrong), (double)right / positives, score);
        }
        return best;
    }

    public (long Positives, long Images) Totals(int[] weights)
    {
        var (positives, count) = (0L, 0L);
        for (var i = 0; i < Positives.Length; i++) (positives, count) = (positives + (long)weights[i] * Positives[i], count + weights[i]);
        return (positives, count);
    }

    private IEnumerable<(long Right, long Wrong, double Score)> Thresholds(int[] weights)
    {
        var (right, wrong) = (0L, 0L);
        for (var i = 0; i < _boxes.Count; i++)
        {
            var w = weights[_boxes[i].Image];
            if (_boxes[i].Right) right += w;
            else wrong += w;
            if ((i + 1 == _boxes.Count || _boxes[i + 1].Score != _boxes[i].Score) && right + wrong > 0) yield return (right, wrong, _boxes[i].Score);
        }
    }

    /// <summary>Recall and the envelope of precision (the best at this or any greater recall) behind each box.</summary>
    private List<(double Recall, double Precision)>? Curve(int[] weights)
    {
        var (positives, _) = Totals(weights);
        if (positives == 0) return null;
        var curve = new List<(double Recall, double Precision)>(_boxes.Count);
        var (right, seen) = (0L, 0L);
        foreach (var (_, image, isRight) in _boxes)
        {
            var w = weights[image];
            if (w == 0) continue;
            seen += w;
            if (isRight) right += w;
            curve.Add(((double)right / positives, (double)right / seen));
        }
        for (var i = curve.Count - 2; i >= 0; i--)
            if (curve[i + 1].Precision > curve[i].Precision) curve[i] = (curve[i].Recall, curve[i + 1].Precision);
        return curve;
    }
}
