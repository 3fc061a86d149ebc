using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.MadeUp;
using Fovea.Training.Preparation;

namespace Fovea.Training.Tests.Preparation;

public sealed class ArchivePreparationTests : IDisposable
{
    private static readonly PreprocessingSpec Spec = new() { Chain = "s0", Size = 32 };
    private readonly TestFolder _folder = new();

    public ArchivePreparationTests() => MadeUpDataset.Write(_folder["set"], new MadeUpDatasetSpec(12) { Size = 48, Seed = 4 });

    public void Dispose() => _folder.Dispose();

    private string Out => _folder["out"];

    private Dataset Data => DatasetReaders.Open($"madeup:{_folder["set"]}");

    private string FileOf(int index) => Data.Samples[index].Path!;

    private PreparationResult Run(PreprocessingSpec? spec = null, IProgress<int>? progress = null, CancellationTokenSource? stop = null) =>
        ArchivePreparation.Run(Data, spec ?? Spec, Out, new PreparationOptions(), progress, stop?.Token ?? TestContext.Current.CancellationToken);

    [Fact]
    public void Run_NewFolder_HoldsWhatThePreprocessorGives()
    {
        var result = Run();
        Assert.Equal((12, 0), (result.Prepared, result.Reused));
        Assert.Equal(["images.npy", "manifest.json", "thumbnails.npy"], Directory.EnumerateFileSystemEntries(Out).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using var archive = PreparedArchive.Open(Out);
        var set = archive.Of(Data, Spec);
        for (var i = 0; i < 12; i++)
        {
            var expected = Preprocessor.Prepare(Data.Read(i), Spec);
            Assert.True(expected.Pixels.HasSamePixels(set.Images[i]), $"image {i}");
            Assert.Equal(expected.OriginalToPrepared.Tx, archive.Manifest.Images[i].OriginalToPrepared[2]);
            Assert.Equal((Data.Samples[i].Id, Data.Samples[i].Label), (set.Ids[i], set.Labels[i]));
        }
        // Two eyes of a patient are one group.
        Assert.Equal(6, set.Groups.Distinct().Count());
        var part = set.Subset([7, 2]).Subset([1]);
        Assert.True(part.Images[0].HasSamePixels(set.Images[2]));
        // What the loader reads lies in the file: nothing is copied for it.
        Assert.True(part.Pixels(0).SequenceEqual(set.Images[2].Pixels));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 12; i++) _ = set.Pixels(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.Equal([12L, 32, 32, 3], Npy.Read(Path.Combine(Out, "images.npy")).Shape.ToArray());
    }

    [Fact]
    public void Run_Again_DoesNothing()
    {
        Run();
        var before = File.GetLastWriteTimeUtc(Path.Combine(Out, "images.npy"));
        Assert.Equal((0, 12), (Run().Prepared, Run().Reused));
        Assert.Equal(before, File.GetLastWriteTimeUtc(Path.Combine(Out, "images.npy")));
    }

    [Fact]
    public void Run_ChangedFile_DoesOnlyThatOne()
    {
        Run();
        ImageFile.Write(FileOf(5), ImageFile.Read(FileOf(5)).FlipHorizontal());
        var result = Run();
        Assert.Equal((1, 11), (result.Prepared, result.Reused));
        using var archive = PreparedArchive.Open(Out);
        Assert.True(Preprocessor.Prepare(Data.Read(5), Spec).Pixels.HasSamePixels(archive.Of(Data, Spec).Images[5]));
    }

    [Fact]
    public void Run_AnyNumberOfThreads_HoldsNoMorePhotographsThanThreads()
    {
        var (open, most) = (0, 0);
        var inner = Data;
        var counted = new Dataset(inner.Source, inner.Kind, inner.ClassNames, [.. inner.Samples.Select(s => s with { Path = null })], i =>
        {
            for (int now = Interlocked.Increment(ref open), seen = most; now > seen; seen = most) Interlocked.CompareExchange(ref most, now, seen);
            return inner.Read(i);
        });
        ArchivePreparation.Run(counted, Spec, Out, new PreparationOptions(Threads: 2), new Freed(() => Interlocked.Decrement(ref open)), TestContext.Current.CancellationToken);
        Assert.InRange(most, 1, 2);
        Assert.Equal(0, open);
    }

    /// <summary>Told of each image when it is written and let go.</summary>
    private sealed class Freed(Action freed) : IProgress<int>
    {
        public void Report(int value) => freed();
    }

    [Fact]
    public void Run_ChangedStepsOrSize_DoesAllAgain()
    {
        Run();
        Assert.Equal(12, Run(new PreprocessingSpec { Chain = "s1", Size = 32 }).Prepared);
        Assert.Equal(12, Run(new PreprocessingSpec { Chain = "s1", Size = 40 }).Prepared);
        using var archive = PreparedArchive.Open(Out);
        Assert.Contains("other steps", Assert.Throws<DatasetException>(() => archive.Of(Data, Spec)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_ChangedLabel_PreparesNothingAndWritesTheLabel()
    {
        Run();
        var labels = Path.Combine(_folder["set"], "labels.csv");
        var lines = File.ReadAllLines(labels);
        var cells = lines[3].Split(',');
        cells[1] = cells[1] == "0" ? "1" : "0";
        lines[3] = string.Join(',', cells);
        File.WriteAllLines(labels, lines);
        using (var stale = PreparedArchive.Open(Out)) Assert.Contains("up to date", Assert.Throws<DatasetException>(() => stale.Of(Data, Spec)).Message, StringComparison.Ordinal);
        Assert.Equal((0, 12), (Run().Prepared, Run().Reused));
        using var archive = PreparedArchive.Open(Out);
        Assert.Equal(int.Parse(cells[1], System.Globalization.CultureInfo.InvariantCulture), archive.Of(Data, Spec).Labels[2]);
    }

    [Fact]
    public void Run_CorruptImage_IsListedAndLeftOut()
    {
        var whole = File.ReadAllBytes(FileOf(4));
        File.WriteAllBytes(FileOf(4), whole[..200]);
        var result = Run();
        Assert.Equal(Data.Samples[4].Id, Assert.Single(result.Manifest.Skipped).Id);
        using (var archive = PreparedArchive.Open(Out))
        {
            var set = archive.Of(Data, Spec);
            Assert.Equal(11, set.Count);
            Assert.Equal(Data.Samples[5].Id, set.Ids[4]);
            Assert.True(Preprocessor.Prepare(Data.Read(5), Spec).Pixels.HasSamePixels(set.Images[4]));
        }
        File.WriteAllBytes(FileOf(4), whole);
        var mended = Run();
        Assert.Equal((1, 11, 0), (mended.Prepared, mended.Reused, mended.Manifest.Skipped.Count));
        using var again = PreparedArchive.Open(Out);
        Assert.True(Preprocessor.Prepare(Data.Read(4), Spec).Pixels.HasSamePixels(again.Of(Data, Spec).Images[4]));
    }

    [Fact]
    public void Run_NothingReadable_Throws()
    {
        foreach (var sample in Data.Samples) File.WriteAllText(sample.Path!, "no picture");
        Assert.Throws<DatasetException>(() => Run());
        Assert.False(File.Exists(Path.Combine(Out, "manifest.json")));
    }

    [Fact]
    public void Run_Cancelled_GoesOnAndTrustsNoDamagedRow()
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Run(progress: new Until(5, stop), stop: stop));
        Assert.Throws<DatasetException>(() => PreparedArchive.Open(Out));
        // A row that the journal calls finished, but that is not what was written.
        using (var work = new FileStream(Path.Combine(Out, ".images.work"), FileMode.Open)) { work.Position = 128 + 50; work.WriteByte(77); }
        File.AppendAllText(Path.Combine(Out, ".journal"), "{\"index\":3,\"sour");
        var result = Run();
        Assert.InRange(result.Reused, 3, 11);
        using var archive = PreparedArchive.Open(Out);
        for (var i = 0; i < 12; i++) Assert.True(Preprocessor.Prepare(Data.Read(i), Spec).Pixels.HasSamePixels(archive.Of(Data, Spec).Images[i]));
    }

    [Fact]
    public void Run_KilledBeforeTheManifest_TakesTheRowsUpAgain()
    {
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => Run(progress: new Until(11, stop), stop: stop));
        // As if killed between the two renames at the end.
        File.Move(Path.Combine(Out, ".images.work"), Path.Combine(Out, "images.npy"));
        var result = Run();
        Assert.InRange(result.Reused, 8, 12);
        using var archive = PreparedArchive.Open(Out);
        for (var i = 0; i < 12; i++) Assert.True(Preprocessor.Prepare(Data.Read(i), Spec).Pixels.HasSamePixels(archive.Of(Data, Spec).Images[i]));
    }

    [Fact]
    public void Run_FolderOfSomethingElse_IsLeftAlone()
    {
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "images.npy"), "mine");
        Assert.Throws<DatasetException>(() => Run());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Out, "images.npy")));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("null")]
    public void Open_DamagedManifest_SaysSo(string text)
    {
        Run();
        File.WriteAllText(Path.Combine(Out, "manifest.json"), text);
        Assert.Contains("not a manifest", Assert.Throws<DatasetException>(() => PreparedArchive.Open(Out)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FastDecoding_IsCloseAndGeometryIsOfTheOriginal()
    {
        MadeUpDataset.Write(_folder["jpegs"], new MadeUpDatasetSpec(2) { Size = 700, Seed = 4, Format = ImageFormat.Jpeg }, null, TestContext.Current.CancellationToken);
        var data = DatasetReaders.Open($"madeup:{_folder["jpegs"]}");
        var spec = new PreprocessingSpec { Chain = "fov", Size = 64 };
        for (var i = 0; i < data.Samples.Count; i++)
        {
            var bytes = File.ReadAllBytes(data.Samples[i].Path!);
            var exact = Preprocessor.Prepare(Preprocessor.Decode(bytes, "x", spec, DecodeScale.Exact), spec);
            var reduced = Preprocessor.Decode(bytes, "x", spec, DecodeScale.Fast);
            Assert.True(reduced.Reduction >= 4);
            var fast = Preprocessor.Prepare(reduced, spec);
            // Painted edges are sharper than any camera's; real photographs differ by less than 2 (docs/preprocessing.md).
            Assert.InRange(exact.Pixels.Pixels.Zip(fast.Pixels.Pixels).Average(p => Math.Abs(p.First - p.Second)), 0, 4);
            Assert.Equal((exact.OriginalWidth, exact.OriginalHeight), (fast.OriginalWidth, fast.OriginalHeight));
            var (ex, ey) = exact.OriginalToPrepared.Apply(350, 200);
            var (fx, fy) = fast.OriginalToPrepared.Apply(350, 200);
            Assert.InRange(fx - ex, -0.5, 0.5);
            Assert.InRange(fy - ey, -0.5, 0.5);
        }
    }

    private sealed class Until(int count, CancellationTokenSource stop) : IProgress<int>
    {
        public void Report(int value)
        {
            if (value >= count) stop.Cancel();
        }
    }
}
