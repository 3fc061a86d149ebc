namespace Fovea.Web.Queue;

/// <summary>An image that waits for its analysis.</summary>
/// <param name="DoneAsync">Tells the queue that its result is committed.</param>
internal sealed record QueuedImage(string Id, Func<ValueTask> DoneAsync);

/// <summary>What lies between upload and analysis. It may deliver twice and may lose: the database knows what still waits, and keeps one result an image.</summary>
internal interface IAnalysisQueue
{
    /// <summary>After the images are committed.</summary>
    ValueTask PublishAsync(IReadOnlyList<string> ids, CancellationToken cancel);

    IAsyncEnumerable<QueuedImage> ReadAsync(CancellationToken cancel);

    /// <summary>Whether images can be handed over now.</summary>
    bool IsConnected { get; }

    /// <summary>Whether the queue itself gives up an image whose analysis ends its process again and again; else the attempts are counted in the database.</summary>
    bool CountsDeliveries { get; }

    /// <summary>How long after its upload an image without a result is handed over again; null where nothing can be lost.</summary>
    TimeSpan? PublishAgainAfter { get; }
}
