using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Errors;

/// <summary>An image whose label may be wrong.</summary>
/// <param name="Row">In the table of predictions.</param>
/// <param name="Suggested">The class that the model is sure of.</param>
/// <param name="Margin">p(label) − the largest other probability: the lower, the surer.</param>
public sealed record LabelIssue(int Row, int Suggested, double Margin);

/// <summary>Labels that the model contradicts with confidence (Northcutt et al. 2021, arXiv 1911.00068).</summary>
/// <param name="Thresholds">By class, the mean probability of it over the images so labelled; null for a class without any.</param>
/// <param name="Joint">Counts by label (row) and confident class (column).</param>
/// <param name="NoiseShare">Estimated share of wrong labels: off the diagonal of the joint, scaled to the labels' counts.</param>
/// <param name="Issues">The surest first.</param>
public sealed record LabelAudit(IReadOnlyList<double?> Thresholds, IReadOnlyList<int[]> Joint, double NoiseShare, IReadOnlyList<LabelIssue> Issues);

/// <summary>
/// An image counts as confidently of class j where p(j) is at least the mean p(j) of the images labelled j (of several such classes the most probable). Where that is not its label, the label is doubted.
/// Valid for probabilities of a model that has not seen the labels in question.
/// </summary>
public static class ConfidentLearning
{
    /// <exception cref="ArgumentException">There are no probabilities.</exception>
    public static LabelAudit Audit(Predictions predictions)
    {
        var p = predictions.Probabilities ?? throw new ArgumentException("doubting labels needs probabilities", nameof(predictions));
        var k = predictions.ClassCount;
        var (sums, counts) = (new double[k], new int[k]);
        for (var i = 0; i < p.Length; i++)
        {
            sums[predictions.Truth[i]] += p[i][predictions.Truth[i]];
            counts[predictions.Truth[i]]++;
        }
        double?[] thresholds = [.. Enumerable.Range(0, k).Select(c => counts[c] > 0 ? sums[c] / counts[c] : (double?)null)];
        int[][] joint = [.. Enumerable.Range(0, k).Select(_ => new int[k])];
        var issues = new List<LabelIssue>();
        for (var i = 0; i < p.Length; i++)
        {
            var (label, sure) = (predictions.Truth[i], -1);
            for (var c = 0; c < k; c++)
                if (p[i][c] >= thresholds[c] && (sure < 0 || p[i][c] > p[i][sure])) sure = c; // never for null
            if (sure < 0) continue;
            joint[label][sure]++;
            if (sure == label) continue;
            var other = 0.0;
            for (var c = 0; c < k; c++)
                if (c != label) other = Math.Max(other, p[i][c]);
            issues.Add(new LabelIssue(i, sure, p[i][label] - other));
        }
        var noise = 0.0;
        for (var c = 0; c < k; c++)
        {
            var row = joint[c].Sum();
            if (row > 0) noise += (double)(row - joint[c][c]) / row * counts[c] / p.Length;
        }
        return new LabelAudit(thresholds, joint, noise, [.. issues.OrderBy(x => x.Margin).ThenBy(x => x.Row)]);
    }
}
