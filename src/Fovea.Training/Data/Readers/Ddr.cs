using System.Text.RegularExpressions;

namespace Fovea.Training.Data.Readers;

/// <summary>
/// DDR's grading part (Li et al. 2019): <c>DR_grading/{train,valid,test}.txt</c>, lines <c>NAME.jpg GRADE</c>, with the images in folders of the same
/// names. Grade 5 is "ungradable" and left out. Names of three numbers, <c>007-0004-000.jpg</c>, share their first two within what is taken for a patient:
/// the authors do not say so, and at worst a split keeps too much together.
/// </summary>
internal static partial class Ddr
{
    public const string Layout = "DR_grading/ with train.txt, valid.txt and test.txt of lines NAME GRADE, and train/, valid/, test/";
    private const int Ungradable = 5;

    private static readonly (string Name, SamplePart Part)[] Parts = [("train", SamplePart.Training), ("valid", SamplePart.Validation), ("test", SamplePart.Test)];

    public static bool Fits(string path) => PublishedFolder.Find(path, IsRoot) is not null;

    private static bool IsRoot(string folder) => PublishedFolder.Has(folder, "train.txt") && PublishedFolder.Has(folder, "valid.txt") && PublishedFolder.Has(folder, "train");

    public static Dataset Read(DataSource source)
    {
        var root = PublishedFolder.Require(source.Path, IsRoot, Layout);
        var samples = new List<Sample>();
        var leftOut = new List<LeftOutImage>();
        foreach (var (name, part) in Parts)
        {
            var path = Path.Combine(root, name + ".txt");
            var images = new ImageFolder(path, Path.Combine(root, name));
            var table = CsvTable.Read(path, ["image", "grade"], ' ');
            samples.AddRange(LabelTable.Read(table, "image", images, (row, image) =>
            {
                var grade = table.Integer(row, "grade", 0, Ungradable, "a grade");
                var id = $"{name}/{image}";
                if (grade < Ungradable) return new Sample(id, grade) { Part = part, Patient = Patient(image) };
                leftOut.Add(new LeftOutImage(id, images.Find(image), "ungradable (grade 5)"));
                return null;
            }));
        }
        return new Dataset(source.Path, "ddr", Dataset.GradeNames, samples, leftOut: leftOut);
    }

    private static string? Patient(string image) => Name().Match(image) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"^([0-9]+-[0-9]+)-[0-9]+\.", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
