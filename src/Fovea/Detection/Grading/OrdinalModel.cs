// The proportional-odds model. McCullagh 1980, J. R. Statist. Soc. B 42:109: P(grade > k) = σ(w·x − θ_k) with θ_0 ≤ θ_1 ≤ …
namespace Fovea.Detection.Grading;

/// <summary>A grade from counts and areas of lesions, with weights that were fitted to graded photographs.</summary>
/// <param name="Kinds">Whose features are used, in order.</param>
/// <param name="Means">Of the features where it was fitted.</param>
/// <param name="Deviations">Likewise, above 0.</param>
/// <param name="Weights">One a feature, of the standardised features.</param>
/// <param name="Thresholds">θ, rising, one less than grades.</param>
public sealed record OrdinalModel(IReadOnlyList<LesionKind> Kinds, IReadOnlyList<double> Means, IReadOnlyList<double> Deviations, IReadOnlyList<double> Weights, IReadOnlyList<double> Thresholds)
{
    /// <summary>For each kind log(1 + count), log(1 + area in ten-thousandths of the field), quadrants with one, and nearness to the macula, 1/(1 + disc diameters).</summary>
    public static double[] Vector(LesionFeatures features, IReadOnlyList<LesionKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(features);
        return
        [
            .. kinds.SelectMany(kind =>
            {
                var f = features[kind];
                return new[] { Math.Log(1 + f.Count), Math.Log(1 + 1e4 * f.Area), f.Quadrants.Count(n => n > 0), f.NearestToMacula is { } d ? 1 / (1 + d) : 0 };
            }),
        ];
    }

    /// <returns>A probability for each grade; they sum to 1.</returns>
    public double[] Probabilities(LesionFeatures features)
    {
        var x = Vector(features, Kinds);
        var score = 0.0;
        for (var i = 0; i < x.Length; i++) score += Weights[i] * (x[i] - Means[i]) / Deviations[i];
        double[] above = [1, .. Thresholds.Select(t => 1 / (1 + Math.Exp(t - score))), 0];
        return [.. Enumerable.Range(0, Thresholds.Count + 1).Select(k => above[k] - above[k + 1])];
    }

    /// <summary>The grade that the probabilities divide in halves: the least with more than half at or below it.</summary>
    public int Grade(LesionFeatures features)
    {
        var (sum, p) = (0.0, Probabilities(features));
        for (var k = 0; k < p.Length; k++)
            if ((sum += p[k]) >= 0.5) return k;
        return p.Length - 1;
    }
}
