using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Explanation;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Bench;

/// <param name="ForwardMs">Of a batch, median.</param>
/// <param name="GradCamMs">Of a batch, median: logits and maps.</param>
/// <param name="Ratio">Median of the pairs' ratios: what a map costs in forward passes.</param>
internal sealed record ExplanationFigure(string Model, string Layer, int Batch, int Size, int Pairs, double ForwardMs, double GradCamMs, double Ratio);

/// <summary>
/// What Grad-CAM costs in forward passes, as a model serves. Fovea.Bench explanation [--seconds 12] [--threads 2] [--output FOLDER]; writes cost.md and cost.json (default: results/explanation).
/// Forward pass and Grad-CAM are measured turn by turn, so that what else the machine does meets both.
/// </summary>
internal static class ExplanationCost
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    internal static int Run(string[] arguments)
    {
        var (seconds, threads, output) = (12.0, 2, Path.Combine(Repository.Root, "results", "explanation"));
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--seconds": seconds = double.Parse(arguments[++i], CultureInfo.InvariantCulture); break;
                case "--threads": threads = int.Parse(arguments[++i], CultureInfo.InvariantCulture); break;
                case "--output": output = arguments[++i]; break;
                case var name:
                    Console.Error.WriteLine($"{name}: not an option. See the head of bench/Fovea.Bench/ExplanationCost.cs.");
                    return 2;
            }
        }
        TorchRuntime.Threads = threads;
        var figures = new List<ExplanationFigure>();
        foreach (var model in new[] { "resnet18", "densenet121", "mobilenet_v2", "squeezenet1_1" })
        {
            using var network = ModelCatalog.Create(model, new NetworkOptions(5));
            network.RequireGrad(false);
            network.UseChannelsLast();
            foreach (var batch in new[] { 1, 8 })
            {
                figures.Add(Measure(network, network.StageNames[^1], batch, seconds));
                Console.Error.WriteLine(figures[^1]);
            }
        }
        Directory.CreateDirectory(output);
        File.WriteAllText(Path.Combine(output, "cost.json"), JsonSerializer.Serialize(new { threads, figures }, Json) + "\n");
        File.WriteAllText(Path.Combine(output, "cost.md"), Markdown(figures, threads));
        return 0;
    }

    private static ExplanationFigure Measure(Network network, string layer, int batch, double seconds)
    {
        const int Size = 224;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = scope.Keep(Tensor.Randn(batch, 3, Size, Size).To(MemoryFormat.ChannelsLast));
        var target = ExplanationTarget.For(new HeadSpec(HeadKind.Softmax, 5), 2);
        double Forward() => Timed(() => _ = network.Call(x, Phase.Inference).Logits.ToArray<float>());
        double Map() => Timed(() => GradCam.Of(network, x, target, layer));
        for (var i = 0; i < 3; i++) _ = Forward() + Map();
        var pairs = new List<(double Forward, double Map)>();
        for (var watch = Stopwatch.StartNew(); watch.Elapsed.TotalSeconds < seconds || pairs.Count < 9;)
        {
            // Who goes first changes, so that a trend favours neither.
            if (pairs.Count % 2 == 0) pairs.Add((Forward(), Map()));
            else
            {
                var map = Map();
                pairs.Add((Forward(), map));
            }
        }
        return new ExplanationFigure(network.Name, layer, batch, Size, pairs.Count, Math.Round(Median(pairs.Select(p => p.Forward)), 3), Math.Round(Median(pairs.Select(p => p.Map)), 3), Math.Round(Median(pairs.Select(p => p.Map / p.Forward)), 3));
    }

    private static double Timed(Action work)
    {
        using var scope = new TensorScope();
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string Markdown(List<ExplanationFigure> figures, int threads)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# What Grad-CAM costs\n\nLogits and maps of the deepest layer, in forward passes without a gradient; 224 px, {threads} threads, turn by turn in one run (`bench/Fovea.Bench explanation`), medians.\n");
        text.AppendLine("| network | layer | batch | forward, ms | Grad-CAM, ms | forward passes | pairs |\n|---|---|---|---|---|---|---|");
        foreach (var f in figures) text.AppendLine(CultureInfo.InvariantCulture, $"| {f.Model} | {f.Layer} | {f.Batch} | {f.ForwardMs:0.0} | {f.GradCamMs:0.0} | {f.Ratio:0.00} | {f.Pairs} |");
        return text.ToString();
    }
}
