using System.Collections.Concurrent;
using System.Numerics;
using Fovea.Imaging;

namespace Fovea.Training.Data;

/// <summary>Two images that show the same.</summary>
/// <param name="First">Id.</param>
/// <param name="Second">Id.</param>
/// <param name="Distance">1 less the correlation of the aligned looks: 0 is equal.</param>
/// <param name="Mirroring">How one has to be mirrored to lie on the other.</param>
public sealed record NearPair(string First, string Second, double Distance, Mirroring Mirroring);

/// <summary>An image whose file could not be decoded.</summary>
public sealed record UnreadableSample(string Id, string Reason);

/// <summary>
/// Images of a data set that are the same picture: exactly (equal pixels), or nearly (stored again by a lossy codec, at another size or aspect, brighter,
/// without its border, cropped by up to some 8 % a side, mirrored). A second photograph of an eye, taken at once in the same framing, is found, too, and
/// belongs on the same side of a split as well; photographs of different eyes are not meant.
/// </summary>
/// <remarks>
/// All pairs are compared by the product of their 256-number sketches in the four mirrorings (at 35,000 images 2.5·10⁹ products of vectors:
/// quadratic, but cheap, and without an index to tune). Of each image the <see cref="Candidates"/> most alike in each mirroring, and no others, are aligned
/// (<see cref="PictureAlignment"/>), so that the dear part grows with the images and not with their pairs.
/// </remarks>
public sealed class Duplicates
{
    private const int Candidates = 4;
    private const double MinSketchCorrelation = 0.5;

    /// <summary>
    /// Seen on IDRiD's 413 photographs: copies as JPEG of quality 20, at a third of the size, squeezed to a square, brighter, cropped by 8 % or mirrored lie
    /// within 0.067; two photographs of one eye (013 and 397) at 0.069; different eyes at 0.196 and more.
    /// </summary>
    public const double MaxDistance = 0.1;

    /// <summary>
    /// The same where a picture has a side below 64 pixels and its look holds less. RetinaMNIST (28 pixels) has 25 pairs up to 0.042; those from 0.051 on are
    /// doubtful.
    /// </summary>
    public const double MaxSmallDistance = 0.05;

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
        var near = FindNear([.. distinct.Where(s => s.Print.Look is not null)], cancellation);
        return new Duplicates(known.ToDictionary(s => s.Id, s => s.Print), unreadable, exact,
            near.OrderBy(p => p.Distance).ThenBy(p => p.First, StringComparer.Ordinal).ThenBy(p => p.Second, StringComparer.Ordinal).ToArray());
    }

    private static ConcurrentBag<NearPair> FindNear((string Id, ImageFingerprint Print)[] pictures, CancellationToken cancellation)
    {
        var near = new ConcurrentBag<NearPair>();
        Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            PictureLook[] mirrored = [.. Enum.GetValues<Mirroring>().Select(pictures[i].Print.Look!.Mirrored)];
            // The worst of the candidates stands first, to be pushed out.
            var best = Array.ConvertAll(mirrored, _ => new PriorityQueue<int, float>(Candidates));
            for (var j = i + 1; j < pictures.Length; j++)
            {
                for (var how = 0; how < mirrored.Length; how++)
                {
                    var correlation = Product(mirrored[how].Sketch, pictures[j].Print.Look!.Sketch);
                    if (correlation < MinSketchCorrelation) continue;
                    if (best[how].Count < Candidates) best[how].Enqueue(j, correlation);
                    else best[how].EnqueueDequeue(j, correlation);
                }
            }
            var found = new Dictionary<int, NearPair>();
            for (var how = 0; how < mirrored.Length; how++)
            {
                foreach (var (j, _) in best[how].UnorderedItems)
                {
                    var distance = Math.Max(0, 1 - PictureAlignment.Correlation(mirrored[how], pictures[j].Print.Look!));
                    if (distance > Bound(pictures[i].Print, pictures[j].Print) || (found.TryGetValue(j, out var other) && other.Distance <= distance)) continue;
                    found[j] = new NearPair(pictures[i].Id, pictures[j].Id, distance, (Mirroring)how);
                }
            }
            foreach (var pair in found.Values) near.Add(pair);
        });
        return near;
    }

    private static double Bound(ImageFingerprint a, ImageFingerprint b) =>
        Math.Min(Math.Min(a.Width, a.Height), Math.Min(b.Width, b.Height)) < PictureLook.Side ? MaxSmallDistance : MaxDistance;

    private static float Product(float[] a, float[] b)
    {
        var sum = Vector<float>.Zero;
        for (var i = 0; i < a.Length; i += Vector<float>.Count) sum += new Vector<float>(a, i) * new Vector<float>(b, i);
        return Vector.Sum(sum);
    }
}
