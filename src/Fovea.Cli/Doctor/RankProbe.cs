using System.Diagnostics;
using Fovea.Torch;
using Fovea.Torch.Distributed;

namespace Fovea.Cli.Doctor;

/// <summary>Whether processes of this machine can work on one training: two of them meet over loopback and add up their ranks.</summary>
/// <param name="Works">They did.</param>
/// <param name="Problem">Why they did not; null where they did.</param>
/// <param name="Seconds">From the start of the processes to their end.</param>
internal sealed record RankProbe(bool Works, string? Problem, double Seconds)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>True in a process that the probe itself started.</summary>
    public static bool IsRank => Environment.GetEnvironmentVariable(RankScope.Lifeline) == "1" && RankEnvironment.Current is not null;

    /// <summary>Starts this command twice more.</summary>
    public static RankProbe Run()
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            if (!ProcessGroup.Has("gloo")) return new RankProbe(false, "libfovea_torch was built without Gloo; install libgloo-dev, then run ./eng/build.sh", 0);
            var code = LocalLauncher.Run(2, CancellationToken.None);
            var seconds = Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 2);
            return code == ExitCodes.Ok ? new RankProbe(true, null, seconds) : new RankProbe(false, "two processes did not meet over loopback; see what they said", seconds);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or EntryPointNotFoundException or System.ComponentModel.Win32Exception)
        {
            return new RankProbe(false, (e.InnerException ?? e).Message.ReplaceLineEndings(" "), 0);
        }
    }

    /// <summary>One of the two.</summary>
    public static int Answer()
    {
        // A call that waits for the other cannot be ended from within.
        using var watch = new Timer(_ => Environment.Exit(ExitCodes.RankLost), null, Patience + Patience, Timeout.InfiniteTimeSpan);
        using var group = ProcessGroup.Join(RankEnvironment.Current!, joinTime: Patience);
        using var scope = new TensorScope();
        var sum = Tensor.From(group.Rank + 1f);
        group.Sum(sum);
        return sum.Item() == 3 ? ExitCodes.Ok : ExitCodes.Bug;
    }
}
