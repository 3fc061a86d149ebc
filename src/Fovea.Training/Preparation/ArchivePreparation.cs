using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Splits;

namespace Fovea.Training.Preparation;

/// <summary>How a preparation is done.</summary>
/// <param name="Threads">Images worked on at a time; 0 for one on each core.</param>
public sealed record PreparationOptions(DecodeScale Decoding = DecodeScale.Exact, int Threads = 0);

/// <summary>What a preparation came to.</summary>
/// <param name="Prepared">Images decoded and prepared now.</param>
/// <param name="Reused">Images whose file and steps had not changed.</param>
public sealed record PreparationResult(PreparedManifest Manifest, int Prepared, int Reused);

/// <summary>
/// Prepares a whole data set into a folder: <c>images.npy</c> (N, side, side, 3; uint8; RGB), <c>thumbnails.npy</c> (N, 64, 64; grey, of the whole photograph)
/// and <c>manifest.json</c>. May be killed at any instant and run again; an image is done again only when its file or the steps have changed. Memory does not
/// grow with the number of images but for their names.
/// </summary>
public sealed class ArchivePreparation
{
    private const int RowsAtATime = 64;
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(2);

    private readonly Dataset _data;
    private readonly PreprocessingSpec _spec;
    private readonly string _folder, _chain;
    private readonly PreparationOptions _options;
    private readonly Lock _saving = new();
    private readonly List<FinishedRow> _unsaved = [];
    private readonly ConcurrentDictionary<int, string> _skipped = new();
    private readonly FinishedRow?[] _rows;
    private long _saved = Stopwatch.GetTimestamp();
    private int _prepared, _reused;

    private ArchivePreparation(Dataset data, PreprocessingSpec spec, string folder, PreparationOptions options)
    {
        (_data, _spec, _folder, _options) = (data, spec, folder, options);
        _chain = PreparedManifest.ChainOf(spec, options.Decoding);
        _rows = new FinishedRow?[data.Samples.Count];
    }

    /// <param name="progress">Images done, from any thread.</param>
    /// <exception cref="DatasetException">The folder holds something else, another process works in it, or no image can be read.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    /// <exception cref="OperationCanceledException">What is done so far is kept for the next run.</exception>
    public static PreparationResult Run(Dataset data, PreprocessingSpec spec, string folder, PreparationOptions options, IProgress<int>? progress = null, CancellationToken cancel = default)
    {
        if (spec.Problem() is { } problem) throw new ArgumentException(problem, nameof(spec));
        Directory.CreateDirectory(folder);
        using var claim = Claim(folder);
        return new ArchivePreparation(data, spec, folder, options).Run(progress, cancel);
    }

    private PreparationResult Run(IProgress<int>? progress, CancellationToken cancel)
    {
        var old = PreparedManifest.Read(In(PreparedArchive.ManifestFile));
        if (old is null) TakeUp();
        using var archive = old?.Chain == _chain ? OpenOld(old) : null;
        if (archive is not null && IsUpToDate(old!, cancel))
        {
            Clear();
            progress?.Report(_rows.Length);
            return new PreparationResult(old!, 0, _rows.Length);
        }
        using (var files = new PreparationFiles(_folder, _rows.Length, _spec.Size))
        {
            using var journal = PreparationJournal.Open(In(".journal"), Work());
            try
            {
                Fill(files, journal, archive, progress, cancel);
            }
            finally
            {
                Save(files, journal, always: true);
            }
            int[] kept = [.. Enumerable.Range(0, _rows.Length).Where(i => _rows[i] is not null)];
            if (kept.Length == 0) throw new DatasetException(_data.Source, $"none of its {_rows.Length} images can be read: {_skipped[0]}", "Check the files");
            var manifest = Manifest(kept, files, cancel);
            // From here until the new manifest is there, the folder holds no finished set; the journal still has everything.
            archive?.Dispose();
            File.Delete(In(PreparedArchive.ManifestFile));
            files.Publish(kept, _rows.Length);
            manifest.Write(In(PreparedArchive.ManifestFile));
            Clear();
            return new PreparationResult(manifest, _prepared, _reused);
        }
    }

    private void Fill(PreparationFiles files, PreparationJournal journal, OldRows? archive, IProgress<int>? progress, CancellationToken cancel)
    {
        var done = 0;
        var threads = _options.Threads > 0 ? _options.Threads : Environment.ProcessorCount;
        try
        {
            Parallel.For(0, _rows.Length, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = threads }, () => new Worker(files), (i, _, worker) =>
            {
                Do(i, worker, journal.Rows.GetValueOrDefault(i), archive);
                Save(files, journal, always: false);
                progress?.Report(Interlocked.Increment(ref done));
                return worker;
            }, _ => { });
        }
        catch (AggregateException e)
        {
            // One full disk is one message, not a bundle of them.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e.InnerExceptions[0]).Throw();
        }
    }

    private void Do(int i, Worker worker, FinishedRow? journalled, OldRows? archive)
    {
        var sample = _data.Samples[i];
        try
        {
            // A file is hashed and decoded from the same bytes: what was hashed is what was prepared.
            var bytes = sample.Path is { } path ? ImageFile.ReadBytes(path) : null;
            var photograph = bytes is null ? _data.Read(i) : null;
            var source = Convert.ToHexStringLower(SHA256.HashData(bytes ?? photograph!.Pixels.Pixels));
            if (journalled?.Source == source && worker.Read(i) == journalled.Pixels)
            {
                Interlocked.Increment(ref _reused);
                _rows[i] = journalled;
                return;
            }
            if (archive?.Copy(source, worker) is { } entry)
            {
                Interlocked.Increment(ref _reused);
                Finish(new FinishedRow(i, source, bytes?.Length ?? 0, worker.Write(i), entry.Width, entry.Height, [.. entry.OriginalToPrepared]));
                return;
            }
            photograph ??= Preprocessor.Decode(bytes, sample.Path!, _spec, _options.Decoding, worker.Buffer);
            var prepared = Preprocessor.Prepare(photograph, _spec);
            prepared.Pixels.Pixels.CopyTo(worker.Image, 0);
            Thumbnail(photograph.Pixels).CopyTo(worker.Thumbnail, 0);
            Interlocked.Increment(ref _prepared);
            var m = prepared.OriginalToPrepared;
            Finish(new FinishedRow(i, source, bytes?.Length ?? 0, worker.Write(i), prepared.OriginalWidth, prepared.OriginalHeight, [m.A, m.B, m.Tx, m.C, m.D, m.Ty]));
        }
        catch (UnreadableImageException e)
        {
            _skipped[i] = e.Message;
        }
    }

    private void Finish(FinishedRow row)
    {
        _rows[row.Index] = row;
        lock (_saving) _unsaved.Add(row);
    }

    private void Save(PreparationFiles files, PreparationJournal journal, bool always)
    {
        lock (_saving)
        {
            if (_unsaved.Count == 0 || (!always && _unsaved.Count < RowsAtATime && Stopwatch.GetElapsedTime(_saved) < SaveEvery)) return;
            files.Flush();
            journal.Add(_unsaved);
            _unsaved.Clear();
            _saved = Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Of the whole photograph, whatever was cropped: copies are known by it. Preparation can make different eyes alike.</summary>
    private static byte[] Thumbnail(Image photograph)
    {
        // Sampled first: the mean of twelve megapixels takes as long as all the rest, and 64 cells of some hundred samples say as much.
        const int Sampled = 8 * PreparationFiles.ThumbnailSide;
        var sampled = photograph.Width > Sampled && photograph.Height > Sampled ? photograph.Resize(Sampled, Sampled) : photograph;
        return sampled.ToGrey().Resize(PreparationFiles.ThumbnailSide, PreparationFiles.ThumbnailSide, Interpolation.Area).Pixels;
    }

    private PreparedManifest Manifest(int[] kept, PreparationFiles files, CancellationToken cancel)
    {
        string[] ids = [.. kept.Select(i => _data.Samples[i].Id)];
        var prints = new ImageFingerprint?[kept.Length];
        var worker = new Worker(files);
        for (var k = 0; k < kept.Length; k++)
        {
            cancel.ThrowIfCancellationRequested();
            worker.Read(kept[k]);
            prints[k] = ImageFingerprint.Of(new Image(PreparationFiles.ThumbnailSide, PreparationFiles.ThumbnailSide, 1, worker.Thumbnail));
        }
        var groups = PictureGroups.Of([.. kept.Select(i => _data.Samples[i])], Duplicates.Of(ids, prints, cancel));
        return new PreparedManifest
        {
            Format = PreparedManifest.CurrentFormat,
            Data = _data.Name,
            Size = _spec.Size,
            Steps = _spec.Steps,
            Decoding = _options.Decoding,
            Chain = _chain,
            Samples = Samples(),
            Classes = _data.ClassNames,
            Images = [.. kept.Select((i, k) => (Row: _rows[i]!, Sample: _data.Samples[i], k)).Select(x =>
                new PreparedEntry(x.Sample.Id, x.k, x.Sample.Label, groups[x.k], x.Row.Bytes, x.Row.Source, x.Row.Pixels, x.Row.Width, x.Row.Height, x.Row.Map))],
            Skipped = [.. _skipped.OrderBy(s => s.Key).Select(s => new SkippedEntry(_data.Samples[s.Key].Id, _data.Samples[s.Key].Label, s.Value))],
        };
    }

    /// <summary>Whether the finished set is what this preparation would make: the same steps, samples and files. Reads every file, decodes none.</summary>
    private bool IsUpToDate(PreparedManifest old, CancellationToken cancel)
    {
        if (old.Samples != Samples() || old.Skipped.Count > 0 || old.Images.Count != _rows.Length) return false;
        var same = true;
        Parallel.For(0, _rows.Length, new ParallelOptions { CancellationToken = cancel }, (i, loop) =>
        {
            if (!same) loop.Stop();
            else if (SourceOf(i) != old.Images[i].Source) same = false;
        });
        return same;

        string? SourceOf(int i)
        {
            try
            {
                return Convert.ToHexStringLower(SHA256.HashData(_data.Samples[i].Path is { } path ? ImageFile.ReadBytes(path) : _data.Read(i).Pixels.Pixels));
            }
            catch (UnreadableImageException)
            {
                return null;
            }
        }
    }

    private string In(string name) => Path.Combine(_folder, name);

    /// <summary>What the rows of the unfinished files belong to: steps, and which sample has which row.</summary>
    private string Work() => string.Create(CultureInfo.InvariantCulture, $"fovea prepare 1 {_chain} {_rows.Length} {Samples()}");

    /// <summary>SHA-256 of what decides the manifest beside pixels.</summary>
    private string Samples() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        _data.Samples.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Id}\t{s.Label}\t{s.Patient}"))))));

    /// <summary>A process that was killed between giving the files their names and writing the manifest had them whole: they are unfinished files again.</summary>
    private void TakeUp()
    {
        foreach (var (name, work) in ((string, string)[])[(PreparedArchive.ImagesFile, ".images.work"), (PreparedArchive.ThumbnailsFile, ".thumbnails.work")])
        {
            if (!File.Exists(In(name))) continue;
            if (!File.Exists(In(".journal"))) throw new DatasetException(_folder, $"holds a {name} that `fovea data prepare` did not write", "Name another folder");
            if (!File.Exists(In(work))) File.Move(In(name), In(work));
        }
    }

    /// <summary>Damaged pixels of a finished set are prepared again, not copied.</summary>
    private OldRows? OpenOld(PreparedManifest old)
    {
        try
        {
            return new OldRows(_folder, old);
        }
        catch (ArrayFormatException)
        {
            return null;
        }
    }

    private void Clear()
    {
        foreach (var name in (string[])[".images.work", ".thumbnails.work", ".images.whole", ".thumbnails.whole", ".journal"]) File.Delete(In(name));
        foreach (var unfinished in Directory.EnumerateFiles(_folder, ".*.tmp")) File.Delete(unfinished);
    }

    private static FileStream Claim(string folder)
    {
        try
        {
            // The system gives the lock back however the process ends; the empty file that a kill leaves means nothing.
            return new FileStream(Path.Combine(folder, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new DatasetException(folder, "another process prepares images in it", "Wait for its end, or name another folder", e);
        }
    }

    /// <summary>What a thread works in.</summary>
    private sealed class Worker(PreparationFiles files)
    {
        public PixelBuffer Buffer { get; } = new();
        public byte[] Image { get; } = new byte[files.RowBytes];
        public byte[] Thumbnail { get; } = new byte[PreparationFiles.ThumbnailBytes];
        public string Write(int row) => files.Write(row, Image, Thumbnail);
        public string? Read(int row) => files.Read(row, Image, Thumbnail);
    }

    /// <summary>The rows of the set as it was, by the content they were made from.</summary>
    private sealed class OldRows : IDisposable
    {
        private readonly NpyMap _images, _thumbnails;
        private readonly Dictionary<string, PreparedEntry> _entries = new(StringComparer.Ordinal);

        public OldRows(string folder, PreparedManifest manifest)
        {
            _images = NpyMap.Open(Path.Combine(folder, PreparedArchive.ImagesFile));
            try
            {
                _thumbnails = NpyMap.Open(Path.Combine(folder, PreparedArchive.ThumbnailsFile));
            }
            catch
            {
                _images.Dispose();
                throw;
            }
            foreach (var entry in manifest.Images) _entries.TryAdd(entry.Source, entry);
        }

        /// <summary>Copies the row made from this source; null where there is none, or it is not what was written.</summary>
        public PreparedEntry? Copy(string source, Worker worker)
        {
            if (!_entries.TryGetValue(source, out var entry) || entry.Row >= _images.Count || entry.Row >= _thumbnails.Count) return null;
            if (_images.RowBytes != worker.Image.Length || _thumbnails.RowBytes != worker.Thumbnail.Length) return null;
            _images.Row(entry.Row).CopyTo(worker.Image);
            _thumbnails.Row(entry.Row).CopyTo(worker.Thumbnail);
            return PreparationFiles.Hash(worker.Image, worker.Thumbnail) == entry.Pixels ? entry : null;
        }

        public void Dispose()
        {
            _images.Dispose();
            _thumbnails.Dispose();
        }
    }
}
