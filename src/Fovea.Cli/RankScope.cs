using Fovea.Torch.Distributed;

namespace Fovea.Cli;

/// <summary>Runs a verb as one of several processes, where the environment says so (torchrun's variables, or `--nproc`).</summary>
internal static class RankScope
{
    /// <summary>Set for processes that <see cref="LocalLauncher"/> starts: the end of stdin means that they are to stop.</summary>
    internal const string Lifeline = "FOVEA_LIFELINE";

    /// <param name="body">Given the group, or null for a process that works alone.</param>
    public static int Run(Func<ProcessGroup?, CancellationToken, int> body, CancellationToken cancel)
    {
        if (RankEnvironment.Current is not { } environment) return body(null, cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (Environment.GetEnvironmentVariable(Lifeline) == "1") WatchStdin(stop);
        using var group = ProcessGroup.Join(environment, Hung);
        try
        {
            return body(group, stop.Token);
        }
        catch (Exception e)
        {
            group.Fail(e);
            throw;
        }
    }

    // The main thread waits in libtorch for a rank that will never answer: there is nobody to throw to.
    private static void Hung(RankLostException loss)
    {
        var (code, line) = ExitCodes.Of(loss);
        Console.Error.WriteLine(line);
        Environment.Exit(code);
    }

    private static void WatchStdin(CancellationTokenSource stop)
    {
        var thread = new Thread(() =>
        {
            using var input = Console.OpenStandardInput();
            var buffer = new byte[16];
            while (input.Read(buffer) > 0) { }
            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // the work is done
            }
        }) { IsBackground = true, Name = "lifeline" };
        thread.Start();
    }
}
