namespace Fovea.Cli.Verbs;

/// <summary>Where the results of each image go.</summary>
internal static class OutputNames
{
    /// <summary>One path without ending an image; two photographs of one name in different folders must not overwrite each other's.</summary>
    public static string[] Of(IReadOnlyList<string> images, string folder)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return [.. images.Select(image =>
        {
            var stem = Path.GetFileNameWithoutExtension(image);
            var name = stem;
            for (var i = 2; !used.Add(name); i++) name = $"{stem}.{i}";
            return Path.Combine(folder, name);
        })];
    }

    /// <summary>The path, whose folder is there from now on.</summary>
    public static string WithFolder(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return path;
    }
}
