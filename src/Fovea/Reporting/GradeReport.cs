using System.Globalization;
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
    /// <summary>Said with every result.</summary>
    public const string ResearchNotice = "research software, not a medical device";

    /// <summary>The grade that lesions speak for; null where nobody asked for one, and then left out of JSON.</summary>
    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public SecondOpinion? SecondOpinion { get; init; }

    public static GradeReport Of(GradeResult result, GradingModel model, QualityReport? quality = null, string? heatmap = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(result, model.Card.Classes, model.Name, model.Card.WeightsSha256, quality, heatmap);
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
            Path.GetFileName(model), modelSha256, quality is null ? null : ReportedQuality.Of(quality), heatmap, ResearchNotice);
    }

    /// <summary>One line, e.g. <c>a.jpg: grade 2, moderate (71 %); refer to an ophthalmologist</c>.</summary>
    public string Line()
    {
        var number = Grade.ToString(CultureInfo.InvariantCulture);
        var name = GradeName == number ? "" : $", {GradeName}";
        return string.Create(CultureInfo.InvariantCulture, $"{Image}: grade {number}{name} ({Probabilities[Grade] * 100:0} %); {Advice}{Doubt()}{SecondOpinion?.Words()}");
    }

    private string Doubt() => Quality is { Gradable: false } bad ? $"; doubtful, the photograph is {bad.Problems[0]}" : "";

    private static string AdviceFor(bool referable) => referable ? "refer to an ophthalmologist" : "no referral; screen again at the usual interval";
}
