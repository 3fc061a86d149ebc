using Fovea.Imaging;

namespace Fovea.Cli.Verbs;

/// <summary>Turns the files and folders that somebody named into files.</summary>
internal static class ImagePaths
{
    /// <summary>Files as they are named; for a folder the images directly in it, by name.</summary>
    /// <exception cref="UnreadableImageException">A folder holds no image.</exception>
    public static IReadOnlyList<string> Expand(IEnumerable<string> named)
    {
        var paths = new List<string>();
        foreach (var path in named)
        {
            if (!Directory.Exists(path))
            {
                paths.Add(path);
                continue;
            }
            var before = paths.Count;
            // Hidden files are half-written ones and what file managers leave.
            paths.AddRange(Directory.EnumerateFiles(path).Where(f => ImageFile.FormatOf(f) is not null && Path.GetFileName(f)[0] != '.').Order(StringComparer.Ordinal));
            if (paths.Count == before) throw new UnreadableImageException(path, "the folder holds no image", "Name a folder with JPEG, PNG, TIFF, BMP, WebP or DICOM files");
        }
        return paths;
    }
}
