using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Review;
using Fovea.Web.Storage;

namespace Fovea.Web.Analysis;

internal sealed record NewResult(string ImageId, AnalysisResult Result, StoredMap? Map);

/// <summary>Stores results: each image gets one, whoever comes first; a second one is dropped.</summary>
internal sealed class ResultWriter(Database database, Changes changes)
{
    public async Task<bool> WaitsAsync(string id) => await database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE id = @id AND pending = 1", new { id })) > 0;

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
                var review = result.Outcome is Outcome.Graded or Outcome.Ungradable ? ReviewStates.AwaitingFirst : ReviewStates.None;
                await work.ExecuteAsync(
                    "INSERT INTO results (image_id, outcome, grade, referable_from, unsure, body, map, model_sha256, analysed_at, waited) VALUES (@id, @outcome, @Grade, @ReferableFrom, @unsure, @body, @map, @sha, @at, @waited)",
                    new
                    {
                        id, outcome = ServiceJson.Text(result.Outcome).Trim('"'), result.Grade, result.ReferableFrom, unsure = result.UnsureReasons.Count > 0 ? 1L : 0L, body = ServiceJson.Text(result),
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

    internal sealed record Row
    {
        public string ExaminationId { get; init; } = "";
        public string UploadedAt { get; init; } = "";
    }
}
