using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Torch;
using Fovea.Training.Training;

namespace Fovea.Bench;

/// <summary>PyTorch's time divided by Fovea's, for each round; above 1 Fovea is faster.</summary>
internal sealed record Comparison(string Model, string Precision, string Against, int Rounds, double FoveaStep, double PyTorchStep, double Ratio, double RatioLow, double RatioHigh,
    double CpuRatio, double FoveaCpu, double PyTorchCpu, long FoveaFaults, long PyTorchFaults);

/// <summary>
/// The training step (forward, loss, backward, SGD with momentum and decay, gradients dropped) in Fovea and in PyTorch, turn by turn in the same minute, so that
/// whatever else the machine does meets both.
/// </summary>
internal static class TrainStep
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <param name="seconds">Time for one network in one precision.</param>
    internal static IReadOnlyList<Comparison> Run(Setting setting, bool bf16, double seconds)
    {
        using var fovea = new FoveaWorker(setting, bf16);
        var names = bf16 ? new[] { "channels_last" } : ["channels_last", "default"];
        var others = Array.ConvertAll(names, n => new PyTorchWorker(setting, n, bf16));
        try
        {
            // Two unmeasured steps each: memory is mapped, oneDNN has compiled its kernels, .NET its methods.
            fovea.Run(2);
            foreach (var other in others) other.Run(2);
            var own = new List<Reading>();
            var theirs = Array.ConvertAll(names, _ => new List<Reading>());
            var end = Environment.TickCount64 + (long)(1000 * seconds);
            do
            {
                own.Add(fovea.Run(1));
                for (var i = 0; i < others.Length; i++) theirs[i].Add(others[i].Run(1));
            }
            while (Environment.TickCount64 < end);
            return [.. names.Select((name, i) => Compare(setting.Model, bf16 ? "bf16" : "fp32", name, own, theirs[i]))];
        }
        finally
        {
            foreach (var other in others) other.Dispose();
        }
    }

    private static Comparison Compare(string model, string precision, string against, List<Reading> own, List<Reading> theirs)
    {
        var ratios = own.Zip(theirs, (a, b) => b.Wall / a.Wall).Order().ToArray();
        return new Comparison(model, precision, against, ratios.Length, Median(own.Select(r => r.Wall)), Median(theirs.Select(r => r.Wall)), Median(ratios), ratios[0], ratios[^1],
            Median(own.Zip(theirs, (a, b) => b.Cpu / a.Cpu)), Median(own.Select(r => r.Cpu)), Median(theirs.Select(r => r.Cpu)), (long)Median(own.Select(r => (double)r.Faults)), (long)Median(theirs.Select(r => (double)r.Faults)));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    internal static void Write(string folder, IReadOnlyList<Comparison> results, Setting setting, string version)
    {
        Directory.CreateDirectory(folder);
        var text = new StringBuilder();
        text.AppendLine("# Training step: Fovea against PyTorch").AppendLine();
        text.AppendLine($"{ThisProgram.Processor}, {Environment.ProcessorCount} cores, {setting.Threads} threads, batch {setting.Batch}, {setting.Size} px; libtorch {TorchRuntime.Version} against PyTorch and torchvision {version}.");
        text.AppendLine("Turn by turn, one step each; ratio = PyTorch's time / Fovea's, median of the rounds [lowest … highest]. Faults: pages supplied by the kernel in a step.").AppendLine();
        text.AppendLine("| network | precision | PyTorch in | rounds | Fovea ms | PyTorch ms | ratio | processor ms Fovea | PyTorch | ratio | faults Fovea | PyTorch |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var r in results)
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {r.Model} | {r.Precision} | {r.Against} | {r.Rounds} | {1000 * r.FoveaStep:F0} | {1000 * r.PyTorchStep:F0} | {r.Ratio:F2} [{r.RatioLow:F2} … {r.RatioHigh:F2}] | {1000 * r.FoveaCpu:F0} | {1000 * r.PyTorchCpu:F0} | {r.CpuRatio:F2} | {r.FoveaFaults} | {r.PyTorchFaults} |");
        File.WriteAllText(Path.Combine(folder, "train_step.md"), text.ToString());
        File.WriteAllText(Path.Combine(folder, "train_step.json"), JsonSerializer.Serialize(new { ThisProgram.Processor, setting.Batch, setting.Size, setting.Threads, Environment.ProcessorCount, PyTorch = version, Results = results }, Json));
        Console.Write(text);
    }
}
