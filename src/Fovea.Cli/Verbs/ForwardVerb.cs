using System.CommandLine;
using System.Runtime.InteropServices;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Training.Weights;
using Fovea.Weights;

namespace Fovea.Cli.Verbs;

/// <summary>A network alone, from array to array: for checking Fovea against other systems.</summary>
internal static class ForwardVerb
{
    private const int ChunkBytes = 64 << 20;

    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Name of the network; see `fovea models list`.", Required = true, HelpName = "NAME" };
        var weights = new Option<string>("--weights") { Description = "Weights: .safetensors, PyTorch .pth, a model file .fovea, or a name of `fovea weights list`.", Required = true, HelpName = "FILE|NAME" };
        var input = new Option<string>("--input") { Description = "float32 array [N, 3, H, W] (or [N, 1, H, W] for weights of grey images), normalised as the network expects.", Required = true, HelpName = "X.npy" };
        var output = new Option<string>("--output") { Description = "Where the logits [N, outputs] go, float32, before any softmax.", Required = true, HelpName = "Y.npy" };
        var classes = new Option<int?>("--classes") { Description = "Number of outputs. Default: what the weights have.", HelpName = "N" };
        var stage = new Option<string?>("--stage") { Description = "Write this stage's features [N, C, h, w] instead; the weights may then lack all that comes after it.", HelpName = "NAME" };
        return new Command("forward", "Run a network on an array, for comparison with other systems.") { model, weights, input, output, classes, stage }.Runs((parse, cancel) =>
        {
            var entry = ModelCatalog.Find(parse.GetValue(model)!);
            if (parse.GetValue(classes) is < 1 or > 100_000) throw new UsageException("--classes: not a number of outputs. Give 1 to 100000.");
            var x = ReadInput(parse.GetValue(input)!, entry);
            using var network = Load(entry, WeightsStore.Default.Resolve(parse.GetValue(weights)!), parse.GetValue(classes), parse.GetValue(stage), x);
            if (network.FixedInput is { } size && (size.Height != x.Shape[2] || size.Width != x.Shape[3]))
                throw new ArrayFormatException(parse.GetValue(input)!, $"its shape is [{string.Join(", ", x.Shape)}]", $"This {entry.Name} takes images of {size} pixels only.");
            Npy.Write(parse.GetValue(output)!, Run(network, x, parse.GetValue(stage), cancel));
            return ExitCodes.Ok;
        });
    }

    private static Network Load(ModelEntry entry, string path, int? classes, string? stage, StoredTensor x)
    {
        if (ModelFile.Is(path))
        {
            // A model file knows its head, which decides more than the number of outputs.
            var file = ModelFile.Read(path);
            if (file.Card.Architecture != entry.Name)
                throw new WeightsFormatException(path, $"it holds a {file.Card.Architecture}, not a {entry.Name}", $"Give --model {file.Card.Architecture}.");
            if (classes is { } asked && asked != file.Card.Head.Outputs)
                throw new WeightsFormatException(path, $"it has {file.Card.Head.Outputs} outputs, not {asked}", "Leave --classes out.");
            if (x.Shape[1] != 3) throw new WeightsFormatException(path, "model files take RGB images", "Give an array [N, 3, H, W].");
            return CheckStage(file.CreateNetwork(), stage);
        }

        var stored = PretrainedWeights.Read(path);
        var options = new NetworkOptions(classes ?? PretrainedWeights.OutputsOf(entry, stored) ?? 1000) { InputChannels = (int)x.Shape[1], InputSize = (x.Shape[2], x.Shape[3]) };
        var network = CheckStage(entry.Create(options), stage);
        try
        {
            if (stage is null) PretrainedWeights.LoadExactly(network, entry.Name, stored, path);
            else PretrainedWeights.Load(network, entry.Name, stored, path, stage);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    private static Network CheckStage(Network network, string? stage)
    {
        if (stage is null || network.StageNames.Contains(stage)) return network;
        var names = string.Join(", ", network.StageNames);
        network.Dispose();
        throw new UsageException($"--stage: no stage is named {stage}. There are {names}.");
    }

    private static StoredTensor ReadInput(string path, ModelEntry entry)
    {
        var x = Npy.Read(path);
        var shape = string.Join(", ", x.Shape);
        if (x.Type != ScalarType.Float32) throw new ArrayFormatException(path, $"its elements are {x.Type}", "Save it as float32.");
        if (x.Shape is not [> 0, 1 or 3, _, _]) throw new ArrayFormatException(path, $"its shape is [{shape}]", "Give [N, 3, H, W] with at least one image.");
        if (Math.Min(x.Shape[2], x.Shape[3]) < entry.MinimumInput)
            throw new ArrayFormatException(path, $"its shape is [{shape}]", $"{entry.Name} needs {entry.MinimumInput} pixels or more on each side.");
        if (x.FirstNonFinite() is { } at) throw new ArrayFormatException(path, $"element {at} is NaN or infinite", "Remove such values first.");
        return x;
    }

    private static StoredTensor Run(Network network, StoredTensor x, string? stage, CancellationToken cancel)
    {
        using var noGrad = new NoGrad();
        var values = x.Values<float>();
        var image = values.Length / (int)x.Shape[0];
        // In chunks, so that the memory for activations does not grow with the array.
        var chunk = Math.Max(1, ChunkBytes / 32 / (image * sizeof(float)));
        var (result, shape) = (new List<float>(), Array.Empty<long>());
        for (var i = 0; i < x.Shape[0]; i += chunk)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = new TensorScope();
            var n = (int)Math.Min(chunk, x.Shape[0] - i);
            var output = network.Call(Tensor.From(values.Slice(i * image, n * image), n, x.Shape[1], x.Shape[2], x.Shape[3]), Phase.Inference, withStages: stage is not null);
            var wanted = stage is null ? output.Logits : output.Stages.Single(s => s.Name == stage).Value;
            shape = wanted.Shape;
            result.AddRange(wanted.ToArray<float>());
        }
        return StoredTensor.From<float>(CollectionsMarshal.AsSpan(result), [x.Shape[0], .. shape.AsSpan(1)]);
    }
}
