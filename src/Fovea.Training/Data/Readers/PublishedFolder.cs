namespace Fovea.Training.Data.Readers;

/// <summary>Where in an unpacked download a published layout begins.</summary>
internal static class PublishedFolder
{
    /// <summary><paramref name="path"/>, or the first folder in it, that <paramref name="fits"/>: archives differ in whether they hold a folder around everything. Null: none.</summary>
    public static string? Find(string path, Func<string, bool> fits)
    {
        if (!Directory.Exists(path)) return null;
        return fits(path) ? path : Directory.EnumerateDirectories(path).Order(StringComparer.Ordinal).FirstOrDefault(fits);
    }

    /// <exception cref="DatasetException">Nothing fits.</exception>
    public static string Require(string path, Func<string, bool> fits, string layout) => Find(path, fits)
        ?? throw new DatasetException(path, $"not the published layout ({layout})", "Give the folder as it was unpacked");

    public static bool Has(string folder, string name) => Path.Exists(Path.Combine(folder, name));
}
