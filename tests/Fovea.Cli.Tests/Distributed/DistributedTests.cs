using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Fovea.Cli.Tests.Resume;
using Fovea.Torch.Files;

namespace Fovea.Cli.Tests.Distributed;

/// <summary>Trainings on several processes of this machine, over loopback, through the real command.</summary>
public sealed class DistributedTests
{
    // Sums of gradients in another order differ in their last bits; a mistake in what is averaged shows in the second digit.
    private const double Tolerance = 1e-5;

    // A batch of 7: the shares differ in size, and by the balanced weights and mixing also in what they count for.
    private const string Plain =
        """
        {
          "model": { "architecture": "baseline_cnn" }, "head": { "kind": "softmax", "classes": 5, "dropout": 0 }, "preprocessing": { "chain": "plain", "size": 24 },
          "augmentation": { "flipHorizontal": true, "rotation": 20, "mixup": { "alpha": 0.4, "probability": 0.7 } }, "loss": { "classWeights": "balanced" },
          "optimiser": { "kind": "sgd", "learningRate": 0.05, "clipNorm": 1 }, "training": { "epochs": 6, "batchSize": 7, "ema": 0.9, "select": "bestAuc", "checkpointSeconds": 0.1 }
        }
        """;

    // One step of a large batch: norms over few values (the last maps are one pixel here) blow rounding up from step to step, in one process too.
    private const string Normed =
        """
        {
          "model": { "architecture": "resnet18_small" }, "head": { "kind": "softmax", "classes": 5, "dropout": 0 }, "preprocessing": { "chain": "plain", "size": 32 },
          "optimiser": { "kind": "sgd", "learningRate": 0.001 }, "training": { "epochs": 1, "batchSize": 28, "select": "last", "syncBatchNorm": true }
        }
        """;

    // Three tiles a step, shared out as one and two.
    private const string Detector =
        """
        {
          "task": "lesions", "labels": ["haemorrhage", "hard_exudate"], "tiles": { "side": 64, "perPhotograph": 2, "inference": { "side": 128, "overlap": 32 } },
          "sampling": { "anchors": 32, "proposals": 16, "beforeNms": 50, "afterNms": 20 }, "split": { "validation": 0.2, "test": 0.2 }, "augmentation": { "flipHorizontal": true },
          "optimiser": { "kind": "sgd", "learningRate": 0.001, "clipNorm": 1 }, "schedule": { "warmupEpochs": 0 },
          "training": { "epochs": 2, "batchSize": 3, "ema": 0.9, "select": "bestAp50", "checkpointSeconds": 0 }
        }
        """;

    [Fact]
    public async Task Train_OnTwoProcesses_StoppedAndResumed_EndsInTheWeightsOfOne()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var runs = new TrainingRuns(Plain, 40, 32, "--set", "training.epochs=40");
        runs.Finish("one", "--threads", "1");
        using (var process = FoveaProcess.Start(null, runs.Arguments("two", "--nproc", "2")))
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            while (!process.WaitForExit(10) && !runs.Has("two", 2)) { }
            Kill(process.Id, 15);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it still ran a minute after the signal");
            Assert.True(process.ExitCode == ExitCodes.Interrupted, await error);
            Assert.Empty(await output);
        }
        var (result, _) = runs.Finish("two", "--nproc", "2", "--resume");
        Assert.Contains("resuming after epoch", result.Error, StringComparison.Ordinal);
        AssertSame(runs, "one", "two");
        Assert.Equal(Predicted(runs, "one"), Predicted(runs, "two"));
        Assert.Contains("wrote", result.Error, StringComparison.Ordinal); // rank 0 has the terminal …
        Assert.Single(result.ErrorLines, l => l.StartsWith("wrote", StringComparison.Ordinal)); // … alone
    }

    [Fact]
    public void Train_OnTwoProcessesWithSynchronisedNorms_EndsInTheWeightsOfOne()
    {
        using var runs = new TrainingRuns(Normed, 40, 32);
        runs.Finish("one", "--threads", "1");
        runs.Finish("two", "--nproc", "2");
        AssertSame(runs, "one", "two");

        runs.Finish("apart", "--nproc", "2", "--set", "training.syncBatchNorm=false");
        Assert.True(Distance(runs, "one", "apart") > 100 * Tolerance, "norms of half a batch should not do the same: this test would see nothing");
    }

    [Fact]
    public async Task Train_DetectorOnTwoProcesses_StoppedAndResumed_EndsInTheWeightsOfOne()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var runs = new TrainingRuns(Detector, 10, 128);
        runs.Finish("one", "--threads", "1");
        using (var process = FoveaProcess.Start(null, runs.Arguments("two", "--nproc", "2")))
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            while (!process.WaitForExit(10) && !File.Exists(runs.At("two/last.safetensors"))) { }
            Kill(process.Id, 15);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it still ran a minute after the signal");
            Assert.True(process.ExitCode == ExitCodes.Interrupted, await error);
            Assert.Empty(await output);
        }
        var (result, _) = runs.Finish("two", "--nproc", "2", "--resume");
        Assert.Single(result.ErrorLines, l => l.StartsWith("wrote", StringComparison.Ordinal));
        AssertSame(runs, "one", "two");
        // Each looked at its share of the test part; the scores are of all of it.
        Assert.Equal(2, (int)JsonNode.Parse(File.ReadAllText(runs.At("two/metrics.json")))!["images"]!);
    }

    [Fact]
    public async Task Train_OneOfThreeKilled_SaysWhichAndGoesOnWithTwo()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var runs = new TrainingRuns(Plain, 40, 32, "--set", "training.epochs=40");
        using var process = FoveaProcess.Start(null, runs.Arguments("run", "--nproc", "3"));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        while (!process.WaitForExit(10) && !runs.Has("run", 2)) { }
        Assert.False(process.HasExited, process.HasExited ? await error : "");
        var watch = Stopwatch.StartNew();
        Kill(RankOf(process, 1), 9);
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), "it still ran a minute later");
        var took = watch.Elapsed;
        var said = await error;
        TestContext.Current.TestOutputHelper?.WriteLine($"ended {took.TotalSeconds:0.0} s after the kill:\n{said}");
        Assert.Equal(ExitCodes.RankLost, process.ExitCode);
        Assert.Empty(await output);
        Assert.Contains("rank 1 of 3: lost, it gives no sign of life. Start again with --resume; the number of processes may differ.", said, StringComparison.Ordinal);
        Assert.Contains("rank 1: ended by signal 9.", said, StringComparison.Ordinal);
        Assert.False(runs.Has("run", 40));

        var (resumed, _) = runs.Finish("run", "--resume", "--nproc", "2");
        Assert.Contains("resuming after epoch", resumed.Error, StringComparison.Ordinal);
        runs.Finish("one", "--threads", "1");
        AssertSame(runs, "one", "run");
    }

    [Fact]
    public void Train_FailingOnEveryProcess_IsOneLine() =>
        FoveaProcess.Run("train", "--recipe", "missing.json", "--data", "missing", "--nproc", "2").AssertFailed(2, "missing.json: no such file");

    [Theory]
    [InlineData("0", "--nproc: 0 is out of range. Give 1 to 256.")]
    [InlineData("257", "--nproc: 257 is out of range.")]
    public void Train_ImpossibleNumberOfProcesses_IsRefused(string count, string message) =>
        FoveaProcess.Run("train", "--recipe", "missing.json", "--data", "missing", "--nproc", count).AssertFailed(2, message);

    [Fact]
    public void Train_EnvironmentOfHalfAJob_IsRefused() =>
        FoveaProcess.Run(TimeSpan.FromMinutes(1), null, new Dictionary<string, string> { ["WORLD_SIZE"] = "2" }, "train", "--recipe", "missing.json", "--data", "missing")
            .AssertFailed(2, "RANK: is not set", "unset WORLD_SIZE");

    private static int RankOf(Process launcher, int rank)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            try
            {
                // "pid (name) state parent …"
                var parent = File.ReadAllText($"{folder}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
                if (parent == $"{launcher.Id}" && File.ReadAllText($"{folder}/environ").Split('\0').Contains($"RANK={rank}")) return int.Parse(Path.GetFileName(folder), System.Globalization.CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // it ended while we looked
            }
            catch (UnauthorizedAccessException)
            {
                // another's
            }
        }
        throw new InvalidOperationException($"no process of rank {rank}");
    }

    private static void AssertSame(TrainingRuns runs, string one, string other)
    {
        var distance = Distance(runs, one, other);
        TestContext.Current.TestOutputHelper?.WriteLine($"largest difference of a weight between {one} and {other}: {distance:g3}");
        Assert.True(distance <= Tolerance, $"a weight differs by {distance}");
    }

    private static double Distance(TrainingRuns runs, string one, string other)
    {
        var (a, b) = (Weights(runs.At($"{one}/model.fovea")), Weights(runs.At($"{other}/model.fovea")));
        Assert.Equal(a.Keys.Order(StringComparer.Ordinal), b.Keys.Order(StringComparer.Ordinal));
        return a.Max(t => t.Value.Zip(b[t.Key], (x, y) => Math.Abs((double)x - y)).Max());
    }

    private static Dictionary<string, float[]> Weights(string model)
    {
        var path = Path.ChangeExtension(model, ".safetensors");
        File.WriteAllBytes(path, Delivered.WeightsIn(model));
        return Safetensors.Read(path).Where(t => t.Value.Type == Fovea.Torch.ScalarType.Float32).ToDictionary(t => t.Key, t => t.Value.Values<float>().ToArray());
    }

    private static string[] Predicted(TrainingRuns runs, string run) => [.. File.ReadLines(runs.At($"{run}/predictions.csv")).Select(l => string.Join(',', l.Split(',').Take(3)))];

    private static void Kill(int process, int signal) => Assert.Equal(0, kill(process, signal));

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int pid, int signal);
}
