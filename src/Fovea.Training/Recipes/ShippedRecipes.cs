namespace Fovea.Training.Recipes;

/// <summary>The recipes of the repository's recipes/ folder, which lie beside the program, by name.</summary>
public static class ShippedRecipes
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "recipes");

    /// <summary>In alphabetical order; empty where the folder is missing.</summary>
    public static IReadOnlyList<string> Names => !Directory.Exists(Folder) ? []
        : [.. Directory.EnumerateFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal)];

    /// <summary>The file of a shipped recipe where there is no such file here; otherwise the path itself.</summary>
    public static string Resolve(string path)
    {
        if (File.Exists(path) || Path.GetFileName(path) != path) return path;
        var shipped = Path.Combine(Folder, path + ".json");
        return File.Exists(shipped) ? shipped : path;
    }
}
