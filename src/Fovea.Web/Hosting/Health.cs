using Fovea.Web.Analysis;
using Fovea.Web.Queue;
using Fovea.Web.Storage;

namespace Fovea.Web.Hosting;

internal sealed record HealthAnswer(string Status, bool Database, bool Model, bool Queue);

/// <summary>Live: the process answers. Ready: it can take and analyse images.</summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => new { Status = "live" }).AllowAnonymous().WithTags("health");
        app.MapGet("/health/ready", ReadyAsync).AllowAnonymous().WithTags("health");
    }

    private static async Task<IResult> ReadyAsync(Database database, LoadedModels models, IAnalysisQueue queue, HttpContext context)
    {
        var answers = false;
        try
        {
            answers = await database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM schema_versions"), context.RequestAborted) > 0;
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or TimeoutException)
        {
            // not ready
        }
        var ready = answers && models.IsReady && queue.IsConnected;
        return TypedResults.Json(new HealthAnswer(ready ? "ready" : "not ready", answers, models.IsReady, queue.IsConnected), ServiceJson.Options, statusCode: ready ? 200 : 503);
    }
}
