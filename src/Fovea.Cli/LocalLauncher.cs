using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fovea.Cli;

/// <summary>
/// `--nproc N`: starts this command N times on this machine, with torchrun's environment. Rank 0 has the terminal; of the others only what ended them is shown, with their rank.
/// Their stdin is a line of life: it closes when they are to stop, and also when this process dies, however it does.
/// </summary>
internal static class LocalLauncher
{
    public const int MaxProcesses = 256;

    /// <summary>How long the others have to notice that one ended.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(55);

    public static int Run(int count, CancellationToken cancel)
    {
        var port = FreePort();
        var ranks = new List<Rank>();
        try
        {
            for (var rank = 0; rank < count; rank++) ranks.Add(new Rank(rank, count, port));
            using var stopping = cancel.Register(() =>
            {
                foreach (var rank in ranks) rank.Stop();
            });
            Wait(ranks);
        }
        finally
        {
            foreach (var rank in ranks) rank.Kill();
        }
        return Report(ranks);
    }

    private static void Wait(List<Rank> ranks)
    {
        var exits = ranks.Select(r => r.Exit).ToList();
        while (exits.Count > 0)
        {
            var ended = Task.WhenAny(exits).Result;
            exits.Remove(ended);
            if (ended.Result == ExitCodes.Ok) continue;
            Task.WaitAll([.. exits], Grace);
            return;
        }
    }

    private static int Report(List<Rank> ranks)
    {
        var first = ranks[0].Exit.Result;
        foreach (var rank in ranks)
        {
            var code = rank.Exit.Result;
            if (rank.WasKilled || code is ExitCodes.Ok or ExitCodes.RankLost or ExitCodes.Interrupted) continue;
            // What all ranks find wrong, rank 0 has said.
            if (code > 128) Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rank {rank.Number}: ended by signal {code - 128}."));
            else if (rank.Number > 0 && code != first) Console.Error.WriteLine($"rank {rank.Number}: {rank.LastWords}");
        }
        var guilty = ranks.Select(r => r.WasKilled ? ExitCodes.RankLost : r.Exit.Result).FirstOrDefault(c => c is not (ExitCodes.Ok or ExitCodes.RankLost), first);
        return guilty > 128 && guilty != ExitCodes.Interrupted ? ExitCodes.RankLost : guilty;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Rank
    {
        private readonly Process _process;
        private readonly StringBuilder _error = new();

        public Rank(int number, int count, int port)
        {
            Number = number;
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = number > 0, RedirectStandardError = number > 0 };
            var arguments = Environment.GetCommandLineArgs();
            var hosted = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet";
            foreach (var argument in hosted ? arguments : arguments[1..]) start.ArgumentList.Add(argument);
            void Set(string name, int value) => start.Environment[name] = value.ToString(CultureInfo.InvariantCulture);
            Set("RANK", number);
            Set("LOCAL_RANK", number);
            Set("WORLD_SIZE", count);
            Set("MASTER_PORT", port);
            start.Environment["MASTER_ADDR"] = "127.0.0.1";
            start.Environment[RankScope.Lifeline] = "1";
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_NUM_THREADS"))) Set("OMP_NUM_THREADS", Math.Max(1, Environment.ProcessorCount / count));
            _process = Process.Start(start)!;
            if (number > 0)
            {
                _process.OutputDataReceived += (_, _) => { };
                _process.ErrorDataReceived += (_, e) => Hear(e.Data);
                _process.BeginOutputReadLine();
                _process.BeginErrorReadLine();
            }
            Exit = Task.Run(() =>
            {
                _process.WaitForExit();
                return _process.ExitCode;
            });
        }

        public int Number { get; }
        public Task<int> Exit { get; }

        /// <summary>It was ended from here, because another had ended.</summary>
        public bool WasKilled { get; private set; }

        public string LastWords
        {
            get
            {
                lock (_error) return _error.Length > 0 ? _error.ToString() : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {Exit.Result}.");
            }
        }

        private void Hear(string? line)
        {
            if (string.IsNullOrWhiteSpace(line)) return;
            lock (_error) _error.Clear().Append(line.AsSpan(0, Math.Min(line.Length, 2000)));
        }

        public void Stop()
        {
            try
            {
                _process.StandardInput.Close();
            }
            catch (IOException)
            {
                // it has ended
            }
        }

        public void Kill()
        {
            if (Exit.IsCompleted) return;
            WasKilled = true;
            _process.Kill(entireProcessTree: true);
            Exit.Wait();
        }
    }
}
