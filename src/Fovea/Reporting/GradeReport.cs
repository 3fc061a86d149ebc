using System.Globalization;
using System.Text.Json.Serialization;
using Fovea.Models;
using Fovea.Quality;

namespace Fovea.Reporting;

/// <summary>A photograph's quality as a report says it.</summary>
/// <param name="Gradable">False only where somebody insisted on a grade.</param>
/// <param name="Problems">What was found, the first to mend first; empty for a good photograph.</param>
public sealed record ReportedQuality(bool Gradable, IReadOnlyList<string> Problems)
{
    public static ReportedQuality Of(QualityReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportedQuality(report.Gradable, [.. report.Problems.Select(p => p.Finding)]);
    }
}

/// <summary>What is said about one photograph, for machines (as JSON, camelCase) and for people (<see cref="Line"/>).</summary>
/// <param name="Image">The photograph's name.</param>
/// <param name="Grade">0 … classes−1.</param>
/// <param name="GradeName">The grade in words, from the model file.</param>
/// <param name="Probabilities">One a grade; they sum to 1.</param>
/// <param name="Score">The expected grade.</param>
/// <param name="Referable">Whether an ophthalmologist should see the patient.</param>
/// <param name="Advice">The same in words.</param>
/// <param name="Model">The model file's name.</param>
/// <param name="ModelSha256">Of its weights.</param>
/// <param name="Quality">What was found of the photograph's quality; null when it was not judged.</param>
/// <param name="Heatmap">Path of the overlay that was written, or null.</param>
/// <param name="Notice">That this is research software.</param>
public sealed record GradeReport(
    string Image, int Grade, string GradeName, IReadOnlyList<double> Probabilities, double Score, bool Referable, string Advice, string Model, string ModelSha256,
    ReportedQuality? Quality, string? Heatmap, string Notice)
{
    /// <summary>Grades of which one is the true one with the probability <see cref="SetCoverage"/>, rising; null where the model file promises none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Set { get; init; }

    /// <summary>In (0, 1); null without <see cref="Set"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? SetCoverage { get; init; }

    /// <summary>Path of the panel that was written; null where none was asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Panel { get; init; }

    /// <summary>Said with every result.</summary>
    public const string ResearchNotice = "research software, not a medical device";

    /// <summary>The grade that lesions speak for; null where nobody asked for one, and then left out of JSON.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SecondOpinion? SecondOpinion { get; init; }

    /// <summary>The risk of macular oedema; null where no model tells it, and then left out of JSON.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DmeRiskReport? DmeRisk { get; init; }

    public static GradeReport Of(GradeResult result, GradingModel model, QualityReport? quality = null, string? heatmap = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(result, model.Card.Classes, model.Name, model.Card.WeightsSha256, quality, heatmap) with { SetCoverage = model.Card.Decoding.Conformal?.Coverage };
    }

    /// <param name="classes">Names of the grades.</param>
    /// <param name="model">Path of what graded.</param>
    /// <param name="modelSha256">Of its weights, or of the whole file where they are not apart.</param>
    public static GradeReport Of(GradeResult result, IReadOnlyList<string> classes, string model, string modelSha256, QualityReport? quality = null, string? heatmap = null)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(classes);
        var p = result.Prediction;
        return new GradeReport(result.Image, p.Grade, classes[p.Grade], p.Probabilities, p.Score, p.Referable, AdviceFor(p.Referable),
            Path.GetFileName(model), modelSha256, quality is null ? null : ReportedQuality.Of(quality), heatmap, ResearchNotice) { Set = p.Set };
    }

    /// <summary>One line, e.g. <c>a.jpg: grade 2, moderate (71 %); refer to an ophthalmologist</c>.</summary>
    public string Line()
    {
        var number = Grade.ToString(CultureInfo.InvariantCulture);
        var name = GradeName == number ? "" : $", {GradeName}";
        return string.Create(CultureInfo.InvariantCulture, $"{Image}: grade {number}{name} ({Probabilities[Grade] * 100:0} %){Span()}; {Advice}{Doubt()}{DmeRisk?.Words()}{SecondOpinion?.Words()}");
    }

    /// <summary>", with 90 % coverage 1–2" where the set holds more than the grade.</summary>
    private string Span()
    {
        if (Set is not { Count: > 0 } set || SetCoverage is not { } coverage || (set.Count == 1 && set[0] == Grade)) return "";
        var grades = set.Count == 1 ? $"{set[0]}" : set[^1] - set[0] == set.Count - 1 ? $"{set[0]}–{set[^1]}" : string.Join(", ", set);
        return string.Create(CultureInfo.InvariantCulture, $", with {coverage * 100:0.#} % coverage {grades}");
    }

    private string Doubt() => Quality is { Gradable: false } bad ? $"; doubtful, the photograph is {bad.Problems[0]}" : "";

    private static string AdviceFor(bool referable) => referable ? "refer to an ophthalmologist" : "no referral; screen again at the usual interval";
}
