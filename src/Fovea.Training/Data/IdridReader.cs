namespace Fovea.Training.Data;

/// <summary>
/// IDRiD "B. Disease Grading" (Porwal et al. 2018, CC BY 4.0): as published, with "1. Original Images" and "2. Groundtruths", or as one folder with
/// <c>images/</c> and <c>labels.csv</c> (<c>image,dr_grade,dme_risk</c>).
/// </summary>
internal static class IdridReader
{
    private const string Images = "1. Original Images";
    private const string Truths = "2. Groundtruths";

    public static bool IsPublishedLayout(string path) => Published(path) is not null;

    public static Dataset Read(string path)
    {
        if (Published(path) is not { } root) return LabelTable.ReadDataset(path, DataKind.Idrid);
        var samples = new List<Sample>();
        foreach (var table in Directory.EnumerateFiles(Path.Combine(root, Truths), "*.csv").Order(StringComparer.Ordinal))
        {
            var isTest = Path.GetFileName(table).Contains("test", StringComparison.OrdinalIgnoreCase);
            var folder = Directory.EnumerateDirectories(Path.Combine(root, Images)).Order(StringComparer.Ordinal)
                    .FirstOrDefault(f => Path.GetFileName(f).Contains("test", StringComparison.OrdinalIgnoreCase) == isTest)
                ?? throw new DatasetException(table, $"no folder of its images in '{Images}'", "Unpack the whole of \"B. Disease Grading\"");
            // Both parts number their images from IDRiD_001.
            samples.AddRange(LabelTable.Read(table, [folder], isTest ? SamplePart.Test : SamplePart.Training, idPrefix: isTest ? "test/" : "train/"));
        }
        return samples.Count > 0 ? new Dataset(path, DataKind.Idrid, Dataset.GradeNames, samples)
            : throw new DatasetException(path, $"no CSV file in '{Truths}'", "Unpack the whole of \"B. Disease Grading\"");
    }

    /// <summary>The folder with the two published folders: <paramref name="path"/> or a folder in it.</summary>
    private static string? Published(string path) => !Directory.Exists(path) ? null
        : new[] { path }.Concat(Directory.EnumerateDirectories(path)).FirstOrDefault(p => Directory.Exists(Path.Combine(p, Images)) && Directory.Exists(Path.Combine(p, Truths)));
}
