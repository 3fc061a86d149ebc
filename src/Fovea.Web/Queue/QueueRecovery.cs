using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Queue;

/// <summary>At start, hands over what was accepted and has no result; where a broker may lose messages, again from time to time.</summary>
internal sealed partial class QueueRecovery(IAnalysisQueue queue, Database database, ServiceOptions options, ILogger<QueueRecovery> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.IsWorkerOnly) return;
        await Task.Yield();
        try
        {
            await RecoverAsync(Database.Now, stoppingToken);
            while (queue.PublishAgainAfter is { } age)
            {
                await Task.Delay(age / 2, stoppingToken);
                await RecoverAsync(Database.Time(DateTimeOffset.UtcNow - age), stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the service stops
        }
    }

    private async Task RecoverAsync(string before, CancellationToken stop)
    {
        try
        {
            var ids = await database.ReadAsync(w => w.QueryAsync<string>("SELECT id FROM images WHERE pending = 1 AND uploaded_at <= @before ORDER BY uploaded_at, id", new { before }), stop);
            if (ids.Count == 0) return;
            LogRecovered(log, ids.Count);
            await queue.PublishAsync(ids, stop);
        }
        catch (Exception e) when (e is System.Data.Common.DbException or IOException or TimeoutException or QueueException)
        {
            LogFailed(log, e.GetType().Name); // tried again at the next turn
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} accepted images without a result are handed over")]
    private static partial void LogRecovered(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting images could not be handed over: {Kind}")]
    private static partial void LogFailed(ILogger logger, string kind);
}

/// <summary>The broker cannot be reached now.</summary>
internal sealed class QueueException(string message, Exception? inner = null) : Exception(message, inner);
