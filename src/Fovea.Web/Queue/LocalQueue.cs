using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Fovea.Web.Queue;

/// <summary>Within one process. Holds ids only, and uploads stop long before it grows large.</summary>
internal sealed class LocalQueue : IAnalysisQueue
{
    private readonly Channel<string> _ids = Channel.CreateUnbounded<string>();

    public bool IsConnected => true;

    public bool CountsDeliveries => false;

    public TimeSpan? PublishAgainAfter => null;

    public ValueTask PublishAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        foreach (var id in ids) _ids.Writer.TryWrite(id);
        return ValueTask.CompletedTask;
    }

    public async IAsyncEnumerable<QueuedImage> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var id in _ids.Reader.ReadAllAsync(cancel))
        {
            // A channel gives what it holds even after the token fired; the service stops with what it has begun.
            if (cancel.IsCancellationRequested) yield break;
            yield return new QueuedImage(id, () => ValueTask.CompletedTask);
        }
    }
}
