using System.Threading.Channels;
using Fovea.Web.Hosting;
using Fovea.Web.Queue;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Analysis;

/// <summary>
/// Takes images from the queue, decodes several at a time, and grades what is ready as one batch: nothing waits for a batch to fill, and under load batches fill by themselves.
/// A result is committed before its message is acknowledged; when the process stops, what it has begun is finished. What a process that died had begun is tried again alone, and given up after a few times.
/// </summary>
internal sealed partial class AnalysisService(
    IAnalysisQueue queue, LoadedModels models, ImageStore store, ResultWriter writer, SettingsStore settings, ServiceOptions options, Telemetry telemetry, ILogger<AnalysisService> log) : BackgroundService
{
    /// <summary>
    /// Analyses that may begin and not end before an image is given up. More than two, because whoever kills the process (SIGKILL, no memory) while a good image is being looked at must not cost it its grade.
    /// </summary>
    internal const int MostAttempts = 3;

    /// <summary>Tries to read an image's file, about half a minute together.</summary>
    private const int MostTurns = 24, MostTurnsWithoutFile = 4; // a shared folder may show a file late

    private const string Report = "the image: its analysis failed. Try it again; if it stays, report it.";

    /// <summary>Images that are counted in one transaction; few, because all of them are tried alone where the process ends before their results are committed.</summary>
    private const int MostBegun = 4;

    private readonly Channel<(QueuedImage Queued, long Attempt)> _begun = Channel.CreateBounded<(QueuedImage, long)>(new BoundedChannelOptions(options.Decoders) { SingleWriter = true });

    private readonly Channel<(QueuedImage Queued, PreparedPhotograph Photograph)> _prepared =
        Channel.CreateBounded<(QueuedImage, PreparedPhotograph)>(new BoundedChannelOptions(2 * options.MostBatch) { SingleReader = true });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var analysis = await models.GradingAsync(stoppingToken);
        if (!queue.CountsDeliveries) await RetryAsync(analysis, stoppingToken);
        var decoders = Enumerable.Range(0, options.Decoders).Select(_ => Task.Run(() => PrepareAllAsync(analysis), CancellationToken.None)).ToArray();
        var grading = Task.Run(() => GradeAllAsync(analysis), CancellationToken.None);
        await BeginAllAsync(stoppingToken);
        _begun.Writer.Complete();
        await Task.WhenAll(decoders);
        _prepared.Writer.Complete();
        await grading;
    }

    /// <summary>What had begun when the process ended before: one at a time, so that only the image that ends it is blamed.</summary>
    private async Task RetryAsync(ImageAnalysis analysis, CancellationToken stop)
    {
        foreach (var id in await writer.BegunBeforeAsync())
        {
            if (stop.IsCancellationRequested) return;
            if (!(await writer.BeginAsync([id], count: true)).TryGetValue(id, out var attempt)) continue;
            LogRetried(log, id);
            await CommitAsync(Grade(analysis, [await PrepareAsync(analysis, id, attempt)], (await settings.GetAsync()).LeastProbability));
        }
    }

    /// <summary>Takes images from the queue and counts that their analysis begins, some at a time: decoders must not stand in the line of those who write to the database.</summary>
    private async Task BeginAllAsync(CancellationToken stop)
    {
        try
        {
            await using var images = queue.ReadAsync(stop).GetAsyncEnumerator(stop);
            var next = images.MoveNextAsync().AsTask();
            while (await next)
            {
                List<QueuedImage> taken = [images.Current];
                next = images.MoveNextAsync().AsTask();
                while (taken.Count < MostBegun && next is { IsCompletedSuccessfully: true, Result: true })
                {
                    taken.Add(images.Current);
                    next = images.MoveNextAsync().AsTask();
                }
                // A broker may deliver what another worker has done already; what was tried at the start comes again from the queue; and an image may have been deleted.
                var begun = await PatientlyAsync(() => writer.BeginAsync([.. taken.Select(t => t.Id)], count: !queue.CountsDeliveries));
                foreach (var queued in taken)
                {
                    if (begun.TryGetValue(queued.Id, out var attempt)) await _begun.Writer.WriteAsync((queued, attempt), CancellationToken.None);
                    else await queued.DoneAsync();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The service stops; what waits stays in the queue.
        }
    }

    private async Task PrepareAllAsync(ImageAnalysis analysis)
    {
        await foreach (var (queued, attempt) in _begun.Reader.ReadAllAsync())
            await _prepared.Writer.WriteAsync((queued, await PrepareAsync(analysis, queued.Id, attempt)));
    }

    private async Task<PreparedPhotograph> PrepareAsync(ImageAnalysis analysis, string id, long attempt)
    {
        if (attempt > MostAttempts) return Failed(analysis, id, $"the image: the service ended {MostAttempts} times while it was looked at. Report it.");
        try
        {
            return analysis.Prepare(id, await PatientlyAsync(() => store.ReadAsync(id, CancellationToken.None)));
        }
        catch (Exception e)
        {
            LogFault(log, id, e);
            // Where it was deleted meanwhile, this result is dropped.
            return Failed(analysis, id, e is FileNotFoundException or DirectoryNotFoundException ? "the image: its file is gone from the data folder. Bring it back from a backup, or delete the image." : Report);
        }
    }

    /// <summary>A database or a shared folder that is away for a while must not cost an image its grade.</summary>
    private async Task<T> PatientlyAsync<T>(Func<Task<T>> get)
    {
        for (var turn = 1; ; turn++)
        {
            try
            {
                return await get();
            }
            catch (Exception e) when (e is System.Data.Common.DbException or TimeoutException || (e is IOException && turn < (e is FileNotFoundException or DirectoryNotFoundException ? MostTurnsWithoutFile : MostTurns)))
            {
                LogAway(log, turn, Kind(e));
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(2000, 100 * turn)));
            }
        }
    }

    /// <summary>For the log, which holds no message: it might name a patient. A database's code tells one that is away from a query that it refuses.</summary>
    private static string Kind(Exception e) => e is System.Data.Common.DbException { SqlState: { } state } ? $"{e.GetType().Name} {state}" : e.GetType().Name;

    private static PreparedPhotograph Failed(ImageAnalysis analysis, string id, string why)
    {
        var nothing = PreparedPhotograph.Nothing(id);
        return nothing with { Result = analysis.Failed(nothing, why) };
    }

    /// <summary>The result of an image whose analysis ended its worker again and again.</summary>
    public async Task GiveUpAsync(string id)
    {
        var analysis = await models.GradingAsync(CancellationToken.None);
        await CommitAsync([new NewResult(id, Failed(analysis, id, "the image: its analysis ended the worker again and again. Report it.").Result!, null)]);
    }

    private async Task GradeAllAsync(ImageAnalysis analysis)
    {
        // While one batch's results go to the disk the next is graded: the network must not wait for the disk.
        var committing = Task.CompletedTask;
        while (await _prepared.Reader.WaitToReadAsync())
        {
            var batch = new List<(QueuedImage Queued, PreparedPhotograph Photograph)>();
            while (batch.Count < options.MostBatch && _prepared.Reader.TryRead(out var next)) batch.Add(next);
            var least = (await settings.GetAsync()).LeastProbability;
            var results = Grade(analysis, [.. batch.Select(b => b.Photograph)], least);
            await committing;
            committing = FinishAsync(batch.ConvertAll(b => b.Queued), results);
        }
        await committing;
    }

    private async Task FinishAsync(List<QueuedImage> batch, List<NewResult> results)
    {
        await CommitAsync(results);
        foreach (var queued in batch) await queued.DoneAsync();
        telemetry.Analysed(results);
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
            results.Add(new NewResult(gradable[0].Id, analysis.Failed(gradable[0], e is Fovea.Models.ModelFileException ? e.Message : Report), null));
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
                LogRetry(log, attempt, Kind(e));
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(5000, 100 * attempt)));
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The analysis of {Id} failed")]
    private static partial void LogFault(ILogger logger, string id, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id} was being analysed when the process ended before; it was tried again")]
    private static partial void LogRetried(ILogger logger, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An image could not be fetched, attempt {Attempt}: {Kind}")]
    private static partial void LogAway(ILogger logger, int attempt, string kind);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Results could not be committed, attempt {Attempt}: {Kind}")]
    private static partial void LogRetry(ILogger logger, int attempt, string kind);
}
