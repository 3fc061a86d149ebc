using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json.Nodes;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Tests.Resume;

/// <summary>What a training delivers, in bytes that a repeated training must give again.</summary>
internal sealed record Delivered(byte[] Weights, string Metrics, string Predictions, string History)
{
    public static Delivered By(string run) => new(WeightsIn(Path.Combine(run, "model.fovea")), File.ReadAllText(Path.Combine(run, "metrics.json")),
        File.ReadAllText(Path.Combine(run, "predictions.csv")), HistoryOf(Path.Combine(run, "metrics.jsonl")));

    /// <summary>The model file as a whole holds the time when it was written.</summary>
    public static byte[] WeightsIn(string model)
    {
        using var zip = ZipFile.OpenRead(model);
        using var stream = zip.GetEntry("weights.safetensors")!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string HistoryOf(string path) => string.Join('\n', File.ReadLines(path).Select(line =>
    {
        var epoch = (JsonObject)JsonNode.Parse(line)!;
        epoch.Remove("seconds");
        return epoch.ToJsonString();
    }));

    public void AssertSame(Delivered other)
    {
        Assert.True(Weights.AsSpan().SequenceEqual(other.Weights), "the weights differ");
        Assert.Equal(Metrics, other.Metrics);
        Assert.Equal(Predictions, other.Predictions);
        Assert.Equal(History, other.History);
    }
}

/// <summary>A small made-up set, a recipe that writes checkpoints all the time, and ways to start, kill and compare trainings of it.</summary>
internal sealed class TrainingRuns : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-resume-").FullName;
    private readonly string[] _options;
    private readonly ITestOutputHelper? _log = TestContext.Current.TestOutputHelper;

    public TrainingRuns(string recipe, int images, int size, params string[] options)
    {
        MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(images) { Size = size, Seed = 11 });
        File.WriteAllText(At("recipe.json"), recipe);
        _options = options;
        // FOVEA_SEED repeats the instants of a run that failed, as far as the machine is as busy as then.
        Seed = int.TryParse(Environment.GetEnvironmentVariable("FOVEA_SEED"), out var seed) ? seed : Environment.TickCount & 0xFFFF;
        Random = new Random(Seed);
        _log?.WriteLine($"FOVEA_SEED={Seed}");
    }

    public int Seed { get; }
    public Random Random { get; }

    public string At(string name) => Path.Combine(_root, name);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    public string[] Arguments(string run, params ReadOnlySpan<string> more) => ["train", "--recipe", At("recipe.json"), "--data", At("set"), "--out", At(run), .. _options, .. more];

    /// <summary>Trains to the end, at most five minutes.</summary>
    public (FoveaResult Result, TimeSpan Time) Finish(string run, params ReadOnlySpan<string> more)
    {
        var watch = Stopwatch.StartNew();
        var result = FoveaProcess.Run(TimeSpan.FromMinutes(5), null, Arguments(run, more));
        Assert.True(result.ExitCode == 0, result.Error);
        // Nothing of the kills is left: no lock, nothing half-written.
        Assert.Empty(Directory.GetFiles(At(run), ".*", SearchOption.AllDirectories));
        return (result, watch.Elapsed);
    }

    /// <summary>Starts or resumes a training and kills it with SIGKILL after so long; says in what stage that was.</summary>
    /// <param name="once">The time counts from when this holds; null: from the start.</param>
    public string Kill(string run, TimeSpan after, Func<bool>? once = null)
    {
        var begun = HasCheckpoint(run);
        using var process = FoveaProcess.Start(null, Arguments(run, "--resume"));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        while (once is not null && !process.WaitForExit(1) && !once()) { }
        var ended = process.WaitForExit(after);
        if (!ended) process.Kill();
        process.WaitForExit();
        var stage = ended ? $"ended before with {process.ExitCode}" : Stage(run, begun, error.Result);
        Assert.True(!ended || process.ExitCode == 0, error.Result);
        _log?.WriteLine($"{run}: killed {after.TotalSeconds:0.00} s after {(once is null ? "its start" : "what was waited for")}: {stage}");
        _ = output.Result;
        return stage;
    }

    /// <summary>A file is being written in the folder of a run.</summary>
    public bool IsWriting(string run) => Directory.Exists(At(run)) && Directory.EnumerateFiles(At(run), ".*.tmp").Any();

    /// <summary>So many epochs are done.</summary>
    public bool Has(string run, int epochs) => File.Exists(At($"{run}/metrics.jsonl")) && File.ReadLines(At($"{run}/metrics.jsonl")).Count() >= epochs;

    private bool HasCheckpoint(string run) => Directory.Exists(At(run)) && Directory.EnumerateFiles(At(run), "last.safetensors", SearchOption.AllDirectories).Any();

    private string Stage(string run, bool begun, string error)
    {
        if (!Directory.Exists(At(run))) return "starting";
        if (Directory.GetFiles(At(run), ".*.tmp", SearchOption.AllDirectories) is [var half, ..]) return $"writing {Path.GetFileName(half).Split('.')[1]}";
        if (File.Exists(At($"{run}/predictions.csv"))) return "finishing";
        if (!HasCheckpoint(run)) return "before the first checkpoint";
        return begun && !error.Contains("resuming", StringComparison.Ordinal) ? "starting again" : "training";
    }
}
