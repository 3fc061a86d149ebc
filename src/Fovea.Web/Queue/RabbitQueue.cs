using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Fovea.Web.Queue;

/// <summary>
/// RabbitMQ between web nodes and workers: a quorum queue, messages confirmed when published and acknowledged after the result's commit. What was delivered too often (its analysis ends its worker each time)
/// goes to the queue of dead letters, of which the image gets a failed result.
/// </summary>
internal sealed partial class RabbitQueue(string url, int prefetch, ILogger<RabbitQueue> log) : IAnalysisQueue, IHostedService, IAsyncDisposable
{
    public const string Images = "fovea.images", Dead = "fovea.images.dead";

    /// <summary>Killing a worker costs every image that it held one delivery.</summary>
    private const int MostDeliveries = 20;

    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);
    private readonly Channel<QueuedImage> _received = Channel.CreateUnbounded<QueuedImage>();
    private readonly SemaphoreSlim _publishing = new(1, 1), _acknowledging = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private IConnection? _connection;
    private IChannel? _publisher;
    private bool _reads;

    public bool IsConnected => _connection is { IsOpen: true } && _publisher is { IsOpen: true };

    public bool CountsDeliveries => true;

    public TimeSpan? PublishAgainAfter => TimeSpan.FromSeconds(30);

    /// <summary>Gives an image that nobody can analyse its failed result; set before the start.</summary>
    public Func<string, Task>? OnDead { get; set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ = Task.Run(KeepConnectedAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    public async ValueTask PublishAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        await _publishing.WaitAsync(cancel);
        try
        {
            if (_publisher is not { IsOpen: true } channel) throw new QueueException("the broker cannot be reached");
            // Ends when the broker has it on a majority of its disks.
            foreach (var id in ids)
                await channel.BasicPublishAsync("", Images, mandatory: true, new BasicProperties { Persistent = true, MessageId = id }, Encoding.ASCII.GetBytes(id), cancel);
        }
        catch (Exception e) when (e is RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException or OperationCanceledException)
        {
            throw new QueueException("the broker did not take the message", e);
        }
        finally
        {
            _publishing.Release();
        }
    }

    public async IAsyncEnumerable<QueuedImage> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        _reads = true;
        await foreach (var image in _received.Reader.ReadAllAsync(cancel))
        {
            if (cancel.IsCancellationRequested) yield break; // not acknowledged: another worker gets it
            yield return image;
        }
    }

    // One loop instead of the client's own recovery: whatever breaks, everything is made anew.
    private async Task KeepConnectedAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (_connection is not { IsOpen: true }) await ConnectAsync();
                if (_reads && OnDead is not null && !_consuming) await ConsumeAsync();
            }
            catch (Exception e) when (e is RabbitMQClientException or IOException or TimeoutException or System.Net.Sockets.SocketException or OperationCanceledException)
            {
                LogUnreachable(log, e.GetType().Name);
            }
            await Task.Delay(Again);
        }
    }

    private bool _consuming;

    private async Task ConnectAsync()
    {
        _consuming = false;
        if (_connection is not null) await _connection.DisposeAsync();
        var factory = new ConnectionFactory { Uri = new Uri(url), AutomaticRecoveryEnabled = false, ClientProvidedName = "fovea", RequestedHeartbeat = TimeSpan.FromSeconds(10), RequestedConnectionTimeout = TimeSpan.FromSeconds(5) };
        _connection = await factory.CreateConnectionAsync(_stop.Token);
        var publisher = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), _stop.Token);
        await publisher.QueueDeclareAsync(Dead, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await publisher.QueueDeclareAsync(Images, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum", ["x-delivery-limit"] = MostDeliveries, ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = Dead,
        });
        _publisher = publisher;
        LogConnected(log);
    }

    private async Task ConsumeAsync()
    {
        _consuming = true;
        await ConsumeAsync(Images, (ushort)prefetch, (id, done) =>
        {
            _received.Writer.TryWrite(new QueuedImage(id, done));
            return Task.CompletedTask;
        });
        await ConsumeAsync(Dead, 1, async (id, done) =>
        {
            await OnDead!(id);
            await done();
        });
    }

    private async Task ConsumeAsync(string queue, ushort most, Func<string, Func<ValueTask>, Task> take)
    {
        var channel = await _connection!.CreateChannelAsync();
        await channel.BasicQosAsync(0, most, false);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, message) =>
        {
            var (id, tag) = (Encoding.ASCII.GetString(message.Body.Span), message.DeliveryTag);
            await take(id, () => AcknowledgeAsync(channel, tag));
        };
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
    }

    private async ValueTask AcknowledgeAsync(IChannel channel, ulong tag)
    {
        await _acknowledging.WaitAsync();
        try
        {
            if (channel.IsOpen) await channel.BasicAckAsync(tag, multiple: false);
        }
        catch (Exception e) when (e is RabbitMQClientException or IOException or ObjectDisposedException)
        {
            // The broker went away: it delivers again, and the result that is there already is kept.
        }
        finally
        {
            _acknowledging.Release();
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        _received.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) await _connection.DisposeAsync();
        _stop.Dispose();
        _publishing.Dispose();
        _acknowledging.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Connected to the broker")]
    private static partial void LogConnected(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker cannot be reached: {Kind}")]
    private static partial void LogUnreachable(ILogger logger, string kind);
}
