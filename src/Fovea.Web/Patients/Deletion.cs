using Fovea.Web.Audit;
using Fovea.Web.Analysis;
using Fovea.Web.Hosting;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Patients;

/// <summary>Deletes for good: rows, files, and what the database keeps of deleted rows. The audit log keeps that it happened, and nothing of the patient.</summary>
internal sealed class Deletion(Database database, ImageStore store, Changes changes)
{
    public Task PatientAsync(string id, string reason, string actor) => RunAsync(async work =>
    {
        if (await work.FirstAsync<string>("SELECT id FROM patients WHERE id = @id" + work.Dialect.ForUpdate, new { id }) is null) throw Faults.NotFound("patient");
        List<string> images = [];
        var examinations = await work.QueryAsync<string>("SELECT id FROM examinations WHERE patient_id = @id", new { id });
        foreach (var examination in examinations) images.AddRange(await ExaminationAsync(work, examination));
        await work.ExecuteAsync("DELETE FROM patients WHERE id = @id", new { id });
        await AuditLog.AppendAsync(work, actor, "patient.delete", $"patient:{id}", new { reason, examinations, images });
        return images;
    });

    public async Task ExaminationAsync(string id, string reason, string actor)
    {
        await RunAsync(async work =>
        {
            if (await work.FirstAsync<string>("SELECT id FROM examinations WHERE id = @id" + work.Dialect.ForUpdate, new { id }) is null) throw Faults.NotFound("examination");
            var images = await ExaminationAsync(work, id);
            await AuditLog.AppendAsync(work, actor, "examination.delete", $"examination:{id}", new { reason, images });
            return images;
        });
        changes.Announce(id);
    }

    public async Task ImageAsync(string id, string reason, string actor)
    {
        var examination = "";
        await RunAsync(async work =>
        {
            examination = await work.FirstAsync<string>("SELECT examination_id FROM images WHERE id = @id" + work.Dialect.ForUpdate, new { id }) ?? throw Faults.NotFound("image");
            await ImageAsync(work, id);
            await ExaminationState.RefreshAsync(work, examination);
            await AuditLog.AppendAsync(work, actor, "image.delete", $"image:{id}", new { reason, examination });
            return [id];
        });
        changes.Announce(examination);
    }

    private static async Task<List<string>> ExaminationAsync(Work work, string id)
    {
        var images = await work.QueryAsync<string>("SELECT id FROM images WHERE examination_id = @id" + work.Dialect.ForUpdate, new { id });
        foreach (var image in images) await ImageAsync(work, image);
        await work.ExecuteAsync("DELETE FROM examinations WHERE id = @id", new { id });
        return images;
    }

    private static async Task ImageAsync(Work work, string id)
    {
        foreach (var table in (string[])["annotations", "reviews", "results"]) await work.ExecuteAsync($"DELETE FROM {table} WHERE image_id = @id", new { id });
        // An answer that is kept for a repeated upload names the file.
        await work.ExecuteAsync("DELETE FROM idempotency WHERE answer LIKE @like", new { like = $"%{id}%" });
        await work.ExecuteAsync("DELETE FROM images WHERE id = @id", new { id });
    }

    // Rows first: a crash in between leaves files without rows, which the next start deletes; never rows without files.
    private async Task RunAsync(Func<Work, Task<List<string>>> delete)
    {
        foreach (var image in await database.WriteAsync(delete)) store.Delete(image);
        await database.ForgetDeletedAsync();
    }
}

/// <summary>Once an hour: what is older than the retention period goes, files that a crash left go, and answers kept for repeated uploads go after a day.</summary>
internal sealed partial class Retention(Database database, Deletion deletion, ImageStore store, SettingsStore settings, ServiceOptions options, ILogger<Retention> log) : BackgroundService
{
    private static readonly TimeSpan Turn = TimeSpan.FromHours(1), OrphanAge = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.IsWorkerOnly) return;
        await Task.Yield();
        // At its own start a lone service has no upload under way, and what has no row is of a crash; beside other machines only what is old is.
        var age = options.DatabaseUrl is null ? TimeSpan.Zero : OrphanAge;
        try
        {
            var started = DateTimeOffset.UtcNow;
            while (true)
            {
                await TidyAsync(age == TimeSpan.Zero ? DateTimeOffset.UtcNow - started : age);
                age = OrphanAge;
                await Task.Delay(Turn, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the service stops
        }
    }

    internal async Task TidyAsync(TimeSpan orphanAge)
    {
        try
        {
            if ((await settings.GetAsync()).RetentionDays is { } days)
            {
                var before = Database.Time(DateTimeOffset.UtcNow.AddDays(-days))[..10];
                foreach (var id in await database.ReadAsync(w => w.QueryAsync<string>("SELECT id FROM examinations WHERE examined_on < @before", new { before })))
                    await deletion.ExaminationAsync(id, $"older than {days} days", "system");
            }
            await database.WriteAsync(w => w.ExecuteAsync("DELETE FROM idempotency WHERE created_at < @before", new { before = Database.Time(DateTimeOffset.UtcNow.AddDays(-1)) }));
            foreach (var id in store.OlderThan(orphanAge))
                if (await database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE id = @id", new { id })) == 0) store.Delete(id);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or RequestException)
        {
            LogFailed(log, e.GetType().Name); // again in an hour
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Tidying did not succeed: {Kind}")]
    private static partial void LogFailed(ILogger logger, string kind);
}
