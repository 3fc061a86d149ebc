namespace Fovea.Training.Data.Readers;

/// <summary>
/// Messidor-2 with the adjudicated grades of Krause et al. 2018: <c>messidor_data.csv</c> (image_id, adjudicated_dr_grade, adjudicated_dme,
/// adjudicated_gradable) beside <c>IMAGES/</c>. Ungradable photographs are left out. The set's own <c>messidor-2.csv</c> (left;right), where it lies
/// beside, says which two belong to one patient. The adjudicated oedema is yes or no, not IDRiD's scale, and is not read.
/// </summary>
internal static class Messidor2
{
    public const string Layout = "messidor_data.csv with image_id, adjudicated_dr_grade and adjudicated_gradable, IMAGES/, and optionally messidor-2.csv with the pairs";

    public static bool Fits(string path) => PublishedFolder.Find(path, IsRoot) is not null;

    private static bool IsRoot(string folder) => PublishedFolder.Has(folder, "messidor_data.csv");

    public static Dataset Read(DataSource source)
    {
        var root = PublishedFolder.Require(source.Path, IsRoot, Layout);
        var path = Path.Combine(root, "messidor_data.csv");
        var table = CsvTable.Read(path);
        var (image, grade, gradable) = (table.Require("image_id"), table.Require("adjudicated_dr_grade"), table.Require("adjudicated_gradable"));
        var images = new ImageFolder(path, Path.Combine(root, "IMAGES"), Path.Combine(root, "images"), root);
        var pairs = Pairs(Path.Combine(root, "messidor-2.csv"));
        var leftOut = new List<LeftOutImage>();
        var samples = LabelTable.Read(table, image, images, (row, name) =>
        {
            if (table.Integer(row, gradable, 0, 1, "a mark") == 0)
            {
                leftOut.Add(new LeftOutImage(name, images.Find(name), "ungradable"));
                return null;
            }
            var (patient, eye) = pairs.GetValueOrDefault(Path.GetFileNameWithoutExtension(name));
            return new Sample(name, table.Grade(row, grade)) { Patient = patient, Eye = eye };
        });
        return new Dataset(source.Path, "messidor2", Dataset.GradeNames, samples, leftOut: leftOut);
    }

    /// <summary>Patient (called after the left photograph) and eye, by name without extension: the two published tables differ in the extensions' case.</summary>
    private static Dictionary<string, (string Patient, string Eye)> Pairs(string path)
    {
        var pairs = new Dictionary<string, (string, string)>(StringComparer.OrdinalIgnoreCase);
        if (!File.Exists(path)) return pairs;
        var table = CsvTable.Read(path);
        var (left, right) = (table.Require("left"), table.Require("right"));
        for (var row = 0; row < table.RowCount; row++)
        {
            var patient = Path.GetFileNameWithoutExtension(table.RequiredText(row, left));
            foreach (var (column, eye) in new[] { (left, "left"), (right, "right") })
            {
                if (table.Optional(row, column) is { } name && !pairs.TryAdd(Path.GetFileNameWithoutExtension(name), (patient, eye)))
                    throw table.Error(row, column, $"'{name}' belongs to another pair already", "Use the table as published");
            }
        }
        return pairs;
    }
}
