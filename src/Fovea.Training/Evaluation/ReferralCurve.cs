using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation;

/// <summary>What happens when the least certain images go to a person.</summary>
/// <param name="Referred">Share of images that a person grades.</param>
/// <param name="Kept">Images that the model alone grades.</param>
/// <param name="QuadraticWeightedKappa">Of those; null where it is not defined.</param>
/// <param name="Accuracy">Of those.</param>
/// <param name="Sensitivity">Of the decision, of those; null without a positive among them.</param>
/// <param name="Specificity">Of those.</param>
/// <param name="SensitivityTogether">Of model and person, were the person always right; null without a positive.</param>
public sealed record ReferralPoint(double Referred, int Kept, double? QuadraticWeightedKappa, double? Accuracy, double? Sensitivity, double? Specificity, double? SensitivityTogether);

/// <summary>Selective prediction: scores against the share of images referred to a person, least certain first (Geifman and El-Yaniv 2017).</summary>
/// <param name="Decision">The key of the decision whose sensitivity is given; null where there is none.</param>
public sealed record ReferralCurve(string? Decision, IReadOnlyList<ReferralPoint> Points)
{
    private const int Steps = 20;

    /// <param name="predictions">With probabilities; certainty is the probability of the predicted class, ties in the order of the table.</param>
    /// <exception cref="ArgumentException">There are no probabilities.</exception>
    public static ReferralCurve Of(Predictions predictions, Decision? decision)
    {
        var p = predictions.Probabilities ?? throw new ArgumentException("a referral curve needs probabilities", nameof(predictions));
        int[] order = [.. Enumerable.Range(0, predictions.Count).OrderByDescending(i => p[i][predictions.Predicted[i]])];
        var positives = decision is null ? 0 : predictions.Truth.Count(decision.IsPositive);
        var points = new List<ReferralPoint>();
        for (var step = 0; step < Steps; step++)
        {
            var kept = (int)Math.Round(predictions.Count * (1 - (double)step / Steps), MidpointRounding.AwayFromZero);
            if (kept == 0 || (points.Count > 0 && points[^1].Kept == kept)) continue;
            var rest = order.AsSpan(0, kept);
            var matrix = ConfusionMatrix.From(Pick(predictions.Truth, rest), Pick(predictions.Predicted, rest), predictions.ClassCount);
            var counts = decision is null ? (BinaryCounts?)null : matrix.Decide(decision.IsPositive);
            points.Add(new ReferralPoint(1 - (double)kept / predictions.Count, kept, matrix.QuadraticWeightedKappa, matrix.Accuracy, counts?.Sensitivity, counts?.Specificity,
                positives > 0 ? 1 - (double)counts!.Value.FalseNegatives / positives : null));
        }
        return new ReferralCurve(decision?.Key, points);
    }

    private static int[] Pick(int[] values, ReadOnlySpan<int> rows)
    {
        var picked = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++) picked[i] = values[rows[i]];
        return picked;
    }
}
