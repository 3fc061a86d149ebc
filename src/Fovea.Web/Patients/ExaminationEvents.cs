using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Patients;

/// <summary>Follows an examination by server-sent events until every image has its result.</summary>
internal static class ExaminationEvents
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1), KeepAlive = TimeSpan.FromSeconds(15), Longest = TimeSpan.FromMinutes(30);

    public static async Task FollowAsync(string id, HttpContext context, Database database, SettingsStore store, Changes changes, AuditLog audit, IHostApplicationLifetime life)
    {
        var (caller, language) = (Caller.Of(context), Words.Language(context));
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, life.ApplicationStopping);
        end.CancelAfter(Longest);
        var sent = new Dictionary<string, string>();
        var quietSince = DateTimeOffset.UtcNow;
        try
        {
            while (true)
            {
                var next = changes.NextAsync(id);
                var settings = await store.GetAsync();
                ExaminationAnswer answer;
                try
                {
                    answer = await database.ReadAsync(w => ExaminationAnswer.ReadAsync(w, id, caller, language, settings), end.Token);
                }
                catch (RequestException) when (context.Response.HasStarted)
                {
                    return; // deleted meanwhile
                }
                if (!context.Response.HasStarted)
                {
                    await audit.SawAsync(caller.Name, "examination.view", $"examination:{id}");
                    context.Response.ContentType = "text/event-stream";
                    context.Response.Headers.CacheControl = "no-store";
                    context.Response.Headers["X-Accel-Buffering"] = "no";
                }
                foreach (var image in answer.Images) await SendAsync(context, sent, image.Id, "image", ServiceJson.Text(image), end.Token);
                await SendAsync(context, sent, "", "examination", ServiceJson.Text(new { answer.Id, answer.State, answer.Summary, answer.Review }), end.Token);
                if (answer.Images.All(i => i.State == "done"))
                {
                    await context.Response.WriteAsync("event: done\ndata: {}\n\n", end.Token);
                    return;
                }
                await context.Response.Body.FlushAsync(end.Token);
                await Task.WhenAny(next, Task.Delay(LookAgain, end.Token));
                end.Token.ThrowIfCancellationRequested();
                if (DateTimeOffset.UtcNow - quietSince <= KeepAlive) continue;
                await context.Response.WriteAsync(": keep-alive\n\n", end.Token);
                quietSince = DateTimeOffset.UtcNow;
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested && context.Response.HasStarted)
        {
            // The browser went away, or the service stops: it connects again.
        }
    }

    private static async Task SendAsync(HttpContext context, Dictionary<string, string> sent, string key, string name, string data, CancellationToken cancel)
    {
        if (sent.TryGetValue(key, out var before) && before == data) return;
        sent[key] = data;
        await context.Response.WriteAsync($"event: {name}\ndata: {data}\n\n", cancel);
    }
}
