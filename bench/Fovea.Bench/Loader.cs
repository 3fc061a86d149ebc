using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Training.Augmentation;
using Fovea.Training.MadeUp;
using Fovea.Training.Preparation;
using Fovea.Training.Training;

namespace Fovea.Bench;

/// <param name="PerCore">Augmented images a second of processor time, all threads.</param>
/// <param name="Wall">Augmented images a second by the clock.</param>
/// <param name="Microseconds">Processor time an image.</param>
/// <param name="TensorMicroseconds">Processor time an image of turning a batch into a normalised tensor, one thread.</param>
/// <param name="Allocated">Managed bytes an image, over a whole epoch with its buffers.</param>
internal sealed record LoaderFigure(string Augmentation, int Size, int Images, double PerCore, double Wall, double Microseconds, double TensorMicroseconds, double Allocated);

/// <param name="Share">The loader's and the tensor's processor time over the step's.</param>
internal sealed record StepShare(string Model, int Size, int Batch, double StepMicroseconds, double LoaderMicroseconds, double Share);

/// <summary>
/// How fast the training loader gives augmented batches, and what share of a ResNet-18 step that is. Fovea.Bench loader [--seconds 5] [--output FOLDER]; writes loader.md and
/// loader.json (default: results/loader). Images are made-up retinas in memory; on a shared machine the processor time says more than the clock.
/// </summary>
internal static class LoaderBench
{
    private static readonly string[] Presets = ["s0", "s1", "s1-paper", "fundus-strong"];

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>What recipes/retinamnist-resnet18.json asks for.</summary>
    private static readonly AugmentationSpec Recipe = new()
    {
        FlipHorizontal = true, FlipVertical = true, Rotation = Strength.PlusMinus(30), Zoom = Strength.PlusMinus(0.1), Shift = Strength.PlusMinus(0.07),
        Brightness = Strength.PlusMinus(0.15), Contrast = Strength.PlusMinus(0.15),
    };

    internal static int Run(string[] arguments)
    {
        var (seconds, output) = (5.0, Path.Combine(Repository.Root, "results", "loader"));
        for (var i = 0; i < arguments.Length; i++)
        {
            switch (arguments[i])
            {
                case "--seconds": seconds = double.Parse(arguments[++i], CultureInfo.InvariantCulture); break;
                case "--output": output = arguments[++i]; break;
                case var name:
                    Console.Error.WriteLine($"{name}: not an option. See the head of bench/Fovea.Bench/Loader.cs.");
                    return 2;
            }
        }
        TorchRuntime.Threads = 1;
        var figures = new List<LoaderFigure>();
        var retinas = Enumerable.Range(0, 16).Select(i => RetinaPainter.Paint((ulong)i, i % 5, 224).Image).ToArray();
        foreach (var (size, count, batch) in new[] { (28, 4096, 64), (224, 512, 8) })
        {
            var set = Set(retinas, size, count);
            figures.Add(Measure("recipe", Recipe, set, size, batch, seconds));
            foreach (var name in Presets) figures.Add(Measure(name, AugmentationPresets.Find(name, "bench"), set, size, batch, seconds));
        }
        StepShare[] shares = [Share("resnet18_small", 28, 64, figures), Share("resnet18", 224, 8, figures)];
        Write(output, figures, shares);
        return 0;
    }

    private static PreparedSet Set(Image[] retinas, int size, int count)
    {
        Image[] images = [.. Enumerable.Range(0, count).Select(i => retinas[i % retinas.Length].Resize(size, size, Interpolation.Area))];
        return new PreparedSet([.. Enumerable.Range(0, count).Select(i => $"{i}")], images, [.. Enumerable.Range(0, count).Select(i => i % 5)], [.. Enumerable.Range(0, count)]);
    }

    private static LoaderFigure Measure(string name, AugmentationSpec spec, PreparedSet set, int size, int batch, double seconds)
    {
        var (loader, epoch, preparation) = (new BatchLoader(set, spec, batch, 1), 0, new PreprocessingSpec { Size = size });
        foreach (var _ in loader.Epoch(epoch++, 0, CancellationToken.None)) { } // compiled, tables made
        var (images, allocated, cpu, watch) = (0, GC.GetTotalAllocatedBytes(), Environment.CpuUsage.TotalTime, Stopwatch.StartNew());
        do
        {
            foreach (var b in loader.Epoch(epoch++, 0, CancellationToken.None)) images += b.Labels.Length;
        }
        while (watch.Elapsed.TotalSeconds < seconds);
        var (wall, used, bytes) = (watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds, GC.GetTotalAllocatedBytes() - allocated);
        double? tensor = null;
        foreach (var b in loader.Epoch(0, 0, CancellationToken.None).Take(1))
        {
            ToTensor(b, preparation);
            var start = Environment.CpuUsage.TotalTime;
            var rounds = Math.Max(4, 2_000_000 / b.Pixels.Length * 8);
            for (var i = 0; i < rounds; i++) ToTensor(b, preparation);
            tensor = (Environment.CpuUsage.TotalTime - start).TotalSeconds / rounds / batch * 1e6;
        }
        return new LoaderFigure(name, size, images, images / used, images / wall, used / images * 1e6, tensor!.Value, (double)bytes / images);
    }

    private static void ToTensor(Batch batch, PreprocessingSpec preparation)
    {
        using var scope = new TensorScope();
        ImageBatch.ToTensor(batch.Pixels, batch.Width, batch.Height, preparation);
    }

    private static StepShare Share(string model, int size, int batch, List<LoaderFigure> figures)
    {
        using var worker = new FoveaWorker(new Setting(model, batch, size, 1), false);
        worker.Run(2);
        var step = Enumerable.Range(0, 5).Select(_ => worker.Run(1).Cpu).Order().ElementAt(2) / batch * 1e6;
        var figure = figures.First(f => f.Size == size && f.Augmentation == "recipe");
        var loader = figure.Microseconds + figure.TensorMicroseconds;
        return new StepShare(model, size, batch, step, loader, loader / step);
    }

    private static void Write(string folder, List<LoaderFigure> figures, StepShare[] shares)
    {
        Directory.CreateDirectory(folder);
        var text = new StringBuilder();
        text.AppendLine("# Loader: augmented images a second").AppendLine();
        text.AppendLine($"{Environment.ProcessorCount} cores. `recipe`: flips, rotation, zoom, shift, brightness and contrast of recipes/retinamnist-resnet18.json; the others are presets.");
        text.AppendLine("Per core: by processor time of all threads, which other work on the machine changes little. To a tensor: bytes to normalised float32, one thread.").AppendLine();
        text.AppendLine("| pixels | augmentation | images/s per core | images/s by the clock | µs an image | + to a tensor, µs | managed bytes an image |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (var f in figures)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {f.Size} | {f.Augmentation} | {f.PerCore:F0} | {f.Wall:F0} | {f.Microseconds:F1} | {f.TensorMicroseconds:F1} | {f.Allocated:F0} |");
        text.AppendLine().AppendLine("| network | pixels | batch | training step, ms an image | loading and augmenting, ms an image | share |").AppendLine("|---|---|---|---|---|---|");
        foreach (var s in shares)
            text.AppendLine(CultureInfo.InvariantCulture, $"| {s.Model} | {s.Size} | {s.Batch} | {s.StepMicroseconds / 1000:F2} | {s.LoaderMicroseconds / 1000:F3} | {100 * s.Share:F1} % |");
        File.WriteAllText(Path.Combine(folder, "loader.md"), text.ToString());
        File.WriteAllText(Path.Combine(folder, "loader.json"), JsonSerializer.Serialize(new { Environment.ProcessorCount, Figures = figures, Shares = shares }, Json) + "\n");
        Console.Write(text);
    }
}
