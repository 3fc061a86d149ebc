namespace Fovea.Training.Data.Readers;

/// <summary>
/// APTOS 2019 Blindness Detection: <c>train.csv</c> (id_code, diagnosis) with <c>train_images/ID.png</c>, <c>test.csv</c> (id_code, no labels) with
/// <c>test_images/</c>. <c>sample_submission.csv</c> holds zeros in place of labels and is not read. No patients are known.
/// </summary>
internal static class Aptos
{
    public const string Layout = "train.csv with id_code and diagnosis, train_images/, test.csv, test_images/";

    public static bool Fits(string path) => Root(path) is not null;

    private static string? Root(string path) => PublishedFolder.Find(path, IsRoot);

    private static bool IsRoot(string folder) => PublishedFolder.Has(folder, "train.csv") && PublishedFolder.Has(folder, "train_images");

    public static Dataset Read(DataSource source)
    {
        var root = PublishedFolder.Require(source.Path, IsRoot, Layout);
        var path = Path.Combine(root, "train.csv");
        var table = CsvTable.Read(path);
        var (image, grade) = (table.Require("id_code"), table.Require("diagnosis"));
        var samples = LabelTable.Read(table, image, new ImageFolder(path, Path.Combine(root, "train_images")), (row, name) => new Sample(name, table.Grade(row, grade)));
        return new Dataset(source.Path, "aptos", Dataset.GradeNames, samples, leftOut: Unlabelled(root));
    }

    private static List<LeftOutImage> Unlabelled(string root)
    {
        var path = Path.Combine(root, "test.csv");
        if (!File.Exists(path)) return [];
        var table = CsvTable.Read(path);
        var folder = Path.Combine(root, "test_images");
        var images = Directory.Exists(folder) ? new ImageFolder(path, folder) : null;
        return [.. LabelTable.Names(table, table.Require("id_code")).Select(named => new LeftOutImage(named.Name, images?.Find(named.Name), "test image without a label"))];
    }
}
