using System.Text.Json;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

/// <summary>Fifty steps against PyTorch from the same weights, on the same images in the same order: oracle/training_curve.py.</summary>
[Collection(TensorsAlone.Name)]
public sealed class TrainingCurveTests : IDisposable
{
    private const int Side = 16, Images = 40, Classes = 5;
    private static readonly int[][] Colours = [[200, 40, 40], [40, 200, 40], [40, 40, 200], [190, 190, 30], [30, 30, 30]];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sgd", """{ "kind": "sgd", "learningRate": 0.0015, "nesterov": true, "weightDecay": 0.001, "decayOnlyWeights": false, "clipNorm": 1 }""")]
    [InlineData("adam", """{ "kind": "adam", "learningRate": 0.0002, "weightDecay": 0.001, "decayOnlyWeights": false, "clipNorm": 1 }""")]
    public void Run_FiftySteps_LossesAreThoseOfPyTorch(string name, string optimiser)
    {
        var expected = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("training_curve.json"))).RootElement.GetProperty(name).EnumerateArray().Select(v => v.GetDouble()).ToArray();
        var recipe = RecipeFile.Parse($$"""
            {
              "model": { "architecture": "oct_cnn3" }, "head": { "kind": "softmax", "classes": 5, "dropout": 0 },
              "preprocessing": { "chain": "plain", "size": 16, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25] },
              "loss": { "labelSmoothing": 0.1 }, "optimiser": {{optimiser}}, "schedule": { "kind": "cosine", "warmupEpochs": 1 },
              "training": { "epochs": 10, "batchSize": 8, "select": "last" }
            }
            """, "curve");
        using var network = Network(recipe);
        var (sums, losses) = (0.0, new List<double>());
        using var trainer = new Trainer(recipe, network, Set(), null, new RunDirectory(_folder[name]), new TinyTraining.Observer(e =>
        {
            if (e is not StepDone step) return;
            // Events carry the mean over the epoch so far.
            if (step.Step == 1) sums = 0;
            losses.Add(step.Loss * step.Step - sums);
            sums = step.Loss * step.Step;
        }));
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(50, losses.Count);
        Assert.True(losses[^1] < 0.7 * losses[0], "it learns, so that the curve says something");
        var furthest = losses.Zip(expected, (a, b) => Math.Abs(a - b)).Max();
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: furthest apart {furthest:0.0e0} in step {losses.Zip(expected, (a, b) => Math.Abs(a - b)).ToList().IndexOf(furthest) + 1}");
        Assert.True(furthest < 1e-4, $"furthest apart {furthest}; step by step {string.Join(' ', losses.Zip(expected, (a, b) => $"{a - b:0.0e0}"))}");
    }

    private static Network Network(Recipe recipe)
    {
        var network = ModelCatalog.Create(recipe.Model.Architecture, NetworkOptions.For(recipe.Head, recipe.Preprocessing.Size));
        using var noGrad = new NoGrad();
        string[] layers = ["conv1", "conv2", "conv3", "fc"];
        foreach (var (path, tensor) in network.NamedParameters())
        {
            using var scope = new TensorScope();
            var index = Array.IndexOf(layers, path.Split('.')[0]);
            if (index < 0) continue; // norms begin at 1 and 0
            if (path.EndsWith("bias", StringComparison.Ordinal))
            {
                tensor.FillInPlace(0);
                continue;
            }
            var scale = Math.Sqrt(2.0 / (tensor.Elements / tensor.Size(0)));
            var values = Enumerable.Range(0, (int)tensor.Elements).Select(k => (float)(scale * Math.Sin(1.7 * k + 0.001 * k * (k % 13) + index))).ToArray();
            tensor.CopyInPlace(Tensor.From(values, tensor.Shape));
        }
        return network;
    }

    private static PreparedSet Set()
    {
        var images = new Image[Images];
        for (var i = 0; i < Images; i++)
        {
            images[i] = new Image(Side, Side, 3);
            for (var p = 0; p < Side * Side; p++)
                for (var c = 0; c < 3; c++) images[i].Pixels[p * 3 + c] = (byte)Math.Clamp(Colours[i % Classes][c] + (i * 7919 + p * 104729 + c * 1299709) % 101 - 50, 0, 255);
        }
        return new PreparedSet([.. Enumerable.Range(0, Images).Select(i => $"{i}")], images, [.. Enumerable.Range(0, Images).Select(i => i % Classes)], [.. Enumerable.Range(0, Images)]);
    }
}
