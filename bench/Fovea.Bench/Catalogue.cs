using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Bench;

/// <param name="Side">Pixels: the network's native input.</param>
/// <param name="Serve">Images a second of the form that serves.</param>
/// <param name="Train">Images a second of whole training steps; null where the memory does not suffice.</param>
internal sealed record CatalogueFigure(string Model, int Side, int Batch, double Serve, double? Train);

/// <summary>Images a second of every network of the catalogue, each in a process of its own: medians of a few seconds, for choosing a network, not for comparing systems.</summary>
internal static class CatalogueBench
{
    private const int Threads = 2;
    private const string Figures = "catalogue.json";
    // What networks of more parameters than these need, with gradients and momentum where they train, does not fit 16 GiB.
    private const long MostTrained = 500_000_000, MostServed = 1_000_000_000;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private sealed record Report(string Processor, int ProcessorCount, int Threads, string Libtorch, List<CatalogueFigure> Results);

    internal static int Run(string[] args)
    {
        var (output, seconds, models) = (Path.Combine(Repository.Root, "bench", "results"), "3", new List<string>());
        for (var i = 0; i < args.Length; i++)
            if (args[i] == "--output") output = args[++i];
            else if (args[i] == "--seconds") seconds = args[++i];
            else models.Add(args[i]);
        var report = new Report(ThisProgram.Processor, Environment.ProcessorCount, Threads, TorchRuntime.Version, []);
        // Some minutes for all: a run that is cut off is taken up with the networks that it lacks, on the same processor.
        if (File.Exists(Path.Combine(output, Figures)) && JsonSerializer.Deserialize<Report>(File.ReadAllText(Path.Combine(output, Figures)), Json) is { } before)
            if ((before with { Results = report.Results }) == report) report.Results.AddRange(before.Results);
            else Console.WriteLine($"The figures in {output} are of another machine or libtorch and are replaced.");
        if (models.Count == 0) models.AddRange(ModelCatalog.Entries.Where(e => ModelFigures.Of(e, new NetworkOptions(1000)).Parameters <= MostServed).Select(e => e.Name).Except(report.Results.Select(f => f.Model)));
        foreach (var model in models)
        {
            using var worker = new LineWorker(Environment.ProcessPath!, ThisProgram.Arguments("catalogue-of", model, seconds));
            var parts = worker.First.Split(' ');
            double Number(int i) => double.Parse(parts[i], CultureInfo.InvariantCulture);
            report.Results.RemoveAll(f => f.Model == model);
            report.Results.Add(new CatalogueFigure(model, (int)Number(1), (int)Number(2), Math.Round(Number(3), 2), parts[4] == "-" ? null : Math.Round(Number(4), 2)));
            Console.WriteLine(Row(report.Results[^1]));
            Write(output, report);
        }
        return 0;
    }

    /// <summary>The child: MODEL SECONDS.</summary>
    internal static int Measure(string[] args)
    {
        TorchRuntime.Threads = Threads;
        var (entry, seconds) = (ModelCatalog.Find(args[0]), double.Parse(args[1], CultureInfo.InvariantCulture));
        var (side, parameters) = (entry.NativeInput, ModelFigures.Of(entry, new NetworkOptions(1000)).Parameters);
        var batch = parameters > MostTrained || side > 600 ? 1 : side > 300 ? 4 : 8;
        double serve;
        using (var serving = new ServingNetwork(ModelCatalog.Create(args[0], new NetworkOptions(1000)), owns: true, takesWeights: true))
        {
            using var scope = new TensorScope();
            var x = Tensor.Zeros(batch, 3, side, side).To(MemoryFormat.ChannelsLast);
            serve = batch / Median(seconds, () =>
            {
                using var inner = new TensorScope();
                serving.Call(x);
            });
        }
        TorchMemory.ReleaseCache();
        var train = "-";
        if (parameters <= MostTrained)
        {
            using var worker = new FoveaWorker(new Setting(args[0], batch, side, Threads), bf16: false);
            train = (batch / Median(seconds, () => worker.Run(1))).ToString(CultureInfo.InvariantCulture);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ready {side} {batch} {serve} {train}"));
        return 0;
    }

    private static double Median(double seconds, Action step)
    {
        step();
        step();
        var (times, all) = (new List<double>(), Stopwatch.StartNew());
        while (times.Count < 3 || all.Elapsed.TotalSeconds < seconds)
        {
            var watch = Stopwatch.StartNew();
            step();
            times.Add(watch.Elapsed.TotalSeconds);
        }
        return ServeBench.Median(times);
    }

    private static string Row(CatalogueFigure f) =>
        string.Create(CultureInfo.InvariantCulture, $"| `{f.Model}` | {f.Side} | {f.Batch} | {f.Serve:0.0} | {(f.Train is { } train ? train.ToString("0.0", CultureInfo.InvariantCulture) : "–")} |");

    private static void Write(string folder, Report report)
    {
        Directory.CreateDirectory(folder);
        var text = new StringBuilder("# Images a second of every network\n\n");
        text.Append(CultureInfo.InvariantCulture, $"{report.Processor}, {report.ProcessorCount} processors, {report.Threads} threads, float32, at the network's native side. Serving: forward passes in the form that serves. Training: whole steps with SGD. ");
        text.Append("Medians of a few seconds. Left out: `small_cnn`, whose dense layer of a thousand million weights does not fit a common machine's memory beside its pictures of 2000 px. For comparisons with other systems see [serving](../serving/serve.md) and [train-step](../train-step).\n\n| network | side, px | batch | serving | training |\n|---|--:|--:|--:|--:|\n");
        var order = ModelCatalog.Entries.Select(e => e.Name).ToList();
        report.Results.Sort((a, b) => order.IndexOf(a.Model).CompareTo(order.IndexOf(b.Model)));
        foreach (var figure in report.Results) text.Append(Row(figure)).Append('\n');
        File.WriteAllText(Path.Combine(folder, "catalogue.md"), text.ToString());
        File.WriteAllText(Path.Combine(folder, Figures), JsonSerializer.Serialize(report, Json));
    }
}
