using System.Data.Common;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Images;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Review;

/// <param name="Decision"><c>agree</c> with the machine, or <c>override</c>.</param>
/// <param name="Grade">0 … 4 of an override; null with <paramref name="Ungradable"/>.</param>
/// <param name="Seconds">That the reader took, as the page measured.</param>
internal sealed record NewReview(string Decision, int? Grade = null, bool Ungradable = false, string? Reason = null, int? Seconds = null);

/// <summary>Reading by people: first reader, second reader blind to the first, arbitration where they differ.</summary>
internal static class ReviewEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/images/{id}/reviews", AddAsync).WithTags("reviews").ForRoles(Roles.Reading);

    private static async Task<IResult> AddAsync(string id, NewReview body, HttpContext context, Database database, SettingsStore store, Changes changes)
    {
        var (caller, language, settings) = (Caller.Of(context), Words.Language(context), await store.GetAsync());
        if (caller.SessionHash is null) throw new RequestException(403, "forbidden", "the review: only a person can read. Sign in.");
        try
        {
            var answer = await database.WriteAsync(async work =>
            {
                await ReviewAsync(work, id, Checked(body), caller, settings);
                return await ImageAnswers.OneAsync(work, id, caller, language);
            });
            changes.Announce(answer.ExaminationId);
            return TypedResults.Created($"/api/v1/images/{id}", answer);
        }
        catch (DbException e) when (database.Dialect.IsDuplicate(e))
        {
            throw Faults.Conflict("already-reviewed", "the image: somebody reviewed it at the same moment. Load it again.");
        }
    }

    private static NewReview Checked(NewReview review)
    {
        if (review.Seconds is < 0 or > 86_400) throw Faults.Invalid("seconds", "0 to 86400 are possible.");
        switch (review.Decision)
        {
            case "agree":
                if (review.Grade is not null || review.Ungradable) throw Faults.Invalid("grade", "agreeing takes no grade.");
                return review with { Reason = Text.Checked("reason", review.Reason, 0, 2000, lines: true) };
            case "override":
                if (review.Ungradable == review.Grade is not null) throw Faults.Invalid("grade", "an override takes a grade, or ungradable, and not both.");
                if (review.Grade is < 0 or > 4) throw Faults.Invalid("grade", "0 to 4 are possible.");
                return review with { Reason = Text.Checked("reason", review.Reason, 3, 2000, lines: true) };
            default:
                throw Faults.Invalid("decision", "there are agree and override.");
        }
    }

    private static async Task ReviewAsync(Work work, string id, NewReview review, Caller caller, ServiceSettings settings)
    {
        await work.FirstAsync<string>("SELECT id FROM images WHERE id = @id" + work.Dialect.ForUpdate, new { id });
        var image = await work.FirstAsync<ImageRow>(ImageRow.Sql + "WHERE i.id = @id", new { id }) ?? throw Faults.NotFound("image");
        if (image.Result is not { } result || image.Review == ReviewStates.None) throw Faults.Conflict("not-analysed", "the image: it has no result that could be reviewed. Wait for it.");
        var reviews = await work.QueryAsync<ReviewRow>("SELECT * FROM reviews WHERE image_id = @id ORDER BY position", new { id });
        if (image.Review == ReviewStates.Final) throw Faults.Conflict("already-reviewed", "the image: its review is final.");
        if (reviews.Any(r => r.ReaderId == caller.Id)) throw Faults.Conflict("already-reviewed", "the image: you have reviewed it. Another person reads next.");
        var arbitration = image.Review == ReviewStates.AwaitingArbitration;
        if (arbitration && !caller.Is(Roles.Ophthalmologist)) throw new RequestException(403, "forbidden", "the image: an ophthalmologist arbitrates.");
        if (arbitration && review.Decision == "agree") throw Faults.Invalid("decision", "give the grade: the readers differ.");
        var (grade, ungradable) = review.Decision == "agree" ? ((long?)result.Grade, result.Outcome == Outcome.Ungradable) : (review.Grade, review.Ungradable);
        await work.ExecuteAsync(
            "INSERT INTO reviews (id, image_id, position, decision, grade, ungradable, reason, reader_id, reader, created_at, seconds) VALUES (@reviewId, @id, @position, @Decision, @grade, @ungradable, @Reason, @readerId, @reader, @now, @seconds)",
            new
            {
                reviewId = Database.NewId(), id, position = reviews.Count + 1L, review.Decision, grade, ungradable = ungradable ? 1L : 0L, review.Reason, readerId = caller.Id, reader = caller.Name,
                now = Database.Now, seconds = (long?)review.Seconds,
            });
        var state = Next(reviews, review, grade, ungradable, settings.SecondReader);
        await work.ExecuteAsync("UPDATE images SET review = @state, final_grade = @finalGrade, final_ungradable = @final WHERE id = @id",
            new { id, state, finalGrade = state == ReviewStates.Final ? grade : null, final = state == ReviewStates.Final && ungradable ? 1L : 0L });
        await ExaminationState.RefreshAsync(work, image.ExaminationId);
        await AuditLog.AppendAsync(work, caller.Name, "review.add", $"image:{id}", new { role = ReviewRow.RoleOf(reviews.Count + 1), review.Decision, grade, ungradable });
    }

    /// <summary>The state after one more review.</summary>
    internal static string Next(IReadOnlyList<ReviewRow> before, NewReview review, long? grade, bool ungradable, string secondReader) => before.Count switch
    {
        0 => secondReader == "always" || (secondReader == "onOverride" && review.Decision == "override") ? ReviewStates.AwaitingSecond : ReviewStates.Final,
        1 => before[0].Equals(grade, ungradable) ? ReviewStates.Final : ReviewStates.AwaitingArbitration,
        _ => ReviewStates.Final,
    };
}
