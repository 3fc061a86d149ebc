namespace Fovea.Calibration;

/// <summary>How several opinions of one image become one.</summary>
public enum EnsembleKind
{
    /// <summary>The grade that most members give; of several, the highest. Probabilities are the shares of the votes.</summary>
    Vote,

    /// <summary>The mean of the probabilities.</summary>
    Mean,

    /// <summary>For each class the mean of the probabilities without the lowest and the highest, scaled to a sum of 1.</summary>
    TrimmedMean,

    /// <summary>The mean of the probabilities with a weight for each member.</summary>
    WeightedMean,

    /// <summary>A linear function of the members' expected grades, read as a regression's value.</summary>
    Linear,
}

/// <summary>What is read out of averaged probabilities.</summary>
public enum EnsembleReading
{
    /// <summary>The most probable grade; of several, the highest.</summary>
    MostProbable,

    /// <summary>The expected grade Σ k·p(k), rounded; halves go up.</summary>
    Expected,
}

/// <summary>An ensemble's rule; lives in the model file of a packed ensemble.</summary>
public sealed record EnsembleSpec
{
    public EnsembleKind Kind { get; init; } = EnsembleKind.Mean;

    public EnsembleReading Reading { get; init; } = EnsembleReading.MostProbable;

    /// <summary>Share of the members that a trimmed mean leaves out at each end, rounded down: 0.25 of four leaves the middle two (scipy.stats.trim_mean). Default 0.25.</summary>
    public double Trim { get; init; } = 0.25;

    /// <summary>One a member: of a weighted mean (not negative, sum 1), or a linear function's. Null for the others.</summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>Added by a linear function. Default 0.</summary>
    public double Intercept { get; init; }

    /// <summary>The reason why this rule is impossible for so many members, or null.</summary>
    public string? Problem(int members)
    {
        if (members < 1) return "an ensemble without members";
        if (Trim is not (>= 0 and < 0.5)) return $"a trim of {Trim} leaves nothing (0 up to, not including, 0.5 does)";
        if (Kind is not (EnsembleKind.WeightedMean or EnsembleKind.Linear)) return Weights is null ? null : "weights for a rule that has none";
        if (Weights is null || Weights.Count != members) return $"{Weights?.Count ?? 0} weights for {members} members";
        if (!Weights.All(double.IsFinite) || !double.IsFinite(Intercept)) return "a weight is not a finite number";
        if (Kind == EnsembleKind.WeightedMean && (Weights.Any(w => w < 0) || Math.Abs(Weights.Sum() - 1) > 1e-6)) return "the weights of a mean must not be negative, and sum to 1";
        return null;
    }
}
