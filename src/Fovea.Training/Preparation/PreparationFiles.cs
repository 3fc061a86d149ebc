using System.Security.Cryptography;
using Fovea.Torch;
using Fovea.Torch.Files;
using Microsoft.Win32.SafeHandles;

namespace Fovea.Training.Preparation;

/// <summary>The two arrays of a set that is being prepared, under hidden names and without headers: numpy does not open them before they are finished.</summary>
internal sealed class PreparationFiles : IDisposable
{
    internal const int ThumbnailSide = 64, ThumbnailBytes = ThumbnailSide * ThumbnailSide;
    private readonly int _side;
    private readonly string _folder;
    private readonly SafeFileHandle _images, _thumbnails;

    /// <summary>Takes up what is there, or reserves the disk space for every row: a full disk is noticed now and not after hours.</summary>
    public PreparationFiles(string folder, int count, int side)
    {
        (_folder, _side) = (folder, side);
        _images = Open(ImagesWork, Offset(count));
        try
        {
            _thumbnails = Open(ThumbnailsWork, ThumbnailHeader + (long)count * ThumbnailBytes);
        }
        catch
        {
            _images.Dispose();
            throw;
        }
    }

    public string ImagesWork => Path.Combine(_folder, ".images.work");

    public string ThumbnailsWork => Path.Combine(_folder, ".thumbnails.work");

    public int RowBytes => _side * _side * 3;

    /// <summary>Any number of threads, each its own rows.</summary>
    /// <returns>The hash of what was written.</returns>
    public string Write(int row, ReadOnlySpan<byte> image, ReadOnlySpan<byte> thumbnail)
    {
        RandomAccess.Write(_images, image, Offset(row));
        RandomAccess.Write(_thumbnails, thumbnail, ThumbnailHeader + (long)row * ThumbnailBytes);
        return Hash(image, thumbnail);
    }

    /// <summary>Reads a row back; its hash, or null where the files end before.</summary>
    public string? Read(int row, Span<byte> image, Span<byte> thumbnail) =>
        Fill(_images, image, Offset(row)) && Fill(_thumbnails, thumbnail, ThumbnailHeader + (long)row * ThumbnailBytes) ? Hash(image, thumbnail) : null;

    public void Flush()
    {
        RandomAccess.FlushToDisk(_images);
        RandomAccess.FlushToDisk(_thumbnails);
    }

    /// <summary>Puts headers before the rows and gives the files their names. Where rows were left out the kept ones are copied together first.</summary>
    /// <param name="kept">Rising.</param>
    public void Publish(IReadOnlyList<int> kept, int count)
    {
        var gaps = kept.Count < count;
        var (images, thumbnails) = (Path.Combine(_folder, ".images.whole"), Path.Combine(_folder, ".thumbnails.whole"));
        if (gaps)
        {
            using var toImages = File.OpenHandle(images, FileMode.Create, FileAccess.Write);
            using var toThumbnails = File.OpenHandle(thumbnails, FileMode.Create, FileAccess.Write);
            var (image, thumbnail) = (new byte[RowBytes], new byte[ThumbnailBytes]);
            for (var i = 0; i < kept.Count; i++)
            {
                Read(kept[i], image, thumbnail);
                RandomAccess.Write(toImages, image, Offset(i));
                RandomAccess.Write(toThumbnails, thumbnail, ThumbnailHeader + (long)i * ThumbnailBytes);
            }
            Head(toImages, toThumbnails, kept.Count);
        }
        else
        {
            Head(_images, _thumbnails, kept.Count);
        }
        File.Move(gaps ? images : ImagesWork, Path.Combine(_folder, PreparedArchive.ImagesFile), overwrite: true);
        File.Move(gaps ? thumbnails : ThumbnailsWork, Path.Combine(_folder, PreparedArchive.ThumbnailsFile), overwrite: true);
    }

    public void Dispose()
    {
        _images.Dispose();
        _thumbnails.Dispose();
    }

    private void Head(SafeFileHandle images, SafeFileHandle thumbnails, int count)
    {
        RandomAccess.Write(images, Npy.Header(ScalarType.UInt8, count, _side, _side, 3), 0);
        RandomAccess.Write(thumbnails, Npy.Header(ScalarType.UInt8, count, ThumbnailSide, ThumbnailSide), 0);
        RandomAccess.SetLength(images, Offset(count));
        RandomAccess.SetLength(thumbnails, ThumbnailHeader + (long)count * ThumbnailBytes);
        RandomAccess.FlushToDisk(images);
        RandomAccess.FlushToDisk(thumbnails);
    }

    private static SafeFileHandle Open(string path, long length) => File.Exists(path) && new FileInfo(path).Length <= length
        ? File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)
        : File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, FileOptions.None, preallocationSize: length);

    private static bool Fill(SafeFileHandle file, Span<byte> to, long offset)
    {
        while (to.Length > 0)
        {
            var read = RandomAccess.Read(file, to, offset);
            if (read == 0) return false;
            to = to[read..];
            offset += read;
        }
        return true;
    }

    private long Offset(int row) => Npy.Header(ScalarType.UInt8, 0, _side, _side, 3).Length + (long)row * RowBytes;

    private static int ThumbnailHeader => Npy.Header(ScalarType.UInt8, 0, ThumbnailSide, ThumbnailSide).Length;

    internal static string Hash(ReadOnlySpan<byte> image, ReadOnlySpan<byte> thumbnail)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(image);
        hash.AppendData(thumbnail);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
