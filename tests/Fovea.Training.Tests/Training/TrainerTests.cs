using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Training.Evaluation;
using Fovea.Training.Losses;
using Fovea.Training.Recipes;
using Fovea.Training.Training;
using static Fovea.Training.Tests.Training.TinyTraining;

namespace Fovea.Training.Tests.Training;

[Collection(TensorsAlone.Name)]
public sealed class TrainerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private RunDirectory Folder(string name = "run") => new(_folder[name]);

    [Fact]
    public void Run_TinySet_LearnsItByHeart()
    {
        var recipe = Recipe("training.epochs=40");
        var set = Set(20);
        using var network = Network(recipe);
        using var trainer = new Trainer(recipe, network, set, null, Folder());
        var history = trainer.Run(TestContext.Current.CancellationToken).History;
        Assert.Equal(40, history.Count);
        // ln 5 = 1.609 is the loss of a network that knows nothing
        Assert.InRange(history[0].Loss, 0.8, 2.5);
        Assert.True(history[^1].Loss < 0.05, $"loss {history[^1].Loss}");
        var loss = new GradeLoss(recipe.Head, recipe.Loss, set.ClassCounts(5));
        var evaluator = new NetworkEvaluator(network, recipe);
        Assert.Equal(set.Labels, evaluator.Predict(set).Predicted);
        Assert.Equal(1, evaluator.Score(set, loss).QuadraticWeightedKappa!.Value, 12);
    }

    [Fact]
    public void Run_SameSeed_SameBits_OtherSeed_OtherBits()
    {
        var recipe = Recipe("augmentation.flipHorizontal=true", "augmentation.rotation=30");
        var first = Train(recipe, Set(20), null, Folder("a")).Weights;
        var again = Train(recipe, Set(20), null, Folder("b")).Weights;
        var other = Train(recipe with { Seed = 2 }, Set(20), null, Folder("c")).Weights;
        Assert.All(first, w => Assert.Equal(w.Value, again[w.Key]));
        Assert.All(first.Where(w => w.Key.EndsWith("weight", StringComparison.Ordinal)), w => Assert.NotEqual(w.Value, other[w.Key]));
    }

    // MobileNetV2 for batch norms, average and dropout; the others for the state of each optimiser.
    [Theory]
    [InlineData("mobilenet_v2", "adamW", true)]
    [InlineData("baseline_cnn", "sgd", false)]
    [InlineData("baseline_cnn", "rAdam", true)]
    [InlineData("baseline_cnn", "rmsProp", false)]
    public void Run_InterruptedTwiceAndResumed_EndsInTheSameBits(string architecture, string optimiser, bool ema)
    {
        var size = architecture == "mobilenet_v2" ? 32 : 16;
        var recipe = Recipe($"model.architecture={architecture}", $"preprocessing.size={size}", $"optimiser.kind={optimiser}", $"training.ema={(ema ? "0.9" : "null")}",
            "training.select=bestAuc", "training.batchSize=4", "schedule.kind=cosine", "schedule.warmupEpochs=0.5", "augmentation.flipVertical=true", "augmentation.brightness=0.3", """augmentation.cutmix={ "alpha": 1 }""",
            "head.dropout=0.3", "optimiser.weightDecay=0.01", "optimiser.clipNorm=1", "optimiser.learningRate=0.002");
        var (training, validation) = (Set(14, size), Set(10, size));
        var whole = Train(recipe, training, validation, Folder("whole")); // 3 epochs of 3 steps

        var run = Folder("broken");
        var (steps, resumed) = (0, new List<(int, int)>());
        foreach (var stopAt in new[] { 2, 4, int.MaxValue })
        {
            using var stop = new CancellationTokenSource();
            var done = 0;
            void Count(TrainingEvent e, Network _)
            {
                if (e is Resumed r) resumed.Add((r.Epoch, r.Step));
                if (e is not StepDone) return;
                steps++;
                if (++done == stopAt) stop.Cancel();
            }
            if (stopAt == int.MaxValue)
            {
                var (weights, progress) = Train(recipe, training, validation, run, Count, stop);
                Assert.All(whole.Weights, w => Assert.Equal(w.Value, weights[w.Key]));
                Assert.Equal(whole.Progress.History.Select(h => h with { Seconds = 0 }), progress.History.Select(h => h with { Seconds = 0 }));
                Assert.Equal((whole.Progress.BestEpoch, whole.Progress.BestValue), (progress.BestEpoch, progress.BestValue));
            }
            else
            {
                Assert.ThrowsAny<OperationCanceledException>(() => Train(recipe, training, validation, run, Count, stop));
            }
        }
        Assert.Equal([(0, 2), (2, 0)], resumed);
        Assert.Equal(9, steps); // no step was done twice: an interruption saves first
        // lines of metrics.jsonl: each epoch once
        Assert.Equal(3, File.ReadAllLines(run.MetricsJsonl).Length);
    }

    [Fact]
    public void Run_WithAverage_DeliversTheAverageOfTheWeightsOfEachStep()
    {
        var recipe = Recipe("training.ema=0.5", "training.epochs=2");
        double[]? average = null;
        float[]? last = null;
        using var network = Network(recipe);
        average = [.. Parameters(network)];
        var updates = 0;
        using var trainer = new Trainer(recipe, network, Set(15), null, Folder(), new Observer(e =>
        {
            if (e is not StepDone) return;
            last = Parameters(network);
            // warm-up: 2/11, 3/12, 4/13, 5/14, 6/15, 7/16 are all below 0.5
            var decay = (1.0 + ++updates) / (10 + updates);
            for (var i = 0; i < average.Length; i++) average[i] = decay * average[i] + (1 - decay) * last[i];
        }));
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(6, updates);
        var delivered = Parameters(network);
        Assert.All(delivered.Zip(average), v => Assert.Equal(v.Second, v.First, 1e-6));
        Assert.True(Distance(delivered, last!) > 1e-3);
    }

    [Fact]
    public void Run_WithClipNorm_NoStepIsLongerThanRateTimesNorm()
    {
        double LongestStep(string clip)
        {
            float[]? before = null;
            var longest = 0.0;
            Train(Recipe("optimiser.kind=sgd", "optimiser.momentum=0", "optimiser.learningRate=0.1", clip), Set(20), null, Folder(clip), (e, network) =>
            {
                if (e is not StepDone) return;
                var now = Parameters(network);
                if (before is not null) longest = Math.Max(longest, Distance(now, before));
                before = now;
            });
            return longest;
        }
        Assert.InRange(LongestStep("optimiser.clipNorm=0.01"), 0.0005, 0.1 * 0.01 * 1.001);
        Assert.True(LongestStep("optimiser.clipNorm=null") > 0.01);
    }

    [Fact]
    public void Run_WithFrozenParts_TheyDoNotMoveNorDoTheirStatistics()
    {
        var recipe = Recipe("model.architecture=mobilenet_v2", "preprocessing.size=32", "model.freeze=[\"features.0\",\"features.1\"]", "training.epochs=1", "optimiser.weightDecay=0.1");
        using var network = Network(recipe);
        Freezing.Apply(network, recipe.Model, recipe.Preprocessing.Size, recipe.Name);
        var before = Bytes(network);
        using var trainer = new Trainer(recipe, network, Set(10, 32), null, Folder());
        trainer.Run(TestContext.Current.CancellationToken);
        var after = Bytes(network);
        bool Frozen(string name) => name.StartsWith("features.0.", StringComparison.Ordinal) || name.StartsWith("features.1.", StringComparison.Ordinal);
        Assert.True(before.Keys.Count(Frozen) > 10);
        Assert.Contains("features.0.1.running_mean", before.Keys);
        Assert.All(before.Where(b => Frozen(b.Key)), b => Assert.Equal(b.Value, after[b.Key]));
        Assert.All(before.Where(b => !Frozen(b.Key)), b => Assert.NotEqual(b.Value, after[b.Key]));
        // nor does the optimiser keep anything for them
        Assert.DoesNotContain(Checkpoint.Read(Folder().LastCheckpoint).Parts["optimiser"].Keys, Frozen);
    }

    [Fact]
    public void Freezing_OfEverything_IsTheRecipesMistake()
    {
        using var network = Network(Recipe());
        var e = Assert.Throws<RecipeException>(() => Freezing.Apply(network, new ModelRecipe { Freeze = [.. network.Children.Select(c => c.Name)] }, 32, "r.json"));
        Assert.Equal("r.json: model.freeze leaves nothing to train. Leave out fc4.", e.Message);
        Assert.Contains("Did you mean 'conv1'", Assert.Throws<RecipeException>(() => Freezing.Apply(network, new ModelRecipe { Freeze = ["conv11"] }, 32, "r.json")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", 1, 1)]
    [InlineData("balanced", 0.6, 3)] // 6 / (2 · 5) and 6 / (2 · 1)
    public void Run_ClassWeights_WeighTheLossThatIsMinimised(string weighting, double majority, double minority)
    {
        var recipe = Recipe($"loss.classWeights={weighting}", "head.classes=2", "head.dropout=0", "training.batchSize=6", "training.epochs=1");
        var set = Set([0, 0, 0, 0, 0, 1]);
        using var network = Network(recipe);
        double[] losses;
        using (new NoGrad())
        using (new TensorScope())
        {
            var logits = network.Call(ImageBatch.ToTensor(set.Images, recipe.Preprocessing), Phase.Training).Logits.ToArray<float>();
            losses = [.. Enumerable.Range(0, 6).Select(i => Math.Log(1 + Math.Exp((set.Labels[i] == 0 ? 1 : -1) * (logits[2 * i + 1] - logits[2 * i]))))];
        }
        double[] weights = [majority, majority, majority, majority, majority, minority];
        var expected = losses.Zip(weights, (l, w) => l * w).Sum() / weights.Sum();
        var measured = double.NaN;
        using var trainer = new Trainer(recipe, network, set, null, Folder(), new Observer(e => measured = e is StepDone s ? s.Loss : measured));
        trainer.Run(TestContext.Current.CancellationToken);
        Assert.Equal(expected, measured, 1e-5);
    }

    [Fact]
    public void Run_Schedule_RulesTheLengthOfTheSteps()
    {
        var positions = new List<float[]>();
        var recipe = Recipe("optimiser.kind=sgd", "optimiser.momentum=0", "optimiser.learningRate=0.1", "schedule.kind=step", "schedule.stepEpochs=[1]", "schedule.stepFactor=0.000001", "training.epochs=2");
        var (_, progress) = Train(recipe, Set(10), null, Folder(), (e, network) =>
        {
            if (e is StepDone) positions.Add(Parameters(network));
        });
        Assert.Equal(4, positions.Count);
        Assert.True(Distance(positions[0], positions[1]) > 1e-4);
        Assert.True(Distance(positions[1], positions[3]) < 1e-6);
        Assert.Equal([0.1, 1e-7], progress.History.Select(h => h.LearningRate), (a, b) => Math.Abs(a - b) < 1e-15);
    }

    [Fact]
    public void Run_LossThatGrowsWithoutBound_ThrowsAndLeavesNoBrokenCheckpoint()
    {
        var recipe = Recipe("head.kind=regression", "loss.kind=meanSquaredError", "optimiser.kind=sgd", "optimiser.learningRate=10", "training.checkpointSeconds=0", "training.epochs=50");
        var e = Assert.Throws<TrainingDivergedException>(() => Train(recipe, Set(20), null, Folder()));
        Assert.StartsWith("tiny: the training diverged: ", e.Message, StringComparison.Ordinal);
        Assert.Contains("Lower optimiser.learningRate", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        if (File.Exists(Folder().LastCheckpoint))
            Assert.All(Checkpoint.Read(Folder().LastCheckpoint).Parts["model"], t => Assert.Null(t.Value.FirstNonFinite()));
        Assert.Empty(Directory.GetFiles(_folder["run"], "*.tmp"));
    }

    [Fact]
    public void Run_WithPatience_StopsSoManyEpochsAfterTheBest()
    {
        // A rate too small to change any prediction: the first epoch stays the best.
        var recipe = Recipe("optimiser.learningRate=1e-12", "training.select=bestAuc", "training.patience=2", "training.epochs=30");
        var (_, progress) = Train(recipe, Set(10), Set(10), Folder());
        Assert.Equal((1, 3), (progress.BestEpoch, progress.Epoch));
        // and a resumed run knows that it had stopped
        Assert.Equal(3, Train(recipe, Set(10), Set(10), Folder(), (e, _) => Assert.IsNotType<StepDone>(e)).Progress.Epoch);
    }

    [Theory]
    [InlineData("bestKappa", "null")]
    [InlineData("bestAuc", "null")]
    [InlineData("bestKappa", "0.6")]
    public void Run_SelectBest_DeliversTheWeightsOfThatEpoch(string select, string ema)
    {
        // Labels that have nothing to do with the pictures: the score goes up and down by chance.
        var validation = Set(30) with { Labels = [.. Enumerable.Range(0, 30).Select(i => i * i % 7 % 5)] };
        var recipe = Recipe($"training.select={select}", $"training.ema={ema}", "training.epochs=8", "optimiser.learningRate=0.01");
        var values = new List<double?>();
        Dictionary<string, byte[]>? best = null;
        var (weights, progress) = Train(recipe, Set(20), validation, Folder(), (e, network) =>
        {
            if (e is not EpochDone done) return;
            values.Add(select == "bestKappa" ? done.Metrics.QuadraticWeightedKappa : done.Metrics.Auc);
            if (done.IsBest) best = Bytes(network);
        });
        Assert.Equal(values.Max(), progress.BestValue);
        Assert.Equal(values.IndexOf(values.Max()) + 1, progress.BestEpoch);
        Assert.True(progress.BestEpoch < 8, "the last epoch happens to be the best: this seed shows nothing");
        if (ema == "null") Assert.All(best!, w => Assert.Equal(w.Value, weights[w.Key]));
        else Assert.NotEqual(best!["fc4.weight"], weights["fc4.weight"]); // the average of then, not the weights of then

        // What is delivered scores what was promised.
        using var network = Network(recipe);
        Assert.True(network.LoadState(weights.ToDictionary(w => w.Key, w => new StoredTensor(ScalarType.Float32, network.State()[w.Key].Shape, w.Value))).IsExact);
        var loss = new GradeLoss(recipe.Head, recipe.Loss, Set(20).ClassCounts(5));
        var score = new NetworkEvaluator(network, recipe).Score(validation, loss);
        Assert.Equal(progress.BestValue, (select == "bestKappa" ? score.QuadraticWeightedKappa : score.Auc)!.Value, 12);
    }

    [Fact]
    public void Run_Whole_LeavesNoTensorBehind()
    {
        Collect();
        var (handles, leaks) = (TorchMemory.Statistics.Handles, TorchMemory.Leaks);
        var recipe = Recipe("training.ema=0.9", "training.select=bestKappa", "optimiser.clipNorm=1", "loss.classWeights=balanced");
        Train(recipe, Set(20), Set(10), Folder("a"));
        Assert.Throws<TrainingDivergedException>(() => Train(Recipe("preprocessing.std=[1e-40,1e-40,1e-40]"), Set(20), null, Folder("b")));
        Collect();
        Assert.Equal(0, TorchMemory.Leaks - leaks);
        Assert.Equal(0, TorchMemory.Statistics.Handles - handles);

        static void Collect()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
        }
    }

    [Fact]
    public void Constructor_BestOfNothing_Throws()
    {
        using var network = Network(Recipe());
        Assert.Throws<ArgumentException>(() => new Trainer(Recipe("training.select=bestKappa"), network, Set(5), null, Folder()).Dispose());
    }

    [Theory]
    [InlineData("softmax", "head")]
    [InlineData("corn", "head")]
    [InlineData("regression", "head")]
    public void Run_MicroBatches_TakesTheSameSteps(string head, string loss)
    {
        // No dropout and no batch norm: the parts' gradients add up to the batch's. Five images in parts of two, two and one.
        string[] changes = [$"head.kind={head}", $"loss.kind={loss}", "loss.classWeights=balanced", "head.dropout=0", """head.pooling=average""", "optimiser.kind=sgd", "training.batchSize=5"];
        var labels = new[] { 0, 0, 1, 2, 3, 4, 4, 4, 1, 0 };
        var whole = Train(Recipe(changes), Set(labels), null, Folder("whole")).Weights;
        var parts = Train(Recipe([.. changes, "training.microBatch=2"]), Set(labels), null, Folder("parts")).Weights;
        foreach (var (name, bytes) in whole)
        {
            var (a, b) = (System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes).ToArray(), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(parts[name]).ToArray());
            Assert.All(a.Zip(b), p => Assert.Equal(p.First, p.Second, 2e-5f)); // the order of sums differs
        }
    }

    [Fact]
    public void Run_TargetNoise_IsTheSameAgain()
    {
        string[] changes = ["head.kind=regression", "training.epochs=2"];
        var noisy = Train(Recipe([.. changes, "loss.targetNoise=0.4"]), Set(10), null, Folder("a")).Weights;
        Assert.All(Train(Recipe([.. changes, "loss.targetNoise=0.4"]), Set(10), null, Folder("b")).Weights, w => Assert.Equal(noisy[w.Key], w.Value));
        Assert.Contains(Train(Recipe(changes), Set(10), null, Folder("c")).Weights, w => !noisy[w.Key].AsSpan().SequenceEqual(w.Value));
    }
}
