using Fovea.Training.Training;

namespace Fovea.Training.Search;

/// <summary>The folder of a search belongs to one search.</summary>
public static class SearchFolder
{
    /// <summary>Writes down what is searched for, or compares it with what others wrote.</summary>
    /// <exception cref="RunDirectoryException">The folder was begun with another search.</exception>
    public static void Check(string folder, string what)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, "search.txt");
        if (!File.Exists(path)) RunDirectory.WriteText(path, what);
        if (File.ReadAllText(path) != what) throw new RunDirectoryException(folder, "it was begun with another search, recipe or --set", "Give the same, or another folder");
    }
}
