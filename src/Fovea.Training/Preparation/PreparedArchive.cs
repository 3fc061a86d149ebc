using System.Collections;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Training.Data;

namespace Fovea.Training.Preparation;

/// <summary>
/// A prepared set in a folder, mapped into memory: pixels are read when they are looked at, so that the set may be larger than memory. Dispose it after the
/// last look at its images.
/// </summary>
public sealed class PreparedArchive : IDisposable
{
    internal const string ImagesFile = "images.npy", ThumbnailsFile = "thumbnails.npy", ManifestFile = "manifest.json";
    private readonly string _path;
    private readonly NpyMap _images;

    private PreparedArchive(string path, PreparedManifest manifest, NpyMap images) => (_path, Manifest, _images) = (path, manifest, images);

    public PreparedManifest Manifest { get; }

    /// <exception cref="DatasetException">No finished prepared set.</exception>
    /// <exception cref="ArrayFormatException">Its pixels are missing or damaged.</exception>
    public static PreparedArchive Open(string path)
    {
        var manifest = PreparedManifest.Read(Path.Combine(path, ManifestFile))
            ?? throw new DatasetException(path, "no finished set of prepared images", "Make or finish it with `fovea data prepare`");
        var images = NpyMap.Open(Path.Combine(path, ImagesFile));
        if (images.Type == ScalarType.UInt8 && images.Shape.AsSpan().SequenceEqual([manifest.Images.Count, manifest.Size, manifest.Size, 3])) return new PreparedArchive(path, manifest, images);
        images.Dispose();
        throw new DatasetException(path, $"{ImagesFile} is not what {ManifestFile} says", "Delete the folder and prepare the data anew");
    }

    /// <summary>The images of a data set as a recipe wants them, in the data's order; those that could not be prepared are left out.</summary>
    /// <exception cref="DatasetException">Prepared by other steps, or the data has changed since.</exception>
    public PreparedSet Of(Dataset data, PreprocessingSpec spec)
    {
        if (PreparedManifest.ChainOf(spec, Manifest.Decoding) != Manifest.Chain)
            throw new DatasetException(_path, "prepared by other steps than the recipe's, or to another size", "Prepare the data with `fovea data prepare --recipe`, or train without --prepared");
        var rows = new List<int>(data.Samples.Count);
        var known = Manifest.Images.ToDictionary(e => e.Id, StringComparer.Ordinal);
        var skipped = Manifest.Skipped.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var sample in data.Samples)
        {
            if (known.TryGetValue(sample.Id, out var entry) && entry.Label == sample.Label && (sample.Path is null || new FileInfo(sample.Path) is { Exists: true } file && file.Length == entry.Bytes)) rows.Add(entry.Row);
            else if (entry is not null || !skipped.Contains(sample.Id))
                throw new DatasetException(_path, $"image '{sample.Id}' is {(entry is null ? "not in it" : "another one now, or has another label")}", "Bring it up to date with `fovea data prepare`");
        }
        PreparedEntry[] entries = [.. rows.Select(r => Manifest.Images[r])];
        return new PreparedSet([.. entries.Select(e => e.Id)], new Rows(this, [.. rows]), [.. entries.Select(e => e.Label)], [.. entries.Select(e => e.Group)]);
    }

    public void Dispose() => _images.Dispose();

    private sealed class Rows(PreparedArchive archive, int[] rows) : IReadOnlyList<Image>, IPixelRows
    {
        public int Count => rows.Length;

        public Image this[int index] => new(archive.Manifest.Size, archive.Manifest.Size, 3, Pixels(index).ToArray());

        public ReadOnlySpan<byte> Pixels(int index) => archive._images.Row(rows[index]);

        public IEnumerator<Image> GetEnumerator() => rows.Select((_, i) => this[i]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
