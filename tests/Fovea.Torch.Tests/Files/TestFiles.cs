using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

/// <summary>Where fixtures and real data lie, and a folder that goes away with the test.</summary>
internal sealed class TestFiles : IDisposable
{
    private static readonly string Root = FindRoot();

    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-files-").FullName;

    public string this[string name] => Path.Combine(_folder, name);

    public string[] Names => [.. Directory.EnumerateFiles(_folder).Select(f => Path.GetFileName(f))];

    /// <summary>A file written by oracle/file_formats.py.</summary>
    public static string Fixture(string name) => Path.Combine(Root, "oracle", "fixtures", "files", name);

    /// <summary>A file of the real data; the test is skipped where there is none.</summary>
    public static string Data(string name)
    {
        string folder = Environment.GetEnvironmentVariable("FOVEA_DATA") ?? Path.Combine(Root, "..", "shared", "data");
        string path = Path.Combine(folder, name);
        if (!File.Exists(path)) Assert.Skip($"{name} is not here; set FOVEA_DATA to the folder of the real data");
        return path;
    }

    public static void AssertSame(IReadOnlyDictionary<string, StoredTensor> expected, IReadOnlyDictionary<string, StoredTensor> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, StoredTensor tensor) in expected) AssertSame(tensor, actual[name], name);
    }

    public static void AssertSame(StoredTensor expected, StoredTensor actual, string name = "")
    {
        Assert.True(expected.Type == actual.Type, $"{name}: {actual.Type}, not {expected.Type}");
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.True(expected.Data.AsSpan().SequenceEqual(actual.Data), $"{name}: other values");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Fovea.slnx"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
