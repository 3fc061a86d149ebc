using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

/// <summary>libtorch's generator, its live handles and its leaks are one for the process: these tests run alone, one after another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TensorsAlone
{
    public const string Name = "tensors alone";
}

/// <summary>Trainings of a second: pictures of 16 pixels whose colour tells the grade, and the small baseline network.</summary>
internal static class TinyTraining
{
    private static readonly (int R, int G, int B)[] Colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (190, 190, 30), (30, 30, 30)];

    /// <summary>Noisy plain pictures, one for each label.</summary>
    public static PreparedSet Set(IReadOnlyList<int> labels, int size = 16)
    {
        var images = labels.Select((label, i) => Picture(label, (ulong)i, size)).ToArray();
        return new PreparedSet([.. labels.Select((_, i) => $"i{i}")], images, labels, [.. Enumerable.Range(0, labels.Count)]);
    }

    /// <summary>Grades 0–4 in turn.</summary>
    public static PreparedSet Set(int count, int size = 16) => Set([.. Enumerable.Range(0, count).Select(i => i % 5)], size);

    public static Image Picture(int label, ulong seed, int size)
    {
        var random = SeededRandom.For(seed, 7);
        var (r, g, b) = Colours[label];
        var image = new Image(size, size, 3);
        for (var i = 0; i < image.Pixels.Length; i += 3)
            for (var c = 0; c < 3; c++) image.Pixels[i + c] = (byte)Math.Clamp((c == 0 ? r : c == 1 ? g : b) + random.NextInt(50) - 25, 0, 255);
        return image;
    }

    public static Recipe Recipe(params ReadOnlySpan<string> changes) => RecipeFile.Parse(
        """
        {
          "name": "tiny", "model": { "architecture": "baseline_cnn" }, "preprocessing": { "chain": "plain", "size": 16 },
          "optimiser": { "kind": "adam", "learningRate": 0.005 }, "schedule": { "kind": "constant" },
          "training": { "epochs": 3, "batchSize": 5, "select": "last" }
        }
        """, "tiny.json", changes.ToArray());

    /// <summary>A network as an experiment would begin with.</summary>
    public static Network Network(Recipe recipe)
    {
        TorchRuntime.Seed((ulong)recipe.Seed);
        return ModelCatalog.Create(recipe.Model.Architecture, NetworkOptions.For(recipe.Head, recipe.Preprocessing.Size));
    }

    /// <summary>Trains to the end and gives the delivered weights' bytes by name.</summary>
    public static (Dictionary<string, byte[]> Weights, RunProgress Progress) Train(
        Recipe recipe, PreparedSet training, PreparedSet? validation, RunDirectory run, Action<TrainingEvent, Network>? observe = null, CancellationTokenSource? stop = null)
    {
        using var network = Network(recipe);
        Freezing.Apply(network, recipe.Model, recipe.Preprocessing.Size, recipe.Name);
        using var trainer = new Trainer(recipe, network, training, validation, run, new Observer(e => observe?.Invoke(e, network)));
        var progress = trainer.Run(stop?.Token ?? TestContext.Current.CancellationToken);
        return (Bytes(network), progress);
    }

    public static Dictionary<string, byte[]> Bytes(Network network) => network.State().ToDictionary(t => t.Key, t => t.Value.Data);

    /// <summary>All parameters, as one long vector.</summary>
    public static float[] Parameters(Network network) => [.. network.NamedParameters().SelectMany(p => p.Tensor.ToArray<float>())];

    public static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => ((double)x - y) * ((double)x - y)).Sum());

    /// <summary>Called on the thread that trains, unlike <see cref="Progress{T}"/>.</summary>
    public sealed class Observer(Action<TrainingEvent> report) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value) => report(value);
    }
}
