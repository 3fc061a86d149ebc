using System.Text.Json.Serialization;

namespace Fovea.Calibration;

/// <summary>What turns logits into a grade, beyond the head's kind; lives in the model file and is set on validation images only.</summary>
public sealed record DecodingSpec
{
    /// <summary>Logits of softmax and ordinal heads are divided by it (temperature scaling, Guo et al. 2017, arXiv 1706.04599). It moves probabilities, not a softmax head's grade. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Regression heads: grade = number of thresholds at or below the value. Rising, one fewer than classes; null means k + 0.5, that is rounding.</summary>
    public IReadOnlyList<double>? Thresholds { get; init; }

    /// <summary>
    /// Three heads: the value is a·(regression) + b·(most probable class) + c·(sum of the ordinal probabilities) + d, then read as a regression's. a, b, c, d; null means ⅓, ⅓, ⅓, 0.
    /// </summary>
    public IReadOnlyList<double>? HeadWeights { get; init; }

    /// <summary>The lowest grade that is referred to an ophthalmologist. Default 2, moderate non-proliferative retinopathy.</summary>
    public int ReferableFrom { get; init; } = 2;

    /// <summary>Maps the probabilities after decoding; the grade stays. Null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IsotonicSpec? Isotonic { get; init; }

    /// <summary>Makes sets of grades from the (calibrated) probabilities. Null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ConformalSpec? Conformal { get; init; }

    /// <summary>The reason why this decoding is impossible for so many classes, or null.</summary>
    public string? Problem(int classes)
    {
        if (!double.IsFinite(Temperature) || Temperature <= 0) return $"a temperature of {Temperature} is not possible (above 0 is)";
        if (ReferableFrom < 1 || ReferableFrom >= classes) return $"referableFrom {ReferableFrom} is not a grade above 0 of {classes} classes";
        if (HeadWeights is { } weights && (weights.Count != 4 || !weights.All(double.IsFinite))) return "headWeights must be four finite numbers";
        if ((Isotonic?.Problem(classes) ?? Conformal?.Problem()) is { } calibration) return calibration;
        if (Thresholds is null) return null;
        if (Thresholds.Count != classes - 1) return $"{Thresholds.Count} thresholds for {classes} classes; {classes - 1} are needed";
        for (var i = 0; i < Thresholds.Count; i++)
            if (!double.IsFinite(Thresholds[i]) || (i > 0 && Thresholds[i] <= Thresholds[i - 1])) return "thresholds must be finite and rise";
        return null;
    }
}
