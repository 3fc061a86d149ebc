using System.Diagnostics;
using System.Globalization;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;

namespace Fovea.Bench;

/// <summary>What is trained: one network on one batch of made-up numbers.</summary>
internal sealed record Setting(string Model, int Batch, int Size, int Threads);

/// <param name="Wall">Seconds by the clock.</param>
/// <param name="Cpu">Seconds of processor time, all threads.</param>
/// <param name="Faults">Pages that the kernel had to supply.</param>
internal readonly record struct Reading(double Wall, double Cpu, double Loss, long Faults);

/// <summary>One side of a comparison, ready to run steps when told.</summary>
internal interface IWorker : IDisposable
{
    Reading Run(int steps);
}

/// <summary>Fovea's side, in this process.</summary>
internal sealed class FoveaWorker : IWorker
{
    private readonly Network _network;
    private readonly Optimiser _optimiser;
    private readonly Tensor _x, _labels;
    private readonly bool _autocast;

    internal FoveaWorker(Setting setting, bool bf16)
    {
        TorchRuntime.Threads = setting.Threads;
        TorchRuntime.Seed(1);
        _network = ModelCatalog.Create(setting.Model, new NetworkOptions(5));
        _network.UseChannelsLast();
        _optimiser = new Sgd(_network, 0.01, momentum: 0.9, weightDecay: 1e-4);
        using var scope = new TensorScope();
        _x = Tensor.Randn(setting.Batch, 3, setting.Size, setting.Size).To(MemoryFormat.ChannelsLast).OutliveScopes();
        _labels = Tensor.From([.. Enumerable.Range(0, setting.Batch).Select(i => i % 5L)]).OutliveScopes();
        _autocast = bf16;
    }

    private double Step()
    {
        using var scope = new TensorScope();
        Tensor logits;
        using (new Autocast(_autocast)) logits = _network.Call(_x, Phase.Training).Logits;
        var loss = Functional.CrossEntropy(logits.To(ScalarType.Float32), _labels);
        _optimiser.ZeroGrad();
        loss.Backward();
        _optimiser.Step();
        return loss.Item();
    }

    public Reading Run(int steps)
    {
        var (faults, cpu, loss) = (Faults(), Environment.CpuUsage.TotalTime, 0d);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < steps; i++) loss = Step();
        return new Reading(watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, loss, Faults() - faults);
    }

    /// <summary>Minor page faults of this process so far: field 10 of /proc/self/stat, counted after the name in parentheses.</summary>
    private static long Faults()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        _optimiser.Dispose();
        _network.Dispose();
        _x.Dispose();
        _labels.Dispose();
    }
}

/// <summary>PyTorch's side: bench/train_step.py in a process of its own.</summary>
internal sealed class PyTorchWorker : IWorker
{
    private readonly Process _process;

    internal PyTorchWorker(Setting setting, string layout, bool bf16)
    {
        var python = Environment.GetEnvironmentVariable("FOVEA_ORACLE_PYTHON") ?? "/usr/bin/python3";
        var start = new ProcessStartInfo(python) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in new[] { Path.Combine(Repository.Root, "bench", "train_step.py"), setting.Model, layout, bf16 ? "bf16" : "fp32" }) start.ArgumentList.Add(argument);
        foreach (var number in new[] { setting.Batch, setting.Size, setting.Threads }) start.ArgumentList.Add(number.ToString(CultureInfo.InvariantCulture));
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{python} did not start");
        Version = (_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("bench/train_step.py ended: it needs python3-torch and python3-torchvision"))["ready ".Length..];
    }

    internal string Version { get; }

    public Reading Run(int steps)
    {
        _process.StandardInput.WriteLine(steps);
        _process.StandardInput.Flush();
        var parts = (_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("bench/train_step.py ended")).Split(' ');
        double Number(int i) => double.Parse(parts[i], CultureInfo.InvariantCulture);
        return new Reading(Number(0), Number(1), Number(2), (long)Number(3));
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit(10_000);
        _process.Dispose();
    }
}
