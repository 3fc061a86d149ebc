// Fovea.Bench [MODEL…] [--batch 8] [--size 224] [--threads 2] [--seconds 60] [--no-bf16] [--output FOLDER]
// Compares training steps with PyTorch's; writes train_step.md and train_step.json (default: bench/results).
using System.Globalization;
using Fovea.Bench;

if (args is ["memory", .. var memory]) return MemoryBench.Run(memory); // peak memory, see Memory.cs
if (args is ["memory-of", .. var one]) return MemoryBench.Measure(one);
if (args is ["catalogue", .. var catalogue]) return CatalogueBench.Run(catalogue); // images a second of every network, see Catalogue.cs
if (args is ["catalogue-of", .. var entry]) return CatalogueBench.Measure(entry);
if (args is ["waiting", .. var waiting]) return WaitingBench.Run(waiting); // how threads wait for each other, see Waiting.cs
if (args is ["waiting-of", .. var waited]) return WaitingBench.Measure(waited);
if (args is ["serve", .. var serve]) return ServeBench.Run(serve); // serving, see Serve.cs
if (args is ["service", .. var service]) return await ServiceBench.RunAsync(service); // the screening service under load, see ServiceBench.cs
if (args is ["loader", .. var rest]) return LoaderBench.Run(rest); // the loader alone, see Loader.cs
if (args is ["preparation", .. var preparation]) return PreparationBench.Run(preparation); // preparing a set, see Preparation.cs
if (args is ["explanation", .. var others]) return ExplanationCost.Run(others); // Grad-CAM, see ExplanationCost.cs
var models = new List<string>();
var (batch, size, threads, seconds, bf16, output) = (8, 224, 2, 60d, true, Path.Combine(Repository.Root, "bench", "results"));
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--batch": batch = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--size": size = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--threads": threads = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--seconds": seconds = double.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--no-bf16": bf16 = false; break;
        case "--output": output = args[++i]; break;
        case var name when name.StartsWith('-'):
            Console.Error.WriteLine($"{name}: not an option. See the head of bench/Fovea.Bench/Program.cs.");
            return 2;
        case var name: models.Add(name); break;
    }
}
if (models.Count == 0) models.AddRange(["mobilenet_v2", "resnet18"]);
var results = new List<Comparison>();
string version;
using (var probe = new PyTorchWorker(new Setting(models[0], batch, size, threads), "default", false)) version = probe.Version;
foreach (var model in models)
    foreach (var half in bf16 ? new[] { false, true } : [false])
        results.AddRange(TrainStep.Run(new Setting(model, batch, size, threads), half, seconds));
TrainStep.Write(output, results, new Setting("", batch, size, threads), version);
return 0;
