using System.Diagnostics;
using Fovea.Training.Training;

namespace Fovea.Cli.Tests.Resume;

/// <summary>Trainings that are killed, interrupted and resumed, through the real process.</summary>
public sealed class ResumeTests
{
    // Batch of 7: the last of an epoch is incomplete. checkpointSeconds 0.2: checkpoints are written all the time.
    private const string Small =
        """
        {
          "model": { "architecture": "baseline_cnn" }, "preprocessing": { "chain": "plain", "size": 32 }, "augmentation": { "flipHorizontal": true, "rotation": 20 },
          "optimiser": { "learningRate": 0.003 }, "training": { "epochs": 15, "batchSize": 7, "ema": 0.9, "select": "bestKappa", "checkpointSeconds": 0.2 }
        }
        """;

    private const string Large =
        """
        {
          "model": { "architecture": "mobilenet_v2" }, "preprocessing": { "chain": "fov", "size": 64 }, "augmentation": { "flipVertical": true, "rotation": 180, "brightness": 0.2 },
          "head": { "kind": "ordinal", "classes": 5, "dropout": 0.3 }, "optimiser": { "clipNorm": 1, "weightDecay": 0.01 },
          "training": { "epochs": 5, "batchSize": 7, "ema": 0.9, "select": "bestAuc", "checkpointSeconds": 0.2 }
        }
        """;

    // Three stages of different kinds: a frozen backbone, a moving average that chooses its epoch, and a plateau with micro-batches; bfloat16 where the processor has it.
    // The last one clips its gradients: without, it diverged (batch norms of two or three images whose last maps are one pixel).
    private const string Staged =
        """
        {
          "model": { "architecture": "mobilenet_v2" }, "preprocessing": { "chain": "plain", "size": 32 }, "augmentation": { "flipHorizontal": true, "rotation": 90, "mixup": { "alpha": 0.4 } },
          "head": { "kind": "threeHeads", "classes": 5, "pooling": "averageMax", "dropout": 0.1 }, "loss": { "targetNoise": 0.2, "labelSmoothing": 0.1 }, "decoding": { "fit": "headWeights" },
          "training": { "epochs": 2, "batchSize": 7, "select": "bestLoss", "precision": "auto", "checkpointSeconds": 0.1, "classSampling": 0.5 },
          "stages": [
            { "name": "heads", "model": { "freeze": ["backbone"] } },
            { "name": "averaged", "training": { "epochs": 4, "ema": 0.9 }, "loss": { "heads": { "classes": "focal", "ordinal": "focal" } } },
            { "name": "plateau", "optimiser": { "kind": "rAdam", "clipNorm": 1 }, "schedule": { "kind": "plateau", "patience": 1, "stepFactor": 0.5 }, "training": { "epochs": 3, "microBatch": 3 } }
          ]
        }
        """;

    [Fact]
    public void Train_StagesKilledTwice_ResumesToTheSameBits()
    {
        using var runs = new TrainingRuns(Staged, 40, 32, "--threads", "1");
        runs.Finish("whole");
        foreach (var (stage, epochs) in new[] { (2, 1), (3, 1) })
            Assert.DoesNotContain("ended", runs.Kill("killed", TimeSpan.FromMilliseconds(runs.Random.Next(100)), () => runs.Has($"killed/stage-{stage}", epochs)), StringComparison.Ordinal);
        runs.Finish("killed", "--resume");
        Delivered.By(runs.At("whole")).AssertSame(Delivered.By(runs.At("killed")));
    }

    [Fact]
    public void Train_StagesKilledTenTimesAtRandom_EachResumeEndsInTheSameBits()
    {
        Nightly();
        using var runs = new TrainingRuns(Staged, 60, 48);
        var (_, time) = runs.Finish("whole");
        var whole = Delivered.By(runs.At("whole"));
        for (var i = 0; i < 10; i++)
        {
            var (run, after) = ($"run {i}", time * (i + runs.Random.NextDouble()) / 10);
            for (; runs.Kill(run, after).StartsWith("ended", StringComparison.Ordinal); after *= 0.7) Directory.Delete(runs.At(run), recursive: true);
            runs.Finish(run, "--resume");
            whole.AssertSame(Delivered.By(runs.At(run)));
        }
        for (var i = 0; i < 10; i++) runs.Kill("unlucky", time * runs.Random.NextDouble() / 4);
        runs.Finish("unlucky", "--resume");
        whole.AssertSame(Delivered.By(runs.At("unlucky")));
    }

    [Fact]
    public void Train_KilledTwice_ResumesToTheSameBits()
    {
        using var runs = new TrainingRuns(Small, 40, 32, "--threads", "1");
        runs.Finish("whole");
        foreach (var epochs in new[] { 2, 7 })
            Assert.DoesNotContain("ended", runs.Kill("killed", TimeSpan.FromMilliseconds(runs.Random.Next(150)), () => runs.Has("killed", epochs)), StringComparison.Ordinal);
        runs.Finish("killed", "--resume");
        Delivered.By(runs.At("whole")).AssertSame(Delivered.By(runs.At("killed")));
    }

    [Fact]
    public void Train_KilledTenTimesAtRandom_EachResumeEndsInTheSameBits()
    {
        Nightly();
        using var runs = new TrainingRuns(Large, 60, 64);
        var (_, time) = runs.Finish("whole");
        var whole = Delivered.By(runs.At("whole"));
        // One instant in each tenth of the run: start-up, training and end all have their turn.
        for (var i = 0; i < 10; i++) Killed($"run {i}", time * (i + runs.Random.NextDouble()) / 10);
        // Instants that chance may miss: in the middle of writing a file, and between the files of the end.
        for (var i = 1; i <= 3; i++)
        {
            var (name, epochs) = ($"writing {i}", i);
            Killed(name, TimeSpan.FromMilliseconds(runs.Random.Next(20)), () => runs.Has(name, epochs) && runs.IsWriting(name));
        }
        Killed("ending", TimeSpan.Zero, () => File.Exists(runs.At("ending/predictions.csv")));
        // One run that is killed ten times.
        for (var i = 0; i < 10; i++)
        {
            var epochs = i / 2;
            runs.Kill("unlucky", time * runs.Random.NextDouble() / 8, () => runs.Has("unlucky", epochs));
        }
        runs.Finish("unlucky", "--resume");
        whole.AssertSame(Delivered.By(runs.At("unlucky")));

        void Killed(string run, TimeSpan after, Func<bool>? once = null)
        {
            // A machine that has become quicker since the first run was timed may be done before: then earlier.
            for (; runs.Kill(run, after, once).StartsWith("ended", StringComparison.Ordinal); after *= 0.7) Directory.Delete(runs.At(run), recursive: true);
            runs.Finish(run, "--resume");
            whole.AssertSame(Delivered.By(runs.At(run)));
            Directory.Delete(runs.At(run), recursive: true);
        }
    }

    [Fact]
    public void CrossValidation_KilledInEachFold_ResumesToTheSameBits()
    {
        Nightly();
        using var runs = new TrainingRuns(Small, 60, 32, "--folds", "3", "--threads", "1");
        runs.Finish("whole");
        foreach (var (fold, epochs) in new[] { (0, 4), (1, 3), (2, 6) })
            Assert.DoesNotContain("ended", runs.Kill("killed", TimeSpan.FromMilliseconds(runs.Random.Next(100)), () => runs.Has($"killed/fold-{fold}", epochs)), StringComparison.Ordinal);
        var (last, _) = runs.Finish("killed", "--resume");
        for (var k = 0; k < 3; k++)
            Delivered.By(runs.At($"whole/fold-{k}")).AssertSame(Delivered.By(runs.At($"killed/fold-{k}")));
        foreach (var name in new[] { "metrics.json", "predictions.csv", "split.csv" })
            Assert.Equal(File.ReadAllText(runs.At($"whole/{name}")), File.ReadAllText(runs.At($"killed/{name}")));
        // A fold that was ready is not trained again.
        var first = last.ErrorLines.SkipWhile(l => l != "fold 1 of 3").TakeWhile(l => l != "fold 2 of 3").ToArray();
        Assert.Contains("resuming after epoch 15, step 0", first);
        Assert.DoesNotContain(first, l => l.StartsWith("epoch ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Train_Interrupted_LeavesACheckpointAnd130_AndResumesToTheSameBits()
    {
        using var runs = new TrainingRuns(Small, 40, 32, "--threads", "1");
        runs.Finish("whole");
        using (var process = FoveaProcess.Start(null, runs.Arguments("run")))
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            var watch = Stopwatch.StartNew();
            while (!File.Exists(runs.At("run/last.safetensors")) && watch.Elapsed < TimeSpan.FromMinutes(1)) await Task.Delay(10, TestContext.Current.CancellationToken);
            using (var kill = Process.Start("kill", ["-INT", process.Id.ToString()])) await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 130, await error);
            Assert.Empty(await output);
            Assert.Equal("Interrupted.", (await error).TrimEnd().Split('\n')[^1]);
        }
        Assert.Empty(Directory.GetFiles(runs.At("run"), ".*"));
        Assert.False(File.Exists(runs.At("run/model.fovea")));
        var (_, progress, _) = Checkpoint.Read(runs.At("run/last.safetensors"));
        Assert.InRange(progress.Epoch * 100 + progress.Step, 1, 1499);

        FoveaProcess.Run(runs.Arguments("run")).AssertFailed(2, "run: holds a run already", "--resume");
        FoveaProcess.Run(runs.Arguments("run", "--resume", "--set", "seed=2")).AssertFailed(2, "its run was begun with another recipe", "Resume with", "recipe.json");
        runs.Finish("run", "--resume");
        Delivered.By(runs.At("whole")).AssertSame(Delivered.By(runs.At("run")));

        var bytes = File.ReadAllBytes(runs.At("run/last.safetensors"));
        File.WriteAllBytes(runs.At("run/last.safetensors"), bytes[..(bytes.Length / 2)]);
        var corrupted = FoveaProcess.Run(runs.Arguments("run", "--resume"));
        Assert.Equal(5, corrupted.ExitCode);
        var line = Assert.Single(corrupted.ErrorLines, l => !l.StartsWith("Preparing", StringComparison.Ordinal));
        Assert.Contains("last.safetensors: ", line, StringComparison.Ordinal);
        Assert.EndsWith("Start again in another folder.", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ResumeOfNothing_StartsAndSaysSo()
    {
        using var runs = new TrainingRuns(Small, 40, 32, "--threads", "1", "--set", "training.epochs=1");
        Assert.Contains($"{runs.At("run")}: no run to resume; starting it.", runs.Finish("run", "--resume").Result.ErrorLines);
    }

    private static void Nightly()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") != "1") Assert.Skip("takes minutes; eng/nightly.sh runs it (FOVEA_NIGHTLY=1)");
    }
}
