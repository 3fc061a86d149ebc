using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training.Metrics;

/// <summary>How the intervals are drawn.</summary>
public sealed record MetricsOptions
{
    /// <summary>Bootstrap resamples; 0 leaves the intervals out.</summary>
    public int Resamples { get; init; } = 2000;
    public ulong Seed { get; init; }

    /// <summary>The classes are diabetic-retinopathy grades; null: they are when there are five of them without names.</summary>
    public bool? Grades { get; init; }

    /// <summary>Classes that are urgent; null: CNV and DME where the classes have these names.</summary>
    public IReadOnlyList<int>? Urgent { get; init; }

    /// <summary>What is asked of these predictions beyond the class.</summary>
    internal IReadOnlyList<Decision> DecisionsOn(Predictions predictions)
    {
        var urgent = Urgent is { } given ? Decision.Urgent(given) : predictions.ClassNames is { } names ? Decision.UrgentByName(names) : null;
        var graded = Grades ?? (predictions.ClassCount == 5 && (predictions.ClassNames is not { } n || n.SequenceEqual(Data.Dataset.GradeNames)));
        return [.. graded ? Decision.OfGrades.Where(d => d.Positive[^1] < predictions.ClassCount) : [], .. urgent is null ? [] : new[] { urgent }];
    }
}

/// <summary>One class against the others.</summary>
/// <param name="Class">Its number.</param>
/// <param name="Support">True samples.</param>
/// <param name="Predicted">Samples predicted so.</param>
/// <param name="Precision">0 when none was predicted.</param>
/// <param name="Recall">0 when there is none.</param>
/// <param name="Specificity">Null when all samples are of the class.</param>
/// <param name="F1">0 when the class does not occur.</param>
/// <param name="Auc">Null without probabilities or without positives and negatives.</param>
/// <param name="AveragePrecision">Null without probabilities or positives.</param>
public sealed record ClassMetrics(int Class, long Support, long Predicted, double Precision, double Recall, double? Specificity, double F1, double? Auc,
    double? AveragePrecision);

/// <summary>
/// A clinical decision, such as "grade ≥ threshold": positives and negatives are true samples of its classes and of the others; the areas and operating points are
/// those of Σ p over its classes (null without probabilities); a share of nothing is null.
/// </summary>
public sealed record DecisionMetrics(int? Threshold, long Positives, long Negatives, long TruePositives, long FalsePositives, long FalseNegatives,
    long TrueNegatives, double? Sensitivity, double? Specificity, double? PositivePredictiveValue, double? NegativePredictiveValue, double? Auc)
{
    /// <summary>The classes that mean yes.</summary>
    public IReadOnlyList<int> Positive { get; init; } = [];
    public double? AveragePrecision { get; init; }

    /// <summary>The best specificity with a sensitivity of at least 90 %.</summary>
    public double? SpecificityAt90 { get; init; }

    /// <summary>The probability from which it says yes to get there.</summary>
    public double? ThresholdAt90 { get; init; }

    /// <summary>The best specificity with a sensitivity of at least 95 %.</summary>
    public double? SpecificityAt95 { get; init; }
    public double? ThresholdAt95 { get; init; }
}

/// <summary>How the intervals were drawn; <c>By</c> is <c>sample</c> or <c>group</c>.</summary>
public sealed record BootstrapInfo(string Method, double Level, int Resamples, ulong Seed, string By);

/// <summary>
/// Every score of a table of predictions. Null means not defined; <see cref="Notes"/> says why. The JSON property names are these names in
/// camel case; they are a public format.
/// </summary>
public sealed record MetricsReport
{
    public required int Samples { get; init; }

    /// <summary>Groups resampled together, null where the table has none.</summary>
    public required int? Groups { get; init; }
    public required int Classes { get; init; }
    public required double? QuadraticWeightedKappa { get; init; }
    public required double? LinearWeightedKappa { get; init; }
    public required double? Kappa { get; init; }
    public required double? Accuracy { get; init; }
    public required double? BalancedAccuracy { get; init; }

    /// <summary>In classes.</summary>
    public required double? MeanAbsoluteError { get; init; }
    public required double? PrecisionMicro { get; init; }
    public required double? RecallMicro { get; init; }
    public required double? PrecisionMacro { get; init; }
    public required double? RecallMacro { get; init; }
    public required double? F1Micro { get; init; }

    /// <summary>Mean over the classes that occur in truth or prediction.</summary>
    public required double? F1Macro { get; init; }
    public required double? F1Weighted { get; init; }

    /// <summary>
    /// Mean over classes of the area under the ROC curve of the class's probability against all others: scikit-learn's one-vs-rest macro average and
    /// MedMNIST's AUC, which are the same number. Classes without a sample are left out and named in <see cref="Notes"/>.
    /// </summary>
    public required double? Auc { get; init; }

    /// <summary>The same, weighted by support.</summary>
    public required double? AucWeighted { get; init; }

    /// <summary>Mean over classes of the average precision, one against the rest.</summary>
    public required double? AveragePrecision { get; init; }

    /// <summary>Natural logarithm.</summary>
    public required double? LogLoss { get; init; }

    /// <summary>0…2.</summary>
    public required double? Brier { get; init; }
    public required double? ExpectedCalibrationError { get; init; }

    /// <summary>Grade ≥ 1; null unless the classes are grades.</summary>
    public required DecisionMetrics? AnyRetinopathy { get; init; }

    /// <summary>Grade ≥ 2; null unless the classes are grades.</summary>
    public required DecisionMetrics? Referable { get; init; }

    /// <summary>Grade ≥ 3; null unless the classes are grades.</summary>
    public required DecisionMetrics? VisionThreatening { get; init; }

    /// <summary>One of the urgent classes; null where none is known.</summary>
    public DecisionMetrics? Urgent { get; init; }

    /// <summary>Names of the classes; null where the table has none.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Bins of the calibration error; null without probabilities.</summary>
    public IReadOnlyList<ReliabilityBin>? Reliability { get; init; }

    /// <summary>Rows = true class, columns = predicted class.</summary>
    public required IReadOnlyList<long[]> ConfusionMatrix { get; init; }
    public required IReadOnlyList<ClassMetrics> PerClass { get; init; }

    /// <summary>By score name, decisions as <c>referable.sensitivity</c>.</summary>
    public required IReadOnlyDictionary<string, Interval> Intervals { get; init; }

    /// <summary>Null where no interval was asked for.</summary>
    public required BootstrapInfo? Bootstrap { get; init; }

    /// <summary>By score name: why it is null, or what it leaves out.</summary>
    public required IReadOnlyDictionary<string, string> Notes { get; init; }

    /// <summary>A class's name, or its number.</summary>
    public string NameOf(int c) => ClassNames?[c] ?? c.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Scores <paramref name="predictions"/>.</summary>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    public static MetricsReport Compute(Predictions predictions, MetricsOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new MetricsOptions();
        if (predictions.Count == 0) throw new ArgumentException("no predictions", nameof(predictions));
        var scorer = new Scorer(predictions, options.DecisionsOn(predictions));
        var matrix = scorer.Matrix();
        var values = new double[scorer.Names.Count];
        scorer.Score([], values);
        var scores = scorer.Names.Select((name, m) => (name, Value: double.IsNaN(values[m]) ? (double?)null : values[m])).ToDictionary(s => s.name, s => s.Value);
        var (groupOf, groupCount) = predictions.NumberGroups();
        var notes = Reasons(predictions, matrix, scores);
        var intervals = new Dictionary<string, Interval>();
        if (options.Resamples > 0 && groupCount > 1)
        {
            var drawn = Metrics.Bootstrap.Draw(groupOf, groupCount, options.Resamples, options.Seed, scorer.Names.Count, scorer.Score, cancellation);
            for (var m = 0; m < drawn.Length; m++)
                if (Metrics.Bootstrap.IntervalOf(drawn[m]) is { } interval) intervals[scorer.Names[m]] = interval;
        }
        else if (options.Resamples > 0) notes["intervals"] = predictions.Groups is null ? "a single sample" : "a single group";

        double? Get(string name) => scores.GetValueOrDefault(name);
        DecisionMetrics? Of(string key)
        {
            if (scorer.Decisions.ToList().FindIndex(d => d.Key == key) is var at && at < 0) return null;
            var decision = scorer.Decisions[at];
            var n = matrix.Decide(decision.IsPositive);
            return new DecisionMetrics(decision.Threshold, n.TruePositives + n.FalseNegatives, n.TrueNegatives + n.FalsePositives, n.TruePositives, n.FalsePositives,
                n.FalseNegatives, n.TrueNegatives, n.Sensitivity, n.Specificity, n.PositivePredictiveValue, n.NegativePredictiveValue, Get($"{key}.auc"))
            {
                Positive = decision.Positive, AveragePrecision = Get($"{key}.averagePrecision"),
                SpecificityAt90 = Get($"{key}.specificityAt90"), ThresholdAt90 = scorer.PointOf(at, Decision.Sensitivities[0])?.Threshold,
                SpecificityAt95 = Get($"{key}.specificityAt95"), ThresholdAt95 = scorer.PointOf(at, Decision.Sensitivities[1])?.Threshold,
            };
        }

        return new MetricsReport
        {
            Samples = predictions.Count,
            Groups = predictions.Groups is null ? null : groupCount,
            Classes = predictions.ClassCount,
            QuadraticWeightedKappa = Get("quadraticWeightedKappa"),
            LinearWeightedKappa = Get("linearWeightedKappa"),
            Kappa = Get("kappa"),
            Accuracy = Get("accuracy"),
            BalancedAccuracy = Get("balancedAccuracy"),
            MeanAbsoluteError = Get("meanAbsoluteError"),
            PrecisionMicro = Get("accuracy"),
            RecallMicro = Get("accuracy"),
            PrecisionMacro = Get("precisionMacro"),
            RecallMacro = Get("recallMacro"),
            F1Micro = Get("f1Micro"),
            F1Macro = Get("f1Macro"),
            F1Weighted = Get("f1Weighted"),
            Auc = Get("auc"),
            AucWeighted = Get("aucWeighted"),
            AveragePrecision = Get("averagePrecision"),
            LogLoss = Get("logLoss"),
            Brier = Get("brier"),
            ExpectedCalibrationError = Get("expectedCalibrationError"),
            AnyRetinopathy = Of("anyRetinopathy"),
            Referable = Of("referable"),
            VisionThreatening = Of("visionThreatening"),
            Urgent = Of("urgent"),
            ClassNames = predictions.ClassNames,
            Reliability = scorer.Reliability(),
            ConfusionMatrix = matrix.ToRows(),
            PerClass = Enumerable.Range(0, predictions.ClassCount).Select(c => new ClassMetrics(c, matrix.Support(c), matrix.Predicted(c), matrix.Precision(c),
                matrix.Recall(c), matrix.Decide(k => k == c).Specificity, matrix.F1(c), scorer.OfClass(c).Auroc,
                scorer.OfClass(c).AveragePrecision)).ToArray(),
            Intervals = intervals,
            Bootstrap = intervals.Count == 0 ? null
                : new BootstrapInfo("percentile", Metrics.Bootstrap.Level, options.Resamples, options.Seed, predictions.Groups is null ? "sample" : "group"),
            Notes = notes,
        };
    }

    private static Dictionary<string, string> Reasons(Predictions predictions, ConfusionMatrix matrix, Dictionary<string, double?> scores)
    {
        var reasons = new Dictionary<string, string>();
        foreach (var (name, value) in scores)
        {
            if (value is not null || name.StartsWith("perClass.", StringComparison.Ordinal)) continue;
            reasons[name] = name.EndsWith("appa", StringComparison.Ordinal) ? "every image has the same true and predicted class, so agreement by chance is complete"
                : name.EndsWith("sensitivity", StringComparison.Ordinal) ? "no image is truly positive"
                : name.EndsWith("specificity", StringComparison.Ordinal) ? "no image is truly negative"
                : name.EndsWith(".averagePrecision", StringComparison.Ordinal) ? "no image is truly positive"
                : name.Contains("specificityAt", StringComparison.Ordinal) || name.EndsWith(".auc", StringComparison.Ordinal) ? "no image is truly positive, or none truly negative"
                : name.EndsWith("positivePredictiveValue", StringComparison.Ordinal) ? "no image was predicted positive"
                : name.EndsWith("negativePredictiveValue", StringComparison.Ordinal) ? "no image was predicted negative"
                : "every image is of one true class";
        }
        if (predictions.Probabilities is null)
        {
            foreach (var name in (string[])["auc", "aucWeighted", "averagePrecision", "logLoss", "brier", "expectedCalibrationError"])
                reasons[name] = "no probabilities were given (columns p0, p1, …)";
        }
        else
        {
            var absent = Enumerable.Range(0, matrix.ClassCount).Where(c => matrix.Support(c) == 0).ToArray();
            if (absent.Length > 0 && scores["auc"] is not null)
                reasons["auc"] = $"mean over the classes that occur; no image is truly of class {string.Join(", ", absent)}";
        }
        return reasons;
    }
}
