using Fovea.Web.Review;
using Fovea.Web.Storage;

namespace Fovea.Web.Analysis;

/// <summary>One image's part in what is said of its examination.</summary>
internal sealed record ImageFacts
{
    public string? Eye { get; init; }
    public string Review { get; init; } = "";
    public long? FinalGrade { get; init; }
    public long FinalUngradable { get; init; }
    public string? Outcome { get; init; }

    /// <summary><c>fundus</c> or <c>oct</c>; null before the result.</summary>
    public string? Kind { get; init; }

    public long? Referable { get; init; }
    public long? Grade { get; init; }
    public long? ReferableFrom { get; init; }
    public long? Unsure { get; init; }

    public bool IsFinal => Review == ReviewStates.Final;

    /// <summary>A scan has a class of its own and no grade of retinopathy.</summary>
    public bool IsScan => Kind == "oct";

    /// <summary>The readers' grade of retinopathy where they are done, else the machine's.</summary>
    public long? Effective => IsScan ? null : IsFinal ? FinalGrade : Outcome == "graded" ? Grade : null;

    public bool IsUngradable => Outcome is not null && !IsScan && Effective is null;
}

/// <summary>What an examination's images say together: the worst eye rules the patient.</summary>
/// <param name="Photographs">Images that are no OCT scan, or not known to be one yet.</param>
/// <param name="ReferByScan">A scan's class is one that is referred.</param>
/// <param name="State"><c>empty</c>, <c>analysing</c>, <c>needsEye</c> or <c>complete</c>.</param>
internal sealed record ExaminationFacts(string State, int Images, long? WorstGrade, string? WorstEye, bool Refer, bool Unsure, IReadOnlyList<string> UngradableEyes, bool Final, string Review, int Photographs, bool ReferByScan)
{
    public const string UnknownEye = "unknown";

    public static ExaminationFacts Of(IReadOnlyList<ImageFacts> images)
    {
        var worst = images.Where(i => i.Effective is not null).OrderByDescending(i => i.Effective).FirstOrDefault();
        // An eye with one good photograph is graded, however many poor ones there are.
        string[] ungradable = [.. images.Where(i => i is { Outcome: not null, IsScan: false }).GroupBy(i => i.Eye ?? UnknownEye).Where(eye => eye.All(i => i.IsUngradable)).Select(eye => eye.Key).Order()];
        var state = images.Count == 0 ? "empty" : images.Any(i => i.Outcome is null) ? "analysing" : images.Any(i => i.Eye is null && !i.IsUngradable) ? "needsEye" : "complete";
        var reviews = images.Where(i => i.Review != ReviewStates.None).Select(i => i.Review).ToArray();
        var review = new[] { ReviewStates.AwaitingArbitration, ReviewStates.AwaitingSecond, ReviewStates.AwaitingFirst, ReviewStates.Final }.FirstOrDefault(reviews.Contains) ?? ReviewStates.None;
        var byScan = images.Any(i => i is { IsScan: true, Referable: 1 });
        return new ExaminationFacts(state, images.Count, worst?.Effective, worst?.Eye, byScan || worst?.Effective >= worst?.ReferableFrom,
            images.Any(i => i is { Unsure: 1, IsFinal: false, Outcome: "graded" }), ungradable, review == ReviewStates.Final && state != "analysing", review,
            images.Count(i => !i.IsScan), byScan);
    }
}

/// <summary>Keeps the columns of an examination that follow from its images.</summary>
internal static class ExaminationState
{
    public const string FactsSql =
        "SELECT i.eye, i.review, i.final_grade, i.final_ungradable, r.outcome, r.kind, r.referable, r.grade, r.referable_from, r.unsure FROM images i LEFT JOIN results r ON r.image_id = i.id WHERE i.examination_id = @id ORDER BY i.id";

    /// <summary>Call it in the transaction of every change of images, results or reviews, as the last step before the audit log.</summary>
    public static async Task RefreshAsync(Work work, string id)
    {
        // Two changes at once would each miss the other's.
        await work.FirstAsync<string>("SELECT id FROM examinations WHERE id = @id" + work.Dialect.ForUpdate, new { id });
        var facts = ExaminationFacts.Of(await work.QueryAsync<ImageFacts>(FactsSql, new { id }));
        await work.ExecuteAsync(
            "UPDATE examinations SET state = @State, images = @Images, worst_grade = @WorstGrade, worst_eye = @WorstEye, refer = @refer, unsure = @unsure, ungradable = @ungradable, final = @final, review = @Review WHERE id = @id",
            new
            {
                id, facts.State, Images = (long)facts.Images, facts.WorstGrade, facts.WorstEye, refer = facts.Refer ? 1L : 0L, unsure = facts.Unsure ? 1L : 0L,
                ungradable = facts.UngradableEyes.Count > 0 ? 1L : 0L, final = facts.Final ? 1L : 0L, facts.Review,
            });
    }
}
