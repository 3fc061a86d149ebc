using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Training.Recipes;
using Fovea.Training.Training;
using static Fovea.Training.Tests.Training.TinyTraining;

namespace Fovea.Training.Tests.Training;

[Collection(TensorsAlone.Name)]
public sealed class StagedTrainingTests : IDisposable
{
    private const string Stages = """
        stages=[
          { "name": "head", "model": { "freeze": ["backbone"] }, "training": { "epochs": 1 }, "optimiser": { "kind": "sgd", "learningRate": 0.01 } },
          { "name": "all", "training": { "epochs": 2, "ema": 0.9 }, "augmentation": { "flipHorizontal": true, "rotation": 20 }, "loss": { "labelSmoothing": 0.1 } },
          { "name": "averaged", "training": { "epochs": 3, "swaFrom": 2 }, "schedule": { "kind": "oneCycle" } } ]
        """;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static (Dictionary<string, byte[]> Weights, RunProgress Progress) Run(Recipe recipe, RunDirectory run, int? stopAfter = null, Action<TrainingEvent, Fovea.Models.Network>? observe = null)
    {
        using var network = Network(recipe);
        using var stop = new CancellationTokenSource();
        var steps = 0;
        var progress = StagedTraining.Run(recipe, network, Set(15, recipe.Preprocessing.Size), null, run, new Observer(e =>
        {
            observe?.Invoke(e, network);
            if (e is StepDone && ++steps == stopAfter) stop.Cancel();
        }), null, cancel: stop.Token);
        return (Bytes(network), progress);
    }

    [Fact]
    public void Run_Stages_TrainOneAfterTheOtherAndCountEpochsThrough()
    {
        var recipe = Recipe(Stages);
        var frozen = new List<bool>();
        var (_, progress) = Run(recipe, new RunDirectory(_folder["run"]), observe: (e, network) =>
        {
            if (e is EpochDone) frozen.Add(network.BackboneParameters().All(p => !p.Tensor.RequiresGrad));
        });
        Assert.Equal(["head", "all", "all", "averaged", "averaged", "averaged"], progress.History.Select(e => e.Stage));
        Assert.Equal([1, 2, 3, 4, 5, 6], progress.History.Select(e => e.Epoch));
        Assert.Equal([true, false, false, false, false, false], frozen);
        Assert.Equal(6, File.ReadAllLines(new RunDirectory(_folder["run"]).MetricsJsonl).Length);
        Assert.Equal(0.01, progress.History[0].LearningRate, 12);
        Assert.Equal(0.005, progress.History[1].LearningRate, 12);
    }

    // 15 images in batches of 5: steps 1–3 are the first stage, 4–9 the second, 10–18 the third.
    [Fact]
    public void Run_InterruptedInEveryStageAndResumed_EndsInTheSameBits()
    {
        var recipe = Recipe(Stages, "model.architecture=mobilenet_v2", "preprocessing.size=32", "head.dropout=0.2");
        var whole = Run(recipe, new RunDirectory(_folder["whole"])).Weights;
        var run = new RunDirectory(_folder["broken"]);
        foreach (var stopAfter in new[] { 2, 3, 4, 6 }) // in the first stage; across into the second; in the third, twice
            Assert.Throws<OperationCanceledException>(() => Run(recipe, run, stopAfter));
        var (weights, progress) = Run(recipe, run);
        Assert.Equal(6, progress.History.Count);
        Assert.All(whole, w => Assert.Equal(w.Value, weights[w.Key]));
    }

    [Fact]
    public void Apply_FreshHead_ChangesTheHeadAlone()
    {
        var recipe = Recipe("model.freshHead=true", "model.architecture=mobilenet_v2", "preprocessing.size=32", """head.pooling=averageMax""");
        using var network = Network(recipe);
        var before = Bytes(network);
        FreshHead.Apply(network, recipe, 1);
        var after = Bytes(network);
        foreach (var (path, tensor) in network.NamedParameters().Where(p => p.Tensor.Dimensions > 1))
            Assert.Equal(network.IsHead(path), !before[path].AsSpan().SequenceEqual(after[path]));
        FreshHead.Apply(network, recipe, 1);
        Assert.All(Bytes(network), w => Assert.Equal(after[w.Key], w.Value));
        FreshHead.Apply(network, recipe with { Model = recipe.Model with { FreshHead = false } }, 2);
        Assert.All(Bytes(network), w => Assert.Equal(after[w.Key], w.Value));
    }

    [Fact]
    public void Run_Swa_DeliversTheMeanOfTheEpochsWithNormsMeasuredAnew()
    {
        var recipe = Recipe("training.swaFrom=2", "training.epochs=4", "model.architecture=mobilenet_v2", "preprocessing.size=32", "head.dropout=0");
        var ends = new List<float[]>();
        float[] averaged = [];
        using var network = Network(recipe);
        using var trainer = new Trainer(recipe, network, Set(15, 32), null, new RunDirectory(_folder["run"]), new Observer(e =>
        {
            if (e is EpochDone) ends.Add(Parameters(network));
        }));
        trainer.Run(TestContext.Current.CancellationToken);
        averaged = Parameters(network);
        for (var i = 0; i < averaged.Length; i += 997) Assert.Equal((ends[1][i] + ends[2][i] + ends[3][i]) / 3, averaged[i], 1e-5f);
        // The mean of batch means over the set's three batches, of the network's first norm: plain colours of known means go through the first convolution.
        var norm = network.NamedModules().Select(m => m.Module).OfType<BatchNorm2d>().First();
        Assert.All(norm.RunningMean.ToArray<float>(), v => Assert.True(float.IsFinite(v)));
        Assert.Equal(0.1, norm.Momentum);
    }

    [Fact]
    public void Measure_NormStatistics_AreTheMeansOverTheBatches()
    {
        using var scope = new TensorScope();
        var recipe = Recipe("model.architecture=mobilenet_v2", "preprocessing.size=32");
        using var network = Network(recipe);
        Tensor[] batches = [Tensor.Randn(4, 3, 32, 32), Tensor.Randn(4, 3, 32, 32) + 1, Tensor.Randn(4, 3, 32, 32) * 2];
        NormStatistics.Measure(network, batches, false);
        var norm = network.NamedModules().Select(m => m.Module).OfType<BatchNorm2d>().First();
        var weight = network.NamedParameters().First(p => p.Path == "features.0.0.weight").Tensor;
        using var noGrad = new NoGrad();
        var first = batches.Select(x => Functional.Conv2d(x, weight, stride: 2, padding: 1)).ToArray();
        for (var c = 0; c < 32; c += 5)
        {
            Assert.Equal(first.Average(y => y.Select(1, c).Mean().Item()), norm.RunningMean.ToArray<float>()[c], 1e-4);
            Assert.Equal(first.Average(y => y.Select(1, c).Var([0, 1, 2]).Item()), norm.RunningVariance.ToArray<float>()[c], 1e-3);
        }
    }

    [Fact]
    public void Run_SizesRise_TrainsAtEachAndDeliversAtTheLast()
    {
        var recipe = Recipe("model.architecture=resnet18_small", "preprocessing.size=16", "training.sizes=[8, 16]", "training.epochs=2");
        var seconds = Run(recipe, new RunDirectory(_folder["run"])).Weights;
        Assert.Contains(Run(recipe with { Training = recipe.Training with { Sizes = [] } }, new RunDirectory(_folder["other"])).Weights, w => !seconds[w.Key].AsSpan().SequenceEqual(w.Value));
        Assert.Throws<RecipeException>(() => Recipe("training.sizes=[8, 64]"));
    }

    [Fact]
    public void Run_RefinedLabels_TakesTheSharesOfThePredictions()
    {
        // All of every label comes from a prediction that is the label: as without.
        var set = Set(10);
        var certain = set.Ids.Select((id, i) => (id, P: Enumerable.Range(0, 5).Select(k => k == set.Labels[i] ? 1.0 : 0).ToArray())).ToDictionary(r => r.id, r => r.P);
        var shifted = set.Ids.Select((id, i) => (id, P: Enumerable.Range(0, 5).Select(k => k == (set.Labels[i] + 1) % 5 ? 1.0 : 0).ToArray())).ToDictionary(r => r.id, r => r.P);
        Dictionary<string, byte[]> Trained(string name, Dictionary<string, double[]>? refined, double share)
        {
            var recipe = Recipe($"labels.share={share}");
            using var network = Network(recipe);
            StagedTraining.Run(recipe, network, set, null, new RunDirectory(_folder[name]), null, refined, cancel: TestContext.Current.CancellationToken);
            return Bytes(network);
        }
        var plain = Trained("a", null, 0.5);
        Assert.All(Trained("b", certain, 0.5), w => Assert.Equal(plain[w.Key], w.Value));
        Assert.All(Trained("c", shifted, 0), w => Assert.Equal(plain[w.Key], w.Value));
        Assert.Contains(Trained("d", shifted, 0.5), w => !plain[w.Key].AsSpan().SequenceEqual(w.Value));
    }
}
