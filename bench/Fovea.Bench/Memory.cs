using System.Globalization;
using System.Text;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Bench;

/// <summary>Peak memory of a forward pass of one image, each in a process of its own: VmHWM less that of the idle process, in MiB.</summary>
internal static class MemoryBench
{
    private static readonly string[] Forms = ["plain", "serving"];

    internal static int Run(string[] args)
    {
        var (size, output, models) = (512, Path.Combine(Repository.Root, "bench", "results"), new List<string>());
        for (var i = 0; i < args.Length; i++)
            if (args[i] == "--output") output = args[++i];
            else if (args[i] == "--size") size = int.Parse(args[++i], CultureInfo.InvariantCulture);
            else models.Add(args[i]);
        if (models.Count == 0) models.AddRange(["resnet18", "resnet50", "densenet121", "efficientnet_b0", "mobilenet_v2"]);
        var text = new StringBuilder($"# Peak memory of a forward pass\n\nOne image of {size} px, float32, each in a process of its own: VmHWM less that of the idle process with its libraries, MiB. Serving holds the packed weights alone.\n\n"
            + "| network | PyTorch 1.13 | Fovea, plain form | ratio | Fovea, serving form | ratio |\n|---|--:|--:|--:|--:|--:|\n");
        foreach (var model in models)
        {
            var side = size.ToString(CultureInfo.InvariantCulture);
            var torch = Ask(Environment.GetEnvironmentVariable("FOVEA_ORACLE_PYTHON") ?? "/usr/bin/python3", [Path.Combine(Repository.Root, "bench", "memory.py"), model, side]);
            var own = Forms.Select(form => Ask(Environment.ProcessPath!, ThisProgram.Arguments("memory-of", model, side, form))).ToArray();
            text.AppendLine(CultureInfo.InvariantCulture, $"| {model} | {torch:F0} | {own[0]:F0} | {own[0] / torch:F2} | {own[1]:F0} | {own[1] / torch:F2} |");
        }
        Directory.CreateDirectory(output);
        File.WriteAllText(Path.Combine(output, "memory.md"), text.ToString());
        Console.Write(text);
        return 0;
    }

    /// <summary>The child: MODEL SIZE plain|serving.</summary>
    internal static int Measure(string[] args)
    {
        TorchRuntime.Threads = 2;
        using var scope = new TensorScope();
        using var noGrad = new NoGrad();
        var side = int.Parse(args[1], CultureInfo.InvariantCulture);
        _ = Tensor.Zeros(1, 1, 4, 4) + Tensor.Zeros(1, 1, 4, 4);
        var idle = Peak();
        var network = ModelCatalog.Create(args[0], new NetworkOptions(1000));
        using var serving = new ServingNetwork(network, owns: true, takesWeights: args[2] != "plain");
        network.UseChannelsLast();
        TorchMemory.ReleaseCache();
        for (var i = 0; i < 3; i++)
        {
            using var inner = new TensorScope();
            Tensor x;
            using (var plain = Tensor.Zeros(1, 3, side, side)) x = plain.To(MemoryFormat.ChannelsLast);
            _ = args[2] == "plain" ? network.Call(x, Phase.Inference) : serving.Call(x);
        }
        Console.WriteLine($"ready {idle} {Peak()}");
        return 0;
    }

    private static string Peak() => File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1];

    private static double Ask(string program, string[] arguments)
    {
        using var worker = new LineWorker(program, arguments);
        var parts = worker.First.Split(' ');
        return (double.Parse(parts[2], CultureInfo.InvariantCulture) - double.Parse(parts[1], CultureInfo.InvariantCulture)) / 1024;
    }
}
