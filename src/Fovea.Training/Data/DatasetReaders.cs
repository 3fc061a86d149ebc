namespace Fovea.Training.Data;

/// <summary>Opens a data set as the user names it: <c>KIND:PATH</c>, or a path whose kind shows.</summary>
public static class DatasetReaders
{
    private sealed record Reader(string Kind, Func<string, bool> Recognises, Func<string, Dataset> Read);

    // In the order in which a bare path is tried: the particular before the general.
    private static readonly Reader[] All =
    [
        new("idrid", IdridGrading.Recognises, IdridGrading.Read),
        new("retinamnist", path => path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase), MedMnist.Read),
        new("madeup", LabelledFolder.Recognises, LabelledFolder.Read),
        new("csv", path => path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase), LabelledFolder.ReadCsv),
    ];

    public static IEnumerable<string> Kinds => All.Select(r => r.Kind);

    /// <exception cref="DatasetException">Not there, not recognised, or not usable.</exception>
    public static Dataset Open(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon > 1) // one letter would be a drive
        {
            var (kind, path) = (text[..colon], text[(colon + 1)..]);
            var reader = Array.Find(All, r => r.Kind == kind)
                ?? throw new DatasetException(text, $"no kind of data is called '{kind}'",
                    NearestName.Of(kind, Kinds) is { } near ? $"Did you mean {near}" : $"Use one of {string.Join(", ", Kinds)}");
            return reader.Read(Existing(path));
        }
        return (Array.Find(All, r => r.Recognises(Existing(text)))
            ?? throw new DatasetException(text, "the kind of data does not show", $"Write KIND:PATH with one of {string.Join(", ", Kinds)}")).Read(text);
    }

    private static string Existing(string path) =>
        File.Exists(path) || Directory.Exists(path) ? path : throw new DatasetException(path, "no such file or folder", "Check the path");
}
