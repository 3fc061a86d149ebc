using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Bench;

/// <param name="Batch">Images at once.</param>
/// <param name="Seconds">Medians over the rounds, of a forward pass.</param>
/// <param name="OnnxRatio">ONNX Runtime's time / Fovea's, median of the rounds; above 1 Fovea is faster.</param>
/// <param name="GigaFlops">Of the direct algorithm's operations (two a multiply–add) by the clock; Winograd's needs fewer, so that the machine's peak may be passed.</param>
/// <param name="OnnxDifference">Largest difference of a logit relative to the largest logit.</param>
internal sealed record ServeFigure(string Model, int Batch, int Rounds, double Seconds, double OnnxSeconds, double TorchSeconds, double OnnxRatio, double OnnxRatioLow, double OnnxRatioHigh,
    double TorchRatio, double TorchRatioLow, double TorchRatioHigh, double CpuSeconds, double OnnxCpuSeconds, double TorchCpuSeconds, double GigaFlops, double OnnxDifference, double TorchDifference);

/// <summary>Forward passes of one set of weights in Fovea, ONNX Runtime and PyTorch, turn by turn.</summary>
internal static class ServeBench
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private static readonly string[] Sets = ["avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16"];

    internal static int Run(string[] args)
    {
        var models = new List<string>();
        var (size, threads, seconds, output) = (224, 2, 10d, Path.Combine(Repository.Root, "bench", "results"));
        for (var i = 0; i < args.Length; i++)
            switch (args[i])
            {
                case "--size": size = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--threads": threads = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--seconds": seconds = double.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--output": output = args[++i]; break;
                case var name: models.Add(name); break;
            }
        if (models.Count == 0) models.AddRange(["resnet18", "resnet50", "densenet121", "vgg16", "efficientnet_b0", "mobilenet_v2"]);
        TorchRuntime.Threads = threads;
        var folder = Directory.CreateTempSubdirectory("fovea-serve-").FullName;
        try
        {
            var figures = new List<ServeFigure>();
            foreach (var model in models) figures.AddRange(Compare(model, folder, size, threads, seconds));
            Write(output, figures, size, threads);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return 0;
    }

    private static List<ServeFigure> Compare(string model, string folder, int size, int threads, double seconds)
    {
        string[] numbers = [size.ToString(CultureInfo.InvariantCulture), threads.ToString(CultureInfo.InvariantCulture)];
        using var torch = new LineWorker(Environment.GetEnvironmentVariable("FOVEA_ORACLE_PYTHON") ?? "/usr/bin/python3", [Path.Combine(Repository.Root, "bench", "serve.py"), model, folder, .. numbers]);
        using var onnx = new LineWorker("node", [Path.Combine(Repository.Root, "bench", "onnxruntime", "serve.js"), Path.Combine(folder, model + ".onnx"), .. numbers]);
        var network = ModelCatalog.Create(model, new NetworkOptions(1000));
        using var serving = new ServingNetwork(network, owns: true, takesWeights: true);
        PretrainedWeights.Load(network, model, Path.Combine(folder, model + ".pth"));
        var logits = Logits(serving, size);
        var (onnxDifference, torchDifference) = (Difference(logits, onnx.Ask("logits")), Difference(logits, torch.Ask("logits")));
        var operations = 2e-9 * ModelFigures.Of(ModelCatalog.Find(model), new NetworkOptions(1000) { InputSize = size }).MultiplyAdds;
        var figures = new List<ServeFigure>();
        foreach (var batch in new[] { 8, 1 })
        {
            using var scope = new TensorScope();
            var x = Batch(batch, size);
            (double, double) Own()
            {
                using var inner = new TensorScope();
                var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                serving.Call(x);
                return (watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            }
            var line = batch.ToString(CultureInfo.InvariantCulture);
            List<(double Wall, double Cpu)> own = [], theirs = [], eager = [];
            for (var warm = 0; warm < 2; warm++) (_, _, _) = (Own(), onnx.Time(line), torch.Time(line));
            var end = Environment.TickCount64 + (long)(1000 * seconds);
            do
            {
                own.Add(Own());
                theirs.Add(onnx.Time(line));
                eager.Add(torch.Time(line));
            }
            while (Environment.TickCount64 < end);
            var a = own.Zip(theirs, (f, o) => o.Wall / f.Wall).Order().ToArray();
            var b = own.Zip(eager, (f, o) => o.Wall / f.Wall).Order().ToArray();
            var wall = Median(own.Select(v => v.Wall));
            figures.Add(new ServeFigure(model, batch, own.Count, wall, Median(theirs.Select(v => v.Wall)), Median(eager.Select(v => v.Wall)), Median(a), a[0], a[^1], Median(b), b[0], b[^1],
                Median(own.Select(v => v.Cpu)), Median(theirs.Select(v => v.Cpu)), Median(eager.Select(v => v.Cpu)), batch * operations / wall, onnxDifference, torchDifference));
            Console.WriteLine(Row(figures[^1]));
        }
        return figures;
    }

    private static Tensor Batch(int n, int size)
    {
        var values = new float[n * 3 * size * size];
        for (var i = 0; i < values.Length; i++) values[i] = i * 7919L % 1000 / 500f - 1;
        return Tensor.From(values, n, 3, size, size).To(MemoryFormat.ChannelsLast);
    }

    private static float[] Logits(ServingNetwork serving, int size)
    {
        using var scope = new TensorScope();
        return serving.Call(Batch(8, size)).Logits.ToArray<float>()[..1000];
    }

    private static double Difference(float[] own, string line)
    {
        var theirs = Array.ConvertAll(line.Split(' '), v => double.Parse(v, CultureInfo.InvariantCulture));
        return own.Zip(theirs, (a, b) => Math.Abs(a - b)).Max() / theirs.Max(Math.Abs);
    }

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Row(ServeFigure f) => string.Create(CultureInfo.InvariantCulture,
        $"| {f.Model} | {f.Batch} | {f.Rounds} | {f.Batch / f.Seconds:F1} | {f.Batch / f.OnnxSeconds:F1} | {f.Batch / f.TorchSeconds:F1} | {f.OnnxRatio:F2} [{f.OnnxRatioLow:F2} … {f.OnnxRatioHigh:F2}] | {f.TorchRatio:F2} [{f.TorchRatioLow:F2} … {f.TorchRatioHigh:F2}] | {f.OnnxCpuSeconds / f.CpuSeconds:F2} | {f.TorchCpuSeconds / f.CpuSeconds:F2} | {f.GigaFlops:F0} | {f.OnnxDifference:E0} | {f.TorchDifference:E0} |");

    private static void Write(string folder, List<ServeFigure> figures, int size, int threads)
    {
        Directory.CreateDirectory(folder);
        var processor = File.ReadLines("/proc/cpuinfo").First(l => l.StartsWith("model name", StringComparison.Ordinal)).Split(": ")[1];
        var flags = File.ReadLines("/proc/cpuinfo").First(l => l.StartsWith("flags", StringComparison.Ordinal)).Split(' ');
        var sets = string.Join(", ", Sets.Where(flags.Contains));
        var text = new StringBuilder();
        text.AppendLine("# Serving: Fovea against ONNX Runtime and PyTorch").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{processor} ({sets}), {Environment.ProcessorCount} processors, {threads} threads, float32, {size} px. Turn by turn, one forward pass each, the same weights and input.");
        text.AppendLine("Ratio: the other's time / Fovea's, median of the rounds [lowest … highest]. GFLOP/s count the direct algorithm's operations; Fovea's 3×3 convolutions need fewer. Differences: of the logits, relative to the largest.").AppendLine();
        text.AppendLine("| network | batch | rounds | Fovea images/s | ONNX Runtime | PyTorch 1.13 | against ONNX Runtime | against PyTorch | processor time, ONNX | PyTorch | GFLOP/s | differs from ONNX | from PyTorch |");
        text.AppendLine("|---|--:|--:|--:|--:|--:|---|---|--:|--:|--:|--:|--:|");
        foreach (var f in figures) text.AppendLine(Row(f));
        File.WriteAllText(Path.Combine(folder, "serve.md"), text.ToString());
        File.WriteAllText(Path.Combine(folder, "serve.json"), JsonSerializer.Serialize(new { Processor = processor, InstructionSets = sets, Environment.ProcessorCount, Threads = threads, Size = size, Figures = figures }, Json) + "\n");
    }
}

/// <summary>A process that answers each line with one.</summary>
internal sealed class LineWorker : IDisposable
{
    private readonly Process _process;

    internal LineWorker(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
        First = Read();
        if (First.Split(' ')[0] != "ready") throw new InvalidOperationException($"{arguments[0]} did not get ready");
    }

    /// <summary>Its first line, that begins with "ready".</summary>
    internal string First { get; }

    internal string Ask(string line)
    {
        _process.StandardInput.WriteLine(line);
        _process.StandardInput.Flush();
        return Read();
    }

    internal (double Wall, double Cpu) Time(string line)
    {
        var parts = Array.ConvertAll(Ask(line).Split(' '), v => double.Parse(v, CultureInfo.InvariantCulture));
        return (parts[0], parts[1]);
    }

    private string Read() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"{_process.StartInfo.ArgumentList[0]} ended; bench/README.md says what it needs");

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000)) _process.Kill();
        _process.Dispose();
    }
}
