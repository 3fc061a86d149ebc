namespace Fovea.Training.Tests;

/// <summary>A folder that goes away with the test, and where fixtures and real data lie.</summary>
internal sealed class TestFolder : IDisposable
{
    private static readonly string Root = FindRoot();

    public string Path { get; } = Directory.CreateTempSubdirectory("fovea-training-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a text file and gives its path; folders in the name are made.</summary>
    public string Write(string name, string text)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    /// <summary>A file below oracle/fixtures.</summary>
    public static string Fixture(params string[] parts) => System.IO.Path.Combine([Root, "oracle", "fixtures", .. parts]);

    /// <summary>A file or folder of the real data; the test is skipped where there is none.</summary>
    public static string RealData(string name)
    {
        var folder = Environment.GetEnvironmentVariable("FOVEA_DATA") ?? System.IO.Path.Combine(Root, "..", "shared", "data");
        var path = System.IO.Path.Combine(folder, name);
        if (!System.IO.Path.Exists(path)) Assert.Skip($"{name} is not here; set FOVEA_DATA to the folder of the real data");
        return path;
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder, "Fovea.slnx"))) folder = System.IO.Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
