namespace Fovea.Training.Data.Readers;

/// <summary>
/// A table of images and labels: comma, semicolon or tab. Columns are found by their usual names, or named:
/// <c>csv:PATH?image=COLUMN&amp;label=COLUMN&amp;dme=COLUMN&amp;patient=COLUMN&amp;eye=COLUMN&amp;part=COLUMN&amp;folder=FOLDER&amp;classes=A,B,C</c>.
/// Labels are grades 0–4; with <c>classes</c> they are those names, or their positions from 0.
/// </summary>
internal static class Csv
{
    public static readonly string[] Options = ["image", "label", "dme", "patient", "eye", "part", "folder", "classes"];

    private static readonly string[] Tables = ["labels.csv", "train.csv"];
    private static readonly string[] ImageColumns = ["image", "image name", "id_code", "image_id", "file", "filename", "path"];
    private static readonly string[] GradeColumns = ["grade", "dr_grade", "retinopathy grade", "diagnosis", "level", "label"];

    public static bool Fits(string path)
    {
        if (File.Exists(path)) return Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".tsv";
        if (Table(path) is not { } table) return false;
        // A table of something else beside folders of classes (Kermany's samples) is no table of grades.
        return Directory.Exists(Path.Combine(path, "images")) || !Directory.EnumerateDirectories(path).Any() || CsvTable.Read(table).Find(GradeColumns) is not null;
    }

    private static string? Table(string folder) =>
        Tables.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    public static Dataset Read(DataSource source)
    {
        var path = source.Path;
        if (Directory.Exists(path)) path = Table(path) ?? throw new DatasetException(path, "no labels.csv in it", "Give a folder with labels.csv, or the table itself");
        var beside = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string[] folders = source.Option("folder") is { } folder ? [Path.Combine(beside, folder)]
            : [Path.Combine(beside, "images"), Path.Combine(beside, "train_images"), beside];
        var table = CsvTable.Read(path);
        var classes = source.Option("classes")?.Split(',', StringSplitOptions.TrimEntries);
        if (classes is not null && (classes.Length < 2 || classes.Contains("") || classes.Distinct(StringComparer.Ordinal).Count() < classes.Length))
            throw new DatasetException(source.Text, "classes must be two or more different names", "Write them as classes=A,B,C");
        var image = Column("image", ImageColumns);
        var label = Column("label", GradeColumns);
        var (dme, patient, eye) = (OptionalColumn("dme", "dme_risk", "risk of macular edema", "dme"), OptionalColumn("patient", "patient", "patient_id"), OptionalColumn("eye", "eye"));
        var part = OptionalColumn("part", "part");
        var samples = LabelTable.Read(table, image, new ImageFolder(path, folders), (row, name) =>
            new Sample(name, classes is null ? table.Grade(row, label) : Class(table, row, label, classes))
            {
                DmeRisk = table.DmeRisk(row, dme),
                Patient = table.Optional(row, patient),
                Eye = table.Optional(row, eye),
                Part = part is null ? SamplePart.Unassigned : table.Part(row, part),
            });
        return new Dataset(source.Path, "csv", classes ?? Dataset.GradeNames, samples);

        string Column(string option, string[] usual) => source.Option(option) is { } named ? table.Require(named) : table.Require(usual);
        string? OptionalColumn(string option, params ReadOnlySpan<string> usual) => source.Option(option) is { } named ? table.Require(named) : table.Find(usual);
    }

    private static int Class(CsvTable table, int row, string column, string[] classes)
    {
        var position = Array.IndexOf(classes, table.RequiredText(row, column));
        return position >= 0 ? position : table.Integer(row, column, 0, classes.Length - 1, $"one of {string.Join(", ", classes)}, or a number");
    }
}
