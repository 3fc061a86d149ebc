namespace Fovea.Web.Storage;

/// <summary>
/// The uploaded files, as they came, under names that the service makes (an image's id); what the uploader called them is only in the database. A file is whole and on the disk before its row is
/// committed; a file without a row is what a crash left, and goes at the next start.
/// </summary>
internal sealed class ImageStore
{
    private const string Ending = ".image";
    private readonly string _folder;

    /// <param name="data">The service's data folder, shared by all its machines.</param>
    public ImageStore(string data)
    {
        _folder = Path.Combine(data, "images");
        Directory.CreateDirectory(_folder);
    }

    public async Task WriteAsync(string id, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        var path = PathOf(id);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
            {
                await stream.WriteAsync(bytes, cancel);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <exception cref="FileNotFoundException">It was deleted.</exception>
    public Task<byte[]> ReadAsync(string id, CancellationToken cancel) => File.ReadAllBytesAsync(PathOf(id), cancel);

    /// <summary>Overwrites and deletes; nothing is said of an image that is not there.</summary>
    public void Delete(string id)
    {
        var path = PathOf(id);
        if (!File.Exists(path)) return;
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            var zeros = new byte[1 << 16];
            for (var left = stream.Length; left > 0; left -= zeros.Length) stream.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
            stream.Flush(flushToDisk: true);
        }
        File.Delete(path);
    }

    /// <summary>Ids of the files that are older than a given age; half-written ones of that age are deleted on the way.</summary>
    public IEnumerable<string> OlderThan(TimeSpan age)
    {
        var before = DateTime.UtcNow - age;
        foreach (var path in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories))
        {
            if (File.GetLastWriteTimeUtc(path) > before) continue;
            if (path.EndsWith(Ending, StringComparison.Ordinal)) yield return Path.GetFileNameWithoutExtension(path);
            else File.Delete(path);
        }
    }

    // Ids are made by the service, but a path is never built of anything else by mistake. The last two digits are random: the first ones are the time.
    private string PathOf(string id) => Guid.TryParseExact(id, "D", out _)
        ? Path.Combine(_folder, id[^2..], id + Ending)
        : throw new ArgumentException("not an image's id", nameof(id));
}
