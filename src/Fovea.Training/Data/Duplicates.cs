using System.Collections.Concurrent;
using Fovea.Imaging;

namespace Fovea.Training.Data;

/// <summary>Two images that look the same.</summary>
/// <param name="First">Id.</param>
/// <param name="Second">Id.</param>
/// <param name="Distance">See <see cref="ImageFingerprint.LookDistance"/>; 0 is equal.</param>
public sealed record NearPair(string First, string Second, double Distance);

/// <summary>An image whose file could not be decoded.</summary>
public sealed record UnreadableSample(string Id, string Reason);

/// <summary>
/// Images of a data set that are the same picture: exactly (equal pixels), or nearly (stored again by a lossy codec, at another size, brighter or with
/// more contrast). Different photographs, even of the same eye, are not meant.
/// </summary>
public sealed class Duplicates
{
    /// <summary>Bits of 64 by which the difference hashes of a near pair may differ: a cheap first look only.</summary>
    public const int MaxHashDistance = 8;

    /// <summary>
    /// In standard deviations. Seen on IDRiD's 413 photographs (1024×680): copies as JPEG of quality 20, at a quarter of the size, 15 levels brighter or with
    /// 15 % more contrast differ by at most 0.018; the most alike different photographs by 0.060.
    /// </summary>
    public const double MaxLookDistance = 0.03;

    private Duplicates(IReadOnlyDictionary<string, ImageFingerprint> fingerprints, IReadOnlyList<UnreadableSample> unreadable,
        IReadOnlyList<string[]> exact, IReadOnlyList<NearPair> near) =>
        (Fingerprints, Unreadable, Exact, Near) = (fingerprints, unreadable, exact, near);

    /// <summary>By id, of every image that could be read.</summary>
    public IReadOnlyDictionary<string, ImageFingerprint> Fingerprints { get; }
    public IReadOnlyList<UnreadableSample> Unreadable { get; }

    /// <summary>Ids of images with equal pixels, two or more in each entry, in ordinal order.</summary>
    public IReadOnlyList<string[]> Exact { get; }

    /// <summary>Pairs that look the same without being equal, the closest first. Of exact duplicates, only the first id is named.</summary>
    public IReadOnlyList<NearPair> Near { get; }

    /// <summary>Reads every image once, on all cores, and compares all pairs.</summary>
    /// <param name="progress">Images read so far, from any thread.</param>
    public static Duplicates Find(Dataset dataset, IProgress<int>? progress = null, CancellationToken cancellation = default) =>
        Find([.. dataset.Samples.Select(s => s.Id)], i => dataset.Read(i).Pixels, progress, cancellation);

    internal static Duplicates Find(IReadOnlyList<string> ids, Func<int, Image> read, IProgress<int>? progress, CancellationToken cancellation)
    {
        var prints = new ImageFingerprint?[ids.Count];
        var unreadable = new ConcurrentBag<UnreadableSample>();
        var done = 0;
        Parallel.For(0, ids.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            try
            {
                prints[i] = ImageFingerprint.Of(read(i));
            }
            catch (UnreadableImageException e)
            {
                unreadable.Add(new UnreadableSample(ids[i], e.Message));
            }
            progress?.Report(Interlocked.Increment(ref done));
        });
        return Compare(ids, prints, [.. unreadable.OrderBy(u => u.Id, StringComparer.Ordinal)], cancellation);
    }

    /// <summary>Compares fingerprints taken elsewhere, e.g. while the images were read for another purpose.</summary>
    /// <param name="ids">Unique.</param>
    /// <param name="prints">Of the images as decoded (preparation can make different eyes alike); null for an unreadable one.</param>
    public static Duplicates Of(IReadOnlyList<string> ids, IReadOnlyList<ImageFingerprint?> prints, CancellationToken cancellation = default) =>
        Compare(ids, prints, [], cancellation);

    private static Duplicates Compare(IReadOnlyList<string> ids, IReadOnlyList<ImageFingerprint?> prints, UnreadableSample[] unreadable, CancellationToken cancellation)
    {
        var known = Enumerable.Range(0, ids.Count).Where(i => prints[i] is not null)
            .Select(i => (Id: ids[i], Print: prints[i]!)).OrderBy(s => s.Id, StringComparer.Ordinal).ToArray();
        var same = known.GroupBy(s => s.Print.PixelDigest).ToArray();
        var exact = same.Where(g => g.Count() > 1).Select(g => g.Select(s => s.Id).ToArray()).OrderBy(ids => ids[0], StringComparer.Ordinal).ToArray();
        var distinct = same.Select(g => g.First()).OrderBy(s => s.Id, StringComparer.Ordinal).ToArray();
        var near = new ConcurrentBag<NearPair>();
        Parallel.For(0, distinct.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            var (id, print) = distinct[i];
            for (var j = i + 1; j < distinct.Length; j++)
            {
                if (print.HashDistance(distinct[j].Print) > MaxHashDistance) continue;
                var distance = print.LookDistance(distinct[j].Print);
                if (distance <= MaxLookDistance) near.Add(new NearPair(id, distinct[j].Id, distance));
            }
        });
        return new Duplicates(known.ToDictionary(s => s.Id, s => s.Print), unreadable, exact,
            near.OrderBy(p => p.Distance).ThenBy(p => p.First, StringComparer.Ordinal).ThenBy(p => p.Second, StringComparer.Ordinal).ToArray());
    }
}
