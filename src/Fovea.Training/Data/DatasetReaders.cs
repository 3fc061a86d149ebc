namespace Fovea.Training.Data;

/// <summary>Opens a data set as the user names it: <c>KIND:PATH</c>, or a path whose kind shows.</summary>
public static class DatasetReaders
{
    private static readonly (string Name, DataKind Kind)[] All =
        [("idrid", DataKind.Idrid), ("retinamnist", DataKind.RetinaMnist), ("csv", DataKind.Csv), ("folders", DataKind.Folders), ("madeup", DataKind.MadeUp)];

    /// <summary>What may stand before the colon.</summary>
    public static IEnumerable<string> Kinds => All.Select(k => k.Name);

    internal static string NameOf(DataKind kind) => All.Single(k => k.Kind == kind).Name;

    private static string KindList => string.Join(", ", Kinds);

    /// <exception cref="DatasetException">Not there, not recognised, or not usable; one line says why.</exception>
    /// <exception cref="Torch.Files.ArrayFormatException">A damaged archive.</exception>
    public static Dataset Open(string data)
    {
        var (kind, path) = Parse(data);
        if (path.Length == 0) throw new DatasetException(data, "no path", $"Give KIND:PATH with one of the kinds {KindList}");
        if (!Path.Exists(path)) throw new DatasetException(path, "no such file or folder", "Check the path");
        try
        {
            return (kind ?? Recognise(path)) switch
            {
                DataKind.Idrid => IdridReader.Read(path),
                DataKind.RetinaMnist => MedMnistReader.Read(path),
                DataKind.Csv => LabelTable.ReadDataset(path, DataKind.Csv),
                DataKind.Folders => ClassFolders.Read(path),
                DataKind.MadeUp => LabelTable.ReadDataset(path, DataKind.MadeUp),
                var unknown => throw new InvalidOperationException($"no reader for {unknown}"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, "cannot be read", "Check that you may read the folder and everything in it", e);
        }
    }

    private static (DataKind? Kind, string Path) Parse(string data)
    {
        var colon = data.IndexOf(':', StringComparison.Ordinal);
        // One letter before the colon is a drive; an existing path may hold a colon.
        if (colon < 2 || Path.Exists(data)) return (null, data);
        var name = data[..colon];
        foreach (var (known, kind) in All)
        {
            if (known.Equals(name, StringComparison.OrdinalIgnoreCase)) return (kind, data[(colon + 1)..]);
        }
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0) return (null, data);
        var nearest = NearestName.Of(name, Kinds);
        throw new DatasetException(data, $"no kind of data '{name}'", nearest is null ? $"Use one of {KindList}" : $"Did you mean {nearest}? There are {KindList}");
    }

    private static DataKind Recognise(string path)
    {
        if (File.Exists(path))
        {
            return Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".npz" => DataKind.RetinaMnist,
                ".csv" or ".tsv" => DataKind.Csv,
                _ => throw new DatasetException(path, "a file of no known kind of data", $"Give a .npz, a .csv or a folder, or name its kind: {KindList}"),
            };
        }
        if (IdridReader.IsPublishedLayout(path)) return DataKind.Idrid;
        if (Directory.Exists(Path.Combine(path, "truth")) && File.Exists(Path.Combine(path, "labels.csv"))) return DataKind.MadeUp;
        if (File.Exists(Path.Combine(path, "labels.csv")))
        {
            var table = CsvTable.Read(Path.Combine(path, "labels.csv"));
            if (table.Has("dr_grade")) return DataKind.Idrid;
            // A table of something else beside folders of classes (Kermany's samples) is no table of grades.
            var beside = Directory.Exists(Path.Combine(path, "images")) || !Directory.EnumerateDirectories(path).Any();
            return LabelTable.HasGrades(table) || beside ? DataKind.Csv : DataKind.Folders;
        }
        if (File.Exists(Path.Combine(path, "train.csv"))) return DataKind.Csv;
        if (Directory.EnumerateDirectories(path).Any()) return DataKind.Folders;
        throw new DatasetException(path, "no labels.csv, no train.csv and no folders of classes in it", $"Give another folder, or name its kind: {KindList}");
    }
}
