namespace Fovea.Training.Data.Readers;

/// <summary>
/// IDRiD "B. Disease Grading" (Porwal et al. 2018, CC BY 4.0): as published, with "1. Original Images" and "2. Groundtruths" and its official test part, or
/// as one folder with <c>images/</c> and <c>labels.csv</c> (<c>image,dr_grade,dme_risk</c>). No patients are known.
/// </summary>
internal static class Idrid
{
    public const string Layout = "\"B. Disease Grading\" with \"1. Original Images\" and \"2. Groundtruths\", or images/ and labels.csv with image, dr_grade and dme_risk";
    private const string Images = "1. Original Images";
    private const string Truths = "2. Groundtruths";
    private const string Remedy = "Unpack the whole of \"B. Disease Grading\"";

    public static bool Fits(string path) => PublishedFolder.Find(path, IsRoot) is not null || IsOneFolder(path);

    private static bool IsRoot(string folder) => PublishedFolder.Has(folder, Images) && PublishedFolder.Has(folder, Truths);

    private static bool IsOneFolder(string path) => File.Exists(Path.Combine(path, "labels.csv")) && CsvTable.Read(Path.Combine(path, "labels.csv")).Has("dr_grade");

    public static Dataset Read(DataSource source)
    {
        if (PublishedFolder.Find(source.Path, IsRoot) is not { } root)
        {
            var labels = Path.Combine(source.Path, "labels.csv");
            if (!File.Exists(labels)) PublishedFolder.Require(source.Path, IsRoot, Layout);
            return new Dataset(source.Path, "idrid", Dataset.GradeNames, ReadTable(labels, Path.Combine(source.Path, "images"), "", SamplePart.Unassigned));
        }
        var samples = new List<Sample>();
        foreach (var table in Directory.EnumerateFiles(Path.Combine(root, Truths), "*.csv").Order(StringComparer.Ordinal))
        {
            var isTest = IsTest(table);
            var folder = Directory.EnumerateDirectories(Path.Combine(root, Images)).Order(StringComparer.Ordinal).FirstOrDefault(f => IsTest(f) == isTest)
                ?? throw new DatasetException(table, $"no folder of its images in '{Images}'", Remedy);
            // Both parts number their images from IDRiD_001.
            samples.AddRange(ReadTable(table, folder, isTest ? "test/" : "train/", isTest ? SamplePart.Test : SamplePart.Training));
        }
        return samples.Count > 0 ? new Dataset(source.Path, "idrid", Dataset.GradeNames, samples) : throw new DatasetException(source.Path, $"no CSV file in '{Truths}'", Remedy);
    }

    /// <summary>"b. Testing Set", "b. IDRiD_Disease Grading_Testing Labels.csv".</summary>
    private static bool IsTest(string path) => Path.GetFileName(path).Contains("test", StringComparison.OrdinalIgnoreCase);

    private static List<Sample> ReadTable(string path, string folder, string idPrefix, SamplePart part)
    {
        var table = CsvTable.Read(path);
        var (image, grade, dme) = (table.Require("image name", "image"), table.Require("retinopathy grade", "dr_grade"), table.Find("risk of macular edema", "dme_risk"));
        return LabelTable.Read(table, image, new ImageFolder(path, folder), (row, name) =>
            new Sample(idPrefix + name, table.Grade(row, grade)) { DmeRisk = table.DmeRisk(row, dme), Part = part });
    }
}
