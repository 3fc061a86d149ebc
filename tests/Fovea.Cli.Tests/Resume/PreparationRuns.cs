using System.Diagnostics;
using Fovea.Training.Data;
using Fovea.Training.MadeUp;
using Fovea.Training.Preparation;

namespace Fovea.Cli.Tests.Resume;

/// <summary>A small made-up set with a corrupt image in it, and ways to start, kill and compare preparations of it.</summary>
internal sealed class PreparationRuns : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-prepare-").FullName;
    private readonly int _side;
    private readonly ITestOutputHelper? _log = TestContext.Current.TestOutputHelper;

    /// <param name="size">Of the pictures.</param>
    /// <param name="side">Of the prepared ones.</param>
    public PreparationRuns(int images, int size, int side)
    {
        _side = side;
        MadeUpDataset.Write(At("set"), new MadeUpDatasetSpec(images) { Size = size, Seed = 11 });
        // Left out, so that the rows behind it move up: the longest way to the end, with the most instants to be killed at.
        var corrupt = ImageAt(3);
        File.WriteAllBytes(corrupt, File.ReadAllBytes(corrupt)[..200]);
        Seed = int.TryParse(Environment.GetEnvironmentVariable("FOVEA_SEED"), out var seed) ? seed : Environment.TickCount & 0xFFFF;
        Random = new Random(Seed);
        _log?.WriteLine($"FOVEA_SEED={Seed}");
    }

    public int Seed { get; }
    public Random Random { get; }

    public string At(string name) => Path.Combine(_root, name);

    public string ImageAt(int index) => Directory.GetFiles(At("set/images")).Order(StringComparer.Ordinal).ElementAt(index);

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // One thread and much smoothing: the preparation lasts long enough to be killed in the middle.
    public string[] Arguments(string run) => ["data", "prepare", "--data", At("set"), "--chain", "s1", "--size", $"{_side}", "--threads", "1", "--out", At(run)];

    /// <summary>Prepares to the end; one image cannot be read, so that the answer is 3.</summary>
    public (FoveaResult Result, TimeSpan Time) Finish(string run)
    {
        var watch = Stopwatch.StartNew();
        var result = FoveaProcess.Run(Arguments(run));
        Assert.True(result.ExitCode == ExitCodes.UnreadableInput, result.Error);
        AssertFinished(run);
        return (result, watch.Elapsed);
    }

    /// <summary>Starts or resumes a preparation and kills it with SIGKILL after so long; says in what state that left the folder.</summary>
    /// <param name="once">The time counts from when this holds; null: from the start.</param>
    public string Kill(string run, TimeSpan after, Func<bool>? once = null)
    {
        using var process = FoveaProcess.Start(null, Arguments(run));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (once is not null) while (!once() && !process.HasExited) Thread.Yield();
        var ended = process.WaitForExit(after);
        if (!ended) process.Kill();
        process.WaitForExit();
        Assert.True(!ended || process.ExitCode == ExitCodes.UnreadableInput, error.Result);
        _ = output.Result;
        var state = ended ? "ended before" : State(run);
        _log?.WriteLine($"{run}: killed {after.TotalSeconds:0.000} s after {(once is null ? "its start" : "what was waited for")}: {state}");
        return state;
    }

    /// <summary>The first rows have been put into the journal.</summary>
    public bool HasBegunJournal(string run) => new FileInfo(At($"{run}/.journal")) is { Exists: true, Length: > 4000 };

    /// <summary>Images that the journal of a killed preparation calls done: the whole lines after its first.</summary>
    public int Journalled(string run) => File.Exists(At($"{run}/.journal")) ? Math.Max(0, File.ReadAllText(At($"{run}/.journal")).Count(c => c == '\n') - 1) : 0;

    /// <summary>What a training would think of a folder: nothing finished, or exactly what an undisturbed preparation gives.</summary>
    public void AssertNothingFalse(string run, string whole)
    {
        if (File.Exists(At($"{run}/manifest.json"))) AssertSame(run, whole);
        else Assert.Contains("no finished set", Assert.Throws<DatasetException>(() => PreparedArchive.Open(At(run))).Message, StringComparison.Ordinal);
    }

    public void AssertSame(string run, string whole)
    {
        foreach (var name in (string[])["images.npy", "thumbnails.npy", "manifest.json"])
            Assert.True(File.ReadAllBytes(At($"{whole}/{name}")).AsSpan().SequenceEqual(File.ReadAllBytes(At($"{run}/{name}"))), $"{run}/{name} differs from an undisturbed run's");
    }

    /// <summary>Nothing of a killed process is left: no lock, no journal, nothing half-written.</summary>
    public void AssertFinished(string run) =>
        Assert.Equal(["images.npy", "manifest.json", "thumbnails.npy"], Directory.EnumerateFileSystemEntries(At(run)).Select(Path.GetFileName).Order(StringComparer.Ordinal));

    private string State(string run)
    {
        if (!Directory.Exists(At(run))) return "starting";
        if (File.Exists(At($"{run}/manifest.json"))) return File.Exists(At($"{run}/.journal")) ? "a manifest beside the journal" : "finished";
        if (File.Exists(At($"{run}/images.npy"))) return "between the files of the end";
        return File.Exists(At($"{run}/.images.whole")) ? "closing gaps" : $"{Journalled(run)} images in the journal";
    }
}
