namespace Fovea.Calibration;

/// <summary>How a disagreement of d classes counts in Cohen's kappa.</summary>
public enum KappaWeighting
{
    /// <summary>Every disagreement alike.</summary>
    None,

    /// <summary>|d|.</summary>
    Linear,

    /// <summary>d²: the figure that diabetic-retinopathy grading is judged by.</summary>
    Quadratic,
}

/// <summary>Agreement of two raters beyond what chance gives (Cohen 1968).</summary>
public static class CohenKappa
{
    /// <summary>1 − Σ w·observed / Σ w·expected, with w from <paramref name="weighting"/> on the class numbers themselves.</summary>
    /// <param name="counts">Classes × classes counts, row-major: rows one rater, columns the other.</param>
    /// <returns>Null where no disagreement is to be expected: both raters gave one and the same single class, or there is no sample.</returns>
    /// <exception cref="ArgumentException">Not a square.</exception>
    public static double? Of(ReadOnlySpan<long> counts, int classes, KappaWeighting weighting)
    {
        if (classes < 1 || counts.Length != classes * classes) throw new ArgumentException($"{counts.Length} counts are no square of {classes} classes", nameof(counts));
        var (rows, columns, total) = (new long[classes], new long[classes], 0L);
        for (var i = 0; i < counts.Length; i++)
        {
            rows[i / classes] += counts[i];
            columns[i % classes] += counts[i];
            total += counts[i];
        }
        double observed = 0, expected = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            double d = Math.Abs(i / classes - i % classes);
            var w = weighting switch { KappaWeighting.Quadratic => d * d, KappaWeighting.Linear => d, _ => d > 0 ? 1 : 0 };
            observed += w * counts[i];
            expected += w * rows[i / classes] * columns[i % classes];
        }
        return expected > 0 ? 1 - observed / (expected / total) : null;
    }
}
