using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Review;
using Fovea.Web.Storage;

namespace Fovea.Web.Analysis;

internal sealed record NewResult(string ImageId, AnalysisResult Result, StoredMap? Map);

/// <summary>Stores results: each image gets one, whoever comes first; a second one is dropped.</summary>
internal sealed class ResultWriter(Database database, Changes changes)
{
    /// <summary>Which of these images still wait for a result; the others have one or were deleted.</summary>
    /// <param name="count">Counts, so that it outlives this process, that their analysis begins.</param>
    /// <returns>Of each that waits which attempt this is, 1 for the first.</returns>
    public async Task<Dictionary<string, long>> BeginAsync(IReadOnlyList<string> ids, bool count)
    {
        var among = new { ids = ids.ToArray() };
        var waiting = count
            ? await database.WriteLooselyAsync(w => w.QueryAsync<Attempt>($"UPDATE images SET attempts = attempts + 1 WHERE {w.Dialect.AmongIds} AND pending = 1 RETURNING id, attempts", among))
            : await database.ReadAsync(w => w.QueryAsync<Attempt>($"SELECT id, CAST(1 AS bigint) AS attempts FROM images WHERE {w.Dialect.AmongIds} AND pending = 1", among));
        return waiting.ToDictionary(a => a.Id, a => a.Attempts);
    }

    /// <summary>Images whose analysis began before and did not end, the least tried first: this process, or the one before it, ended meanwhile.</summary>
    public Task<List<string>> BegunBeforeAsync() => database.ReadAsync(w => w.QueryAsync<string>("SELECT id FROM images WHERE pending = 1 AND attempts > 0 ORDER BY attempts, uploaded_at, id"));

    public async Task WriteAsync(IReadOnlyList<NewResult> results)
    {
        var changed = await database.WriteAsync(async work =>
        {
            var examinations = new SortedSet<string>(StringComparer.Ordinal); // one order for everybody, or two workers may wait for each other
            // As the images' rows are locked in this order too.
            foreach (var (id, result, map) in results.OrderBy(r => r.ImageId, StringComparer.Ordinal))
            {
                var image = await work.FirstAsync<Row>("SELECT examination_id, uploaded_at FROM images WHERE id = @id AND pending = 1" + work.Dialect.ForUpdate, new { id });
                if (image is null) continue; // deleted, or another worker was faster
                var now = DateTimeOffset.UtcNow;
                // Readers give grades of retinopathy, which a scan has none of.
                var review = result is { Kind: ImageKind.Fundus, Outcome: Outcome.Graded or Outcome.Ungradable } ? ReviewStates.AwaitingFirst : ReviewStates.None;
                await work.ExecuteAsync(
                    "INSERT INTO results (image_id, outcome, kind, grade, referable_from, referable, unsure, body, map, model_sha256, analysed_at, waited) VALUES (@id, @outcome, @kind, @Grade, @ReferableFrom, @referable, @unsure, @body, @map, @sha, @at, @waited)",
                    new
                    {
                        id, outcome = ServiceJson.Text(result.Outcome).Trim('"'), kind = ServiceJson.Text(result.Kind).Trim('"'), result.Grade, result.ReferableFrom, referable = result.Referable ? 1L : 0L, unsure = result.UnsureReasons.Count > 0 ? 1L : 0L, body = ServiceJson.Text(result),
                        map = map is null ? null : ServiceJson.Text(map), sha = result.Model.Sha256, at = Database.Time(now), waited = Math.Round((now - Database.Time(image.UploadedAt)).TotalSeconds, 3),
                    });
                await work.ExecuteAsync("UPDATE images SET pending = 0, review = @review WHERE id = @id", new { id, review });
                examinations.Add(image.ExaminationId);
            }
            foreach (var examination in examinations) await ExaminationState.RefreshAsync(work, examination);
            if (examinations.Count > 0)
                await AuditLog.AppendAsync(work, "system", "analysis.results", "images", new { images = results.Select(r => r.ImageId), model = results[0].Result.Model.Id });
            return examinations;
        });
        foreach (var examination in changed) changes.Announce(examination);
    }

    internal sealed record Attempt
    {
        public string Id { get; init; } = "";
        public long Attempts { get; init; }
    }

    internal sealed record Row
    {
        public string ExaminationId { get; init; } = "";
        public string UploadedAt { get; init; } = "";
    }
}
