namespace Fovea.Bench;

internal static class Repository
{
    /// <summary>The folder that holds Fovea.slnx, above the program.</summary>
    internal static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Fovea.slnx"))) return folder.FullName;
        throw new InvalidOperationException("Fovea.Bench runs inside the repository: no Fovea.slnx above it");
    }
}
