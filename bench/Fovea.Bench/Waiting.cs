using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Training.Training;

namespace Fovea.Bench;

/// <summary>
/// `waiting`: how OpenMP's threads should wait for each other (docs/decisions/0007-threads.md). Fovea's training step under each policy, turn by turn, in processes of their own, on a quiet machine
/// and beside one busy loop for each processor.
/// `waiting-of`: such a process; "N" on stdin runs N steps and answers "WALL_SECONDS CPU_SECONDS".
/// </summary>
internal static class WaitingBench
{
    private static readonly (string Name, string Variable, string Value)[] Policies =
        [("passive", "OMP_WAIT_POLICY", "passive"), ("spin 10,000", "GOMP_SPINCOUNT", "10000"), ("spin 300,000", "GOMP_SPINCOUNT", "300000")];

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private sealed record Row(string Model, string Policy, bool Loaded, int Rounds, double Step, double Cpu);

    internal static int Measure(string[] args)
    {
        using var worker = new FoveaWorker(new Setting(args[0], 8, 224, Environment.ProcessorCount), bf16: false);
        while (Console.ReadLine() is { } line)
        {
            var reading = worker.Run(int.Parse(line, CultureInfo.InvariantCulture));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{reading.Wall} {reading.Cpu}"));
        }
        return 0;
    }

    /// <param name="args">[MODEL…] [--seconds 45] [--output FOLDER]; seconds for one network, quiet or loaded.</param>
    internal static int Run(string[] args)
    {
        var (models, seconds, output) = (new List<string>(), 45d, Path.Combine(Repository.Root, "bench", "results"));
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--seconds") seconds = double.Parse(args[++i], CultureInfo.InvariantCulture);
            else if (args[i] == "--output") output = args[++i];
            else models.Add(args[i]);
        }
        if (models.Count == 0) models.AddRange(["mobilenet_v2", "resnet18"]);
        var rows = models.SelectMany(m => Compare(m, seconds)).ToArray();
        Directory.CreateDirectory(output);
        var processor = RunEnvironment.Current.Processor;
        var text = new StringBuilder().AppendLine("# How OpenMP's threads wait").AppendLine();
        text.AppendLine($"{processor}, {Environment.ProcessorCount} processors; a training step of batch 8, 224 px, float32, turn by turn; medians, milliseconds. Loaded: beside one busy loop for each processor.").AppendLine();
        text.AppendLine("| network | waiting | loaded | rounds | by the clock | processor time |").AppendLine("|---|---|---|---|---|---|");
        foreach (var r in rows) text.AppendLine(CultureInfo.InvariantCulture, $"| {r.Model} | {r.Policy} | {(r.Loaded ? "yes" : "no")} | {r.Rounds} | {1000 * r.Step:F0} | {1000 * r.Cpu:F0} |");
        File.WriteAllText(Path.Combine(output, "waiting.md"), text.ToString());
        File.WriteAllText(Path.Combine(output, "waiting.json"), JsonSerializer.Serialize(new { Processor = processor, Environment.ProcessorCount, Results = rows }, Json));
        Console.Write(text);
        return 0;
    }

    private static List<Row> Compare(string model, double seconds)
    {
        var workers = Array.ConvertAll(Policies, p => Start(model, p.Variable, p.Value));
        try
        {
            foreach (var worker in workers) Ask(worker, 2); // memory, oneDNN's kernels and .NET's methods
            var rows = new List<Row>();
            foreach (var loaded in new[] { false, true })
            {
                using var stop = new CancellationTokenSource();
                var loops = Enumerable.Range(1, loaded ? Environment.ProcessorCount : 0).Select(_ => new Thread(() => { while (!stop.IsCancellationRequested) { } }) { IsBackground = true }).ToArray();
                foreach (var loop in loops) loop.Start();
                var readings = Array.ConvertAll(workers, _ => new List<(double Wall, double Cpu)>());
                var end = Environment.TickCount64 + (long)(1000 * seconds);
                do
                    for (var i = 0; i < workers.Length; i++) readings[i].Add(Ask(workers[i], 1));
                while (Environment.TickCount64 < end);
                stop.Cancel();
                foreach (var loop in loops) loop.Join();
                rows.AddRange(Policies.Select((p, i) => new Row(model, p.Name, loaded, readings[i].Count, Median(readings[i].Select(r => r.Wall)), Median(readings[i].Select(r => r.Cpu)))));
            }
            return rows;
        }
        finally
        {
            foreach (var worker in workers)
            {
                worker.StandardInput.Close();
                worker.WaitForExit();
                worker.Dispose();
            }
        }
    }

    private static Process Start(string model, string variable, string value)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in ThisProgram.Arguments("waiting-of", model)) start.ArgumentList.Add(argument);
        start.Environment[variable] = value;
        return Process.Start(start)!;
    }

    private static (double Wall, double Cpu) Ask(Process worker, int steps)
    {
        worker.StandardInput.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
        worker.StandardInput.Flush();
        var parts = (worker.StandardOutput.ReadLine() ?? throw new InvalidOperationException("a worker ended")).Split(' ');
        return (double.Parse(parts[0], CultureInfo.InvariantCulture), double.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
