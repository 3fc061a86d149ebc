namespace Fovea.Tests;

/// <summary>Where fixtures and real data lie.</summary>
internal static class TestPaths
{
    private static readonly string Root = FindRoot();

    /// <summary>A file below oracle/fixtures.</summary>
    public static string Oracle(string name) => Path.Combine(Root, "oracle", "fixtures", name);

    /// <summary>A file of the real data; the test is skipped where there is none.</summary>
    public static string Data(string name)
    {
        var folder = Environment.GetEnvironmentVariable("FOVEA_DATA") is { Length: > 0 } given ? given : Path.Combine(Root, "..", "shared", "data");
        var path = Path.Combine(folder, name);
        if (!File.Exists(path) && !Directory.Exists(path)) Assert.Skip($"{name} is not in $FOVEA_DATA nor in ../shared/data");
        return path;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Fovea.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new FileNotFoundException("Fovea.slnx");
        return folder;
    }
}
