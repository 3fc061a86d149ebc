using System.IO.Compression;

namespace Fovea.Torch.Files;

/// <summary>NumPy's <c>.npz</c> files: a zip of <c>.npy</c> files, zip64 and compressed ones included.</summary>
public static class Npz
{
    /// <summary>Bound on the sum of all arrays of a file, in bytes, unless the caller gives another.</summary>
    public const long DefaultMaxBytes = 4L << 30;

    private const string Extension = ".npy";
    private const string UsualRemedy = "Copy or download the file again, or save it again with numpy.savez.";

    /// <summary>Reads every array, by its name without <c>.npy</c>, in the file's order.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">Unpacked, the arrays must not take more than this.</param>
    /// <exception cref="ArrayFormatException">The file is missing or damaged, or an array is not one that <see cref="Npy"/> reads.</exception>
    public static IReadOnlyDictionary<string, StoredTensor> Read(string path, long maxBytes = DefaultMaxBytes) =>
        FormatFault.Translate(path, UsualRemedy, Npy.Problem, () =>
        {
            using BoundedZip zip = BoundedZip.Open(path, maxBytes);
            return Parse(zip);
        });

    /// <inheritdoc cref="Read(string, long)"/>
    /// <param name="stream">Seekable; disposed.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="maxBytes">Unpacked, the arrays must not take more than this.</param>
    public static IReadOnlyDictionary<string, StoredTensor> Read(Stream stream, string name, long maxBytes = DefaultMaxBytes) =>
        FormatFault.Translate(name, UsualRemedy, Npy.Problem, () =>
        {
            using var zip = new BoundedZip(stream, maxBytes);
            return Parse(zip);
        });

    /// <summary>Writes a file, whole or not at all; names in ordinal order, so that the same arrays always give the same bytes.</summary>
    /// <exception cref="NotSupportedException">A tensor is bfloat16, which NumPy does not have.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, StoredTensor>> arrays, bool compress = false) =>
        AtomicFile.Write(path, stream =>
        {
            using var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach ((string name, StoredTensor array) in arrays.OrderBy(a => a.Key, StringComparer.Ordinal))
            {
                ZipArchiveEntry entry = zip.CreateEntry(name + Extension, compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression);
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero); // zip's earliest
                using Stream target = entry.Open();
                Npy.Write(target, array);
            }
        });

    private static OrderedDictionary<string, StoredTensor> Parse(BoundedZip zip)
    {
        var arrays = new OrderedDictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (string entry in zip.Names)
        {
            if (!entry.EndsWith(Extension, StringComparison.Ordinal)) continue;
            using Stream stream = zip.OpenRead(entry);
            try
            {
                arrays.Add(entry[..^Extension.Length], Npy.Parse(stream, zip.Length(entry)));
            }
            catch (FormatFault fault)
            {
                throw new FormatFault($"in {FormatFault.Printable(entry)}, {fault.Message}", fault.Remedy);
            }
        }

        return arrays.Count > 0 ? arrays : throw new FormatFault("it holds no arrays");
    }
}
