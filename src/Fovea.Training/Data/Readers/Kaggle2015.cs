using System.Text.RegularExpressions;

namespace Fovea.Training.Data.Readers;

/// <summary>
/// Kaggle's Diabetic Retinopathy Detection of 2015 (EyePACS): <c>trainLabels.csv</c> (image, level) with <c>train/10_left.jpeg</c>, and, once they were
/// published, the test part's <c>retinopathy_solution.csv</c> (image, level, Usage) with <c>test/1_left.jpeg</c>. The name says patient and eye.
/// </summary>
internal static partial class Kaggle2015
{
    public const string Layout = "trainLabels.csv with image and level, train/PATIENT_left.jpeg, and optionally retinopathy_solution.csv, test/";

    public static bool Fits(string path) => PublishedFolder.Find(path, IsRoot) is not null;

    private static bool IsRoot(string folder) => PublishedFolder.Has(folder, "trainLabels.csv");

    public static Dataset Read(DataSource source)
    {
        var root = PublishedFolder.Require(source.Path, IsRoot, Layout);
        var samples = ReadPart(Path.Combine(root, "trainLabels.csv"), Path.Combine(root, "train"), SamplePart.Training);
        var test = Path.Combine(root, "retinopathy_solution.csv");
        // The test photographs are as many gigabytes again; who has only the table wants no complaint.
        if (File.Exists(test) && Directory.Exists(Path.Combine(root, "test"))) samples.AddRange(ReadPart(test, Path.Combine(root, "test"), SamplePart.Test));
        return new Dataset(source.Path, "kaggle2015", Dataset.GradeNames, samples);
    }

    private static List<Sample> ReadPart(string path, string folder, SamplePart part)
    {
        var table = CsvTable.Read(path);
        var (image, level) = (table.Require("image"), table.Require("level"));
        return LabelTable.Read(table, image, new ImageFolder(path, folder), (row, name) =>
        {
            var match = Name().Match(name);
            if (!match.Success) throw table.Error(row, image, $"'{name}' is not PATIENT_left or PATIENT_right", "Use the table as published");
            // The patients of both parts share one numbering.
            return new Sample(name, table.Grade(row, level)) { Part = part, Patient = match.Groups[1].Value, Eye = match.Groups[2].Value };
        });
    }

    [GeneratedRegex("^([0-9]+)_(left|right)$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
