namespace Fovea.Training.Data;

/// <summary>
/// The image files of one or several folders, found by the names that tables give them. Each folder is listed once, so that a table of 100,000 lines
/// costs no 100,000 questions to the file system.
/// </summary>
internal sealed class ImageFolder
{
    /// <summary>What image files are called.</summary>
    public static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".dcm"];

    private readonly string[] _folders;
    private readonly Dictionary<string, Listing> _listings = new(StringComparer.Ordinal);

    /// <param name="table">What names the images, for the message.</param>
    /// <param name="folders">Where they may lie; the first that exists and holds the file counts.</param>
    /// <exception cref="DatasetException">None of the folders exists.</exception>
    public ImageFolder(string table, params IEnumerable<string> folders)
    {
        var all = folders.ToArray();
        _folders = [.. all.Where(Directory.Exists)];
        if (_folders.Length == 0) throw new DatasetException(table, $"no image folder '{all[0]}'", "Put the images there");
    }

    /// <summary>The first of the folders.</summary>
    public string Path => _folders[0];

    public static bool IsImage(string path) =>
        Extensions.Contains(System.IO.Path.GetExtension(path).ToLowerInvariant()) && System.IO.Path.GetFileName(path)[0] != '.';

    /// <summary>True where a name stays below its folder.</summary>
    public static bool IsInside(string name) => !System.IO.Path.IsPathRooted(name) && !name.Split('/', '\\').Contains("..");

    /// <summary>The file of a name, with or without its extension; one that differs in case alone is taken where nothing fits better. Null: none.</summary>
    /// <param name="name">Relative; folders in it allowed.</param>
    public string? Find(string name)
    {
        var (inner, file) = (System.IO.Path.GetDirectoryName(name) ?? "", System.IO.Path.GetFileName(name));
        foreach (var folder in _folders)
        {
            if (List(System.IO.Path.Combine(folder, inner)).Find(file) is { } found) return System.IO.Path.Combine(folder, inner, found);
        }
        return null;
    }

    private Listing List(string folder)
    {
        if (!_listings.TryGetValue(folder, out var listing)) _listings.Add(folder, listing = new Listing(folder));
        return listing;
    }

    private sealed class Listing
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);
        private readonly Dictionary<string, string?> _anyCase = new(StringComparer.OrdinalIgnoreCase);

        public Listing(string folder)
        {
            if (!Directory.Exists(folder)) return;
            foreach (var path in Directory.EnumerateFiles(folder))
            {
                var name = System.IO.Path.GetFileName(path);
                _names.Add(name);
                // Two files that differ in case alone are not to be mistaken for each other.
                if (!_anyCase.TryAdd(name, name)) _anyCase[name] = null;
            }
        }

        public string? Find(string name)
        {
            if (_names.Contains(name)) return name;
            foreach (var extension in Extensions)
            {
                if (_names.Contains(name + extension)) return name + extension;
            }
            if (_anyCase.GetValueOrDefault(name) is { } found) return found;
            foreach (var extension in Extensions)
            {
                if (_anyCase.GetValueOrDefault(name + extension) is { } other) return other;
            }
            return null;
        }
    }
}
