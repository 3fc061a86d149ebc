using Fovea.Imaging;
using Fovea.Quality;
using Fovea.Training.Data;

namespace Fovea.Training.Inspection;

/// <summary>
/// Reads every image once, on all cores. At most one decoded photograph for each core is in memory; what stays is a few numbers, a fingerprint and a thumbnail of each,
/// and the small grey pictures of those to embed.
/// </summary>
internal sealed class InspectionPass
{
    /// <summary>Longer side of a thumbnail.</summary>
    public const int ThumbnailSide = 96;

    /// <summary>Side of the grey pictures that are embedded; the multi-task replication (S1) used 224.</summary>
    public const int GreySide = 224;

    private InspectionPass(int count, int[] embedded) =>
        (Facts, Prints, Thumbnails, Embedded, Grey, Features) =
        (new ImageFacts?[count], new ImageFingerprint?[count], new byte[]?[count], embedded, new byte[]?[count], new float[]?[count]);

    /// <summary>By position in the data set; null for an unreadable image.</summary>
    public ImageFacts?[] Facts { get; }
    public ImageFingerprint?[] Prints { get; }

    /// <summary>JPEG; null where none was asked for.</summary>
    public byte[]?[] Thumbnails { get; }
    public IReadOnlyList<UnreadableSample> Unreadable { get; private set; } = [];

    /// <summary>Positions of the images chosen for embedding that could be read, rising.</summary>
    public int[] Embedded { get; private set; }

    /// <summary>Grey pixels of the embedded ones.</summary>
    public byte[]?[] Grey { get; }

    /// <summary>The network's features of the embedded ones.</summary>
    public float[]?[] Features { get; }

    /// <param name="progress">Images read so far, from any thread.</param>
    public static InspectionPass Run(Dataset dataset, InspectionOptions options, IProgress<int>? progress, CancellationToken cancel)
    {
        var count = dataset.Samples.Count;
        var pass = new InspectionPass(count, Sample(count, options.EmbedLimit, options.Seed));
        var embedded = pass.Embedded.ToHashSet();
        var reasons = new string?[count];
        var done = 0;
        Parallel.For(0, count, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            try
            {
                pass.Look(dataset, i, options, embedded.Contains(i));
            }
            catch (UnreadableImageException e)
            {
                reasons[i] = e.Message;
            }
            progress?.Report(Interlocked.Increment(ref done));
        });
        pass.Unreadable = [.. Enumerable.Range(0, count).Where(i => reasons[i] is not null)
            .Select(i => new UnreadableSample(dataset.Samples[i].Id, reasons[i]!)).OrderBy(u => u.Id, StringComparer.Ordinal)];
        pass.Embedded = [.. pass.Embedded.Where(i => pass.Facts[i] is not null)];
        return pass;
    }

    /// <summary>So many of the positions, by chance but the same for the same seed, rising.</summary>
    internal static int[] Sample(int count, int limit, ulong seed)
    {
        int[] positions = [.. Enumerable.Range(0, count)];
        if (limit >= count) return positions;
        SeededRandom.For(seed, 0x656D626564).Shuffle<int>(positions);
        return [.. positions.Take(limit).Order()];
    }

    private void Look(Dataset dataset, int i, InspectionOptions options, bool embed)
    {
        var photograph = dataset.Read(i);
        var pixels = photograph.Pixels;
        Prints[i] = ImageFingerprint.Of(pixels);
        if (options.Thumbnails) Thumbnails[i] = Thumbnail(pixels);
        if (embed)
        {
            Grey[i] = pixels.ToGrey().Resize(GreySide, GreySide, Interpolation.Area).Pixels;
            Features[i] = options.Features?.Of(photograph);
        }
        long? bytes = dataset.Samples[i].Path is { } path ? new FileInfo(path).Length : null;
        Facts[i] = new ImageFacts(pixels.Width, pixels.Height, bytes, QualityAssessor.Assess(photograph));
    }

    private static byte[] Thumbnail(Image pixels)
    {
        var scale = Math.Min(1, (double)ThumbnailSide / Math.Max(pixels.Width, pixels.Height));
        var small = scale == 1 ? pixels
            : pixels.Resize(Math.Max(1, (int)Math.Round(pixels.Width * scale)), Math.Max(1, (int)Math.Round(pixels.Height * scale)), Interpolation.Area);
        return ImageCodec.Encode(small, ImageFormat.Jpeg, 80);
    }
}
