using Fovea.Quality;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Hosting;
using Fovea.Web.Review;
using Fovea.Web.Storage;

namespace Fovea.Web.Images;

internal sealed record AdviceAnswer(string Code, string Text);

/// <param name="Classes">Of an OCT scan: the names of what <paramref name="Probabilities"/> are of; null for a photograph.</param>
internal sealed record ResultAnswer(
    Outcome Outcome, FoundQuality? Quality, int? Grade, string? GradeName, IReadOnlyList<double>? Probabilities, double? Score, bool Referable, IReadOnlyList<int>? Set, double? SetCoverage, bool Unsure,
    IReadOnlyList<UnsureReason> UnsureReasons, AdviceAnswer Advice, bool Heatmap, IReadOnlyList<FoundLesion>? Lesions, UsedModel Model, string? Detail, string AnalysedAt, double Seconds, string Notice,
    IReadOnlyList<string>? Classes);

/// <param name="Kind"><c>fundus</c> or <c>oct</c>; null before the result.</param>
internal sealed record ImageAnswer(
    string Id, string ExaminationId, string Name, string Format, ImageKind? Kind, long Width, long Height, long Bytes, string UploadedAt, string? Eye, string? EyeSource, string State, int? QueuePosition,
    ResultAnswer? Result, ReviewAnswer Review);

/// <summary>An image with its result, as one row.</summary>
internal sealed record ImageRow
{
    public const string Sql =
        "SELECT i.*, r.body, r.analysed_at, CASE WHEN r.map IS NULL THEN 0 ELSE 1 END AS has_map FROM images i LEFT JOIN results r ON r.image_id = i.id ";

    public string Id { get; init; } = "";
    public string ExaminationId { get; init; } = "";
    public string Name { get; init; } = "";
    public string Format { get; init; } = "";
    public long Width { get; init; }
    public long Height { get; init; }
    public long Bytes { get; init; }
    public string Sha256 { get; init; } = "";
    public string? Eye { get; init; }
    public string? EyeSource { get; init; }
    public string UploadedAt { get; init; } = "";
    public string Review { get; init; } = "";
    public long? FinalGrade { get; init; }
    public long FinalUngradable { get; init; }
    public long Pending { get; init; }
    public string? Body { get; init; }
    public string? AnalysedAt { get; init; }
    public long HasMap { get; init; }

    public AnalysisResult? Result => Body is null ? null : ServiceJson.Read<AnalysisResult>(Body);
}

/// <summary>Images as the API shows them to one caller.</summary>
internal static class ImageAnswers
{
    public static async Task<ImageAnswer> OneAsync(Work work, string id, Caller caller, string language) =>
        (await ReadAsync(work, await work.QueryAsync<ImageRow>(ImageRow.Sql + "WHERE i.id = @id", new { id }), caller, language)).FirstOrDefault() ?? throw Faults.NotFound("image");

    public static async Task<IReadOnlyList<ImageAnswer>> OfExaminationAsync(Work work, string examination, Caller caller, string language) =>
        await ReadAsync(work, await work.QueryAsync<ImageRow>(ImageRow.Sql + "WHERE i.examination_id = @examination ORDER BY i.id", new { examination }), caller, language);

    private static async Task<List<ImageAnswer>> ReadAsync(Work work, List<ImageRow> rows, Caller caller, string language)
    {
        var answers = new List<ImageAnswer>();
        foreach (var row in rows)
        {
            var reviews = row.Review == ReviewStates.None ? [] : await work.QueryAsync<ReviewRow>("SELECT * FROM reviews WHERE image_id = @Id ORDER BY position", new { row.Id });
            int? position = row.Pending == 0 ? null
                : (int)await work.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE pending = 1 AND (uploaded_at < @UploadedAt OR (uploaded_at = @UploadedAt AND id <= @Id))", new { row.UploadedAt, row.Id });
            var result = ResultOf(row, language, out var kind);
            answers.Add(new ImageAnswer(row.Id, row.ExaminationId, row.Name, row.Format, kind, row.Width, row.Height, row.Bytes, row.UploadedAt, row.Eye, row.EyeSource,
                row.Pending == 0 ? "done" : "queued", position, result, ReviewAnswer.Of(row, reviews, caller)));
        }
        return answers;
    }

    private static ResultAnswer? ResultOf(ImageRow row, string language, out ImageKind? kind)
    {
        kind = null;
        if (row.Result is not { } r) return null;
        kind = r.Kind;
        var (referable, unsure) = (r.Referable, r.UnsureReasons.Count > 0);
        var advice = r.Outcome switch
        {
            Outcome.Graded when referable => "refer",
            Outcome.Graded when unsure => "person",
            Outcome.Graded => "rescreen",
            Outcome.Failed or Outcome.NoModel => "person",
            _ => "retake",
        };
        var quality = r.Quality is null ? null : r.Quality with { Problems = [.. r.Quality.Problems.Select(p => Localised(p, language))] };
        return new ResultAnswer(r.Outcome, quality, r.Grade, r.GradeName, r.Probabilities, r.Score, referable, r.Set, r.SetCoverage, unsure, r.UnsureReasons,
            new AdviceAnswer(advice, Words.Advice(advice, language)), row.HasMap != 0, r.Lesions, r.Model, r.Outcome == Outcome.NoModel ? Words.NoModel(language) : r.Detail, row.AnalysedAt!,
            r.Seconds, Reporting.GradeReport.ResearchNotice, r.Classes);
    }

    private static FoundProblem Localised(FoundProblem problem, string language)
    {
        var (finding, advice) = Words.Quality(problem.Code, problem.Finding, problem.Advice, language);
        return new FoundProblem(problem.Code, finding, advice);
    }
}
