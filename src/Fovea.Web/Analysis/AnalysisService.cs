using System.Threading.Channels;
using Fovea.Web.Hosting;
using Fovea.Web.Queue;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Analysis;

/// <summary>
/// Takes images from the queue, decodes several at a time, and grades what is ready as one batch: nothing waits for a batch to fill, and under load batches fill by themselves.
/// A result is committed before its message is acknowledged; when the process stops, what it has begun is finished.
/// </summary>
internal sealed partial class AnalysisService(
    IAnalysisQueue queue, LoadedModels models, ImageStore store, ResultWriter writer, SettingsStore settings, ServiceOptions options, Telemetry telemetry, ILogger<AnalysisService> log) : BackgroundService
{
    private readonly Channel<(QueuedImage Queued, PreparedPhotograph Photograph)> _prepared =
        Channel.CreateBounded<(QueuedImage, PreparedPhotograph)>(new BoundedChannelOptions(2 * options.MostBatch) { SingleReader = true });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var analysis = await models.GradingAsync(stoppingToken);
        var decoders = Enumerable.Range(0, options.Decoders).Select(_ => Task.Run(() => PrepareAllAsync(analysis, stoppingToken), CancellationToken.None)).ToArray();
        var grading = Task.Run(() => GradeAllAsync(analysis), CancellationToken.None);
        await Task.WhenAll(decoders);
        _prepared.Writer.Complete();
        await grading;
    }

    private async Task PrepareAllAsync(ImageAnalysis analysis, CancellationToken stop)
    {
        try
        {
            await foreach (var queued in queue.ReadAsync(stop))
            {
                try
                {
                    // A broker may deliver what another worker has done already.
                    if (queue.PublishAgainAfter is not null && !await writer.WaitsAsync(queued.Id))
                    {
                        await queued.DoneAsync();
                        continue;
                    }
                    var bytes = await store.ReadAsync(queued.Id, CancellationToken.None);
                    await _prepared.Writer.WriteAsync((queued, analysis.Prepare(queued.Id, bytes)), CancellationToken.None);
                }
                catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
                {
                    // Deleted while it waited.
                    await queued.DoneAsync();
                }
                catch (Exception e)
                {
                    LogFault(log, queued.Id, e);
                    var photograph = new PreparedPhotograph(queued.Id, System.Diagnostics.Stopwatch.GetTimestamp(), null, null, null, null);
                    await _prepared.Writer.WriteAsync((queued, photograph with { Result = analysis.Failed(photograph, "the image: its analysis failed. Try it again; if it stays, report it.") }), CancellationToken.None);
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The service stops; what waits stays in the queue.
        }
    }

    /// <summary>The result of an image whose analysis ended its worker again and again.</summary>
    public async Task GiveUpAsync(string id)
    {
        var analysis = await models.GradingAsync(CancellationToken.None);
        var photograph = new PreparedPhotograph(id, System.Diagnostics.Stopwatch.GetTimestamp(), null, null, null, null);
        await CommitAsync([new NewResult(id, analysis.Failed(photograph, "the image: its analysis ended the worker again and again. Report it."), null)]);
    }

    private async Task GradeAllAsync(ImageAnalysis analysis)
    {
        var batch = new List<(QueuedImage Queued, PreparedPhotograph Photograph)>();
        while (await _prepared.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < options.MostBatch && _prepared.Reader.TryRead(out var next)) batch.Add(next);
            var least = (await settings.GetAsync()).LeastProbability;
            var results = Grade(analysis, [.. batch.Select(b => b.Photograph)], least);
            await CommitAsync(results);
            foreach (var (queued, _) in batch) await queued.DoneAsync();
            telemetry.Analysed(results);
        }
    }

    private List<NewResult> Grade(ImageAnalysis analysis, IReadOnlyList<PreparedPhotograph> batch, double least)
    {
        var results = batch.Where(p => p.Result is not null).Select(p => new NewResult(p.Id, p.Result!, null)).ToList();
        PreparedPhotograph[] gradable = [.. batch.Where(p => p.Result is null)];
        if (gradable.Length == 0) return results;
        try
        {
            results.AddRange(gradable.Zip(analysis.Grade(gradable, least), (p, r) => new NewResult(p.Id, r.Result, r.Map)));
        }
        catch (Exception e) when (gradable.Length > 1)
        {
            // One image must not take the others' grade away.
            LogFault(log, "batch", e);
            foreach (var one in gradable) results.AddRange(Grade(analysis, [one], least));
        }
        catch (Exception e)
        {
            LogFault(log, gradable[0].Id, e);
            results.Add(new NewResult(gradable[0].Id, analysis.Failed(gradable[0], e is Fovea.Models.ModelFileException ? e.Message : "the image: its analysis failed. Try it again; if it stays, report it."), null));
        }
        return results;
    }

    // A database that is away for a while must not cost results that are there.
    private async Task CommitAsync(IReadOnlyList<NewResult> results)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await writer.WriteAsync(results);
                return;
            }
            catch (Exception e) when (e is System.Data.Common.DbException or IOException or TimeoutException && attempt < 60)
            {
                LogRetry(log, attempt, e.GetType().Name);
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5000, 100 * attempt)));
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The analysis of {Id} failed")]
    private static partial void LogFault(ILogger logger, string id, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Results could not be committed, attempt {Attempt}: {Kind}")]
    private static partial void LogRetry(ILogger logger, int attempt, string kind);
}
