using System.Diagnostics;
using System.Globalization;
using System.Text;
using Fovea.Torch.Interop;

namespace Fovea.Torch.Distributed;

/// <summary>
/// Every process counts up a number at rank 0 and looks at those of the others. A socket cannot tell a rank that is busy (preparing images, writing a checkpoint) from one that hangs or whose machine
/// lost its power; this can, so that collectives may wait as long as work takes.
/// </summary>
internal sealed unsafe class SignsOfLife : IDisposable
{
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>A rank silent for so long is lost.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(40);

    /// <summary>The same once a connection broke: then the question is only which of them.</summary>
    internal static readonly TimeSpan ShortSilence = TimeSpan.FromSeconds(5);

    private readonly GroupHandle _group;
    private readonly int _rank, _size;
    private readonly Action<RankLostException> _lost;
    private readonly long[] _beats;
    private readonly long[] _heard; // timestamps
    private readonly string?[] _said;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly Timer _watch;
    private long _answered; // when rank 0 last answered
    private bool _storeGone, _told;

    /// <param name="lost">Called once, on another thread, when a rank has been silent for <see cref="Silence"/>.</param>
    internal SignsOfLife(GroupHandle group, int rank, int size, Action<RankLostException> lost)
    {
        (_group, _rank, _size, _lost) = (group, rank, size, lost);
        (_beats, _heard, _said) = (new long[size], new long[size], new string?[size]);
        Array.Fill(_heard, Stopwatch.GetTimestamp());
        _answered = Stopwatch.GetTimestamp();
        _thread = new Thread(Beat) { IsBackground = true, Name = "signs of life" };
        _thread.Start();
        // A call to a machine without power does not return: another thread looks at the clock.
        _watch = new Timer(_ => Watch(), null, Interval, Interval);
    }

    /// <summary>The ranks, other than this one, that are neither silent nor gone in peace.</summary>
    internal int[] Others(TimeSpan silence)
    {
        lock (_lock) return [.. Enumerable.Range(0, _size).Where(r => r != _rank && _beats[r] >= 0 && Stopwatch.GetElapsedTime(_heard[r]) < silence)];
    }

    internal bool StoreGone
    {
        get { lock (_lock) return _storeGone; }
    }

    private void Beat()
    {
        var beats = new long[_size];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                fixed (long* p = beats) NativeMethods.ftorch_group_beat(_group, p);
                lock (_lock)
                {
                    _answered = Stopwatch.GetTimestamp();
                    for (var r = 0; r < _size; r++)
                        if (beats[r] != _beats[r]) (_beats[r], _heard[r]) = (beats[r], _answered);
                }
            }
            catch (TorchException)
            {
                // Rank 0 holds the numbers: it has closed the connection.
                lock (_lock) _storeGone = true;
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            _stop.Token.WaitHandle.WaitOne(Interval);
        }
    }

    private void Watch()
    {
        RankLostException? loss;
        lock (_lock)
        {
            if (_told || _stop.IsCancellationRequested) return;
            loss = Find(Silence);
            _told = loss is not null;
        }
        if (loss is not null) _lost(loss);
    }

    private RankLostException? Find(TimeSpan silence)
    {
        if (_rank != 0 && Stopwatch.GetElapsedTime(_answered) > silence) return Gone(0);
        if (Stopwatch.GetElapsedTime(_answered) > silence) return null; // this process itself had no time
        // On a busy machine others may be late too: the one that is silent longest is gone.
        var silent = Enumerable.Range(0, _size).Where(r => r != _rank && _beats[r] >= 0 && Stopwatch.GetElapsedTime(_heard[r]) > silence).ToArray();
        return silent.Length > 0 ? Gone(silent.MinBy(r => _heard[r])) : null;
    }

    private RankLostException Gone(int rank) => new(rank, $"rank {rank} of {_size}: lost, it gives no sign of life. {RankLostException.Remedy}");

    /// <summary>Finds out who is to blame for a collective that failed; takes seconds.</summary>
    internal RankLostException Explain(TorchException failure)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < 3 * ShortSilence)
        {
            for (var r = 0; r < _size; r++)
                if (r != _rank && Said(r) is { } reason)
                    return new RankLostException(r, $"rank {r} of {_size}: failed: {reason.TrimEnd('.')}. {RankLostException.Remedy}", failure);
            lock (_lock)
            {
                if (_storeGone && _rank != 0) return Gone(0);
                if (Find(ShortSilence) is { } loss) return loss;
                for (var r = 0; r < _size; r++)
                    if (r != _rank && _beats[r] < 0) return new RankLostException(r, $"rank {r} of {_size}: left while others still worked. {RankLostException.Remedy}", failure);
            }
            Thread.Sleep(100);
        }
        var words = failure.Message.Split('\n')[0];
        return new RankLostException(null, string.Create(CultureInfo.InvariantCulture, $"rank {_rank} of {_size}: the connection to other ranks broke ({words}). {RankLostException.Remedy}"), failure);
    }

    private string? Said(int rank)
    {
        try
        {
            var buffer = stackalloc byte[4096];
            NativeMethods.ftorch_group_said(_group, rank, buffer, 4096, out var length);
            return length == 0 ? null : Encoding.UTF8.GetString(buffer, Math.Min(length, 4095));
        }
        catch (TorchException)
        {
            lock (_lock) _storeGone = true;
            return null;
        }
    }

    public void Dispose()
    {
        _watch.Dispose();
        _stop.Cancel();
        if (_thread.Join(TimeSpan.FromSeconds(5))) _stop.Dispose();
    }
}
