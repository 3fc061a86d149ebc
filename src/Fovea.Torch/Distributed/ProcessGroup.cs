using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Fovea.Torch.Interop;

namespace Fovea.Torch.Distributed;

/// <summary>
/// The processes that work on one job, over libtorch's own collectives (Gloo on the CPU). Every rank calls the same methods in the same order, from one thread.
/// A rank that dies ends the others' calls with a <see cref="RankLostException"/> that names it.
/// </summary>
public sealed unsafe class ProcessGroup : IDisposable
{
    /// <summary>How long a rank waits for the others to start. They may read their images first.</summary>
    public static readonly TimeSpan DefaultJoinTime = TimeSpan.FromMinutes(5);

    // Longer than any work of one rank on which others wait: signs of life tell sooner when there is none.
    private static readonly TimeSpan CollectiveTime = TimeSpan.FromHours(6);

    private readonly SignsOfLife _life;
    private bool _ended;

    private ProcessGroup(GroupHandle handle, int rank, int size, Action<RankLostException>? hung)
    {
        (Handle, Rank, Size) = (handle, rank, size);
        _life = new SignsOfLife(handle, rank, size, hung ?? (_ => { }));
    }

    internal GroupHandle Handle { get; }

    public int Rank { get; }

    public int Size { get; }

    /// <summary>Rank 0: it writes what the job leaves behind.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Whether this build has the backend: <c>gloo</c>, <c>nccl</c>.</summary>
    public static bool Has(string backend) => NativeMethods.ftorch_has_backend(backend) != 0;

    /// <summary>Meets the other processes; rank 0 opens the port.</summary>
    /// <param name="hung">Told, on another thread, of a rank that has given no sign of life for 40 s: a call that waits for it cannot be ended, so the process should be.</param>
    /// <exception cref="RankLostException">Others did not come in time, or rank 0 is not to be reached; the message says which.</exception>
    /// <exception cref="TorchException">This build has no such backend.</exception>
    public static ProcessGroup Join(RankEnvironment environment, Action<RankLostException>? hung = null, TimeSpan? joinTime = null, string backend = "gloo")
    {
        if (!Has(backend))
            throw new TorchException($"{backend}: this libfovea_torch was built without process groups by that name. Install libtorch with its distributed package and libgloo-dev, then run ./eng/build.sh.");
        try
        {
            NativeMethods.ftorch_group_create(backend, environment.Host, environment.Port, environment.Rank, environment.Size,
                (long)(joinTime ?? DefaultJoinTime).TotalMilliseconds, (long)CollectiveTime.TotalMilliseconds, out var handle);
            return new ProcessGroup(new GroupHandle(handle), environment.Rank, environment.Size, hung);
        }
        catch (TorchException e)
        {
            throw new RankLostException(null, $"rank {environment.Rank} of {environment.Size}: cannot meet the others at {environment.Host}:{environment.Port}: {e.Message.Split('\n')[0].TrimEnd('.')}. "
                + "Check that all were started, and that MASTER_ADDR and MASTER_PORT are rank 0's.", e);
        }
    }

    /// <summary>Runs what waits for other ranks; where the group is why it fails, finds out who is to blame.</summary>
    /// <exception cref="RankLostException">Another rank is gone or failed.</exception>
    public void Collective(Action call)
    {
        try
        {
            call();
        }
        catch (TorchException e) when (e.Message.StartsWith("process group:", StringComparison.Ordinal))
        {
            throw _life.Explain(e);
        }
    }

    /// <summary>Replaces the values by their sum over the ranks.</summary>
    /// <param name="values">Contiguous; the same shape and type on every rank.</param>
    public void Sum(Tensor values) => Collective(() => NativeMethods.ftorch_group_all_reduce(Handle, values.Handle));

    /// <summary>Overwrites the tensors by rank 0's.</summary>
    public void Broadcast(IReadOnlyList<Tensor> tensors)
    {
        var handles = new nint[tensors.Count];
        var held = 0;
        try
        {
            for (; held < handles.Length; held++) handles[held] = tensors[held].Acquire();
            Collective(() =>
            {
                fixed (nint* p = handles) NativeMethods.ftorch_group_broadcast(Handle, p, handles.Length);
            });
        }
        finally
        {
            for (var i = 0; i < held; i++) tensors[i].Release();
        }
    }

    /// <summary>The bytes of every rank, in the order of ranks.</summary>
    /// <param name="own">Of any length; all ranks' together at most 2 GiB.</param>
    public byte[][] Gather(byte[] own)
    {
        using var scope = new TensorScope();
        var lengths = new long[Size];
        lengths[Rank] = own.LongLength;
        var all = Tensor.From<long>(lengths);
        Sum(all);
        lengths = all.ToArray<long>();
        // Each rank adds its bytes to everybody's zeros.
        var bytes = new byte[Math.Max(1, lengths.Sum())];
        own.CopyTo(bytes, lengths.Take(Rank).Sum());
        var sum = Tensor.From<byte>(bytes);
        Sum(sum);
        bytes = sum.ToArray<byte>();
        var start = 0;
        return [.. lengths.Select(length => bytes[start..(start += (int)length)])];
    }

    /// <summary>True on every rank when it is true on any.</summary>
    public bool Any(bool value)
    {
        using var scope = new TensorScope();
        var sum = Tensor.From(value ? 1f : 0f);
        Sum(sum);
        return sum.Item() > 0;
    }

    /// <summary>True where the value is rank 0's.</summary>
    public bool Agree(long value)
    {
        using var scope = new TensorScope();
        var first = Tensor.From<long>([value]);
        Broadcast([first]);
        return first.ToArray<long>()[0] == value;
    }

    /// <summary>True where the text is rank 0's, by its hash.</summary>
    public bool Agree(string text) => Agree(BinaryPrimitives.ReadInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))));

    /// <summary>Returns when every rank has called it.</summary>
    public void Meet() => Any(false);

    /// <summary>The share of n rows that is this rank's: consecutive, and as even as they come.</summary>
    public (int First, int Count) Share(int n)
    {
        var first = (int)((long)n * Rank / Size);
        return (first, (int)((long)n * (Rank + 1) / Size) - first);
    }

    /// <summary>Ends the group because this rank cannot go on; the others learn why.</summary>
    public void Fail(Exception reason)
    {
        if (_ended) return;
        _ended = true;
        try
        {
            // Who failed because another did has nothing to add.
            if (reason is not RankLostException) NativeMethods.ftorch_group_say(Handle, reason.Message.ReplaceLineEndings(" "));
            NativeMethods.ftorch_group_disconnect(Handle);
        }
        catch (TorchException)
        {
            // rank 0 is gone already
        }
    }

    /// <summary>Leaves. Without a <see cref="Fail"/> before it waits for the others.</summary>
    public void Dispose()
    {
        try
        {
            if (!_ended) Meet();
        }
        finally
        {
            _ended = true;
            Leave();
        }
    }

    private void Leave()
    {
        try
        {
            if (!_life.StoreGone) NativeMethods.ftorch_group_leave(Handle);
        }
        catch (TorchException)
        {
            // rank 0 is gone
        }
        // Rank 0 holds what the others still read: who has failed, and who lives.
        for (var waited = 0; IsFirst && waited < 100 && _life.Others(SignsOfLife.ShortSilence).Length > 0; waited++) Thread.Sleep(100);
        _life.Dispose();
        Handle.Dispose();
    }
}
