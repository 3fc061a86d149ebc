namespace Fovea.Training.Data;

/// <summary>
/// A table that gives a grade to each image file: <c>image,grade</c> with IDRiD's, APTOS's and EyePACS's own column names accepted, and optionally
/// <c>dme_risk</c>, <c>patient</c>, <c>eye</c> and <c>part</c>.
/// </summary>
internal static class LabelTable
{
    private static readonly string[] ImageColumns = ["image", "image name", "id_code", "image_id", "file", "filename", "path"];
    private static readonly string[] GradeColumns = ["grade", "dr_grade", "retinopathy grade", "diagnosis", "level", "label"];
    private static readonly string[] DmeColumns = ["dme_risk", "risk of macular edema", "dme"];

    /// <summary>What image files are called.</summary>
    public static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".dcm"];

    public static bool HasGrades(CsvTable table) => table.Find(GradeColumns) is not null;

    /// <param name="path">The table, or a folder with <c>labels.csv</c> or <c>train.csv</c>.</param>
    /// <param name="kind">Written into the data set.</param>
    public static Dataset ReadDataset(string path, DataKind kind)
    {
        var table = path;
        if (Directory.Exists(path))
        {
            table = Path.Combine(path, "labels.csv");
            if (!File.Exists(table) && kind == DataKind.Csv && File.Exists(Path.Combine(path, "train.csv"))) table = Path.Combine(path, "train.csv");
            if (!File.Exists(table)) throw new DatasetException(path, "no labels.csv in it", "Give a folder with labels.csv, or the table itself");
        }
        var folder = Path.GetDirectoryName(Path.GetFullPath(table))!;
        string[] folders = [Path.Combine(folder, "images"), Path.Combine(folder, "train_images"), folder];
        return new Dataset(path, kind, Dataset.GradeNames, Read(table, folders, SamplePart.Unassigned, idPrefix: ""));
    }

    /// <summary>The table's rows as samples whose files exist.</summary>
    /// <param name="path">The table.</param>
    /// <param name="folders">Where the images may lie; the first that exists and holds the file counts.</param>
    /// <param name="part">Part of all rows, unless a column <c>part</c> says it.</param>
    /// <param name="idPrefix">Put before each id.</param>
    /// <exception cref="DatasetException">By file, line and column.</exception>
    public static List<Sample> Read(string path, IReadOnlyList<string> folders, SamplePart part, string idPrefix)
    {
        var table = CsvTable.Read(path);
        var image = table.Require(ImageColumns);
        var grade = table.Require(GradeColumns);
        var (dme, patient, eye, partColumn) = (table.Find(DmeColumns), table.Find("patient", "patient_id"), table.Find("eye"), table.Find("part"));
        var existing = folders.Where(Directory.Exists).ToArray();
        if (existing.Length == 0) throw new DatasetException(path, $"no image folder '{folders[0]}'", "Put the images there");
        var samples = new List<Sample>(table.RowCount);
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var missing = new List<int>();
        for (var row = 0; row < table.RowCount; row++)
        {
            var name = table.RequiredText(row, image);
            if (lines.TryGetValue(name, out var first))
                throw table.Error(row, image, $"'{name}' stands already on line {first}", "Keep one line per image");
            lines.Add(name, table.Line(row));
            if (Path.IsPathRooted(name) || name.Split('/', '\\').Contains(".."))
                throw table.Error(row, image, $"'{name}' leads out of the image folder", "Name images relative to their folder");
            var label = table.Integer(row, grade, 0, Dataset.GradeNames.Length - 1, "a grade");
            if (FindFile(existing, name) is not { } file)
            {
                missing.Add(row);
                continue;
            }
            samples.Add(new Sample(idPrefix + name, label)
            {
                Part = partColumn is null ? part : PartNamed(table, row, partColumn),
                Path = file,
                DmeRisk = dme is null || table.Text(row, dme).Length == 0 ? null : table.Integer(row, dme, 0, 2, "a risk of macular oedema"),
                Patient = Optional(table, row, patient),
                Eye = Optional(table, row, eye),
            });
        }
        if (missing.Count > 0)
        {
            var others = missing.Count > 1 ? $" (and {missing.Count - 1} more such lines)" : "";
            throw table.Error(missing[0], image, $"no image file '{table.Text(missing[0], image)}' in {existing[0]}{others}", "Put the file there, or remove the line");
        }
        return samples;
    }

    private static string? Optional(CsvTable table, int row, string? column) =>
        column is null || table.Text(row, column).Length == 0 ? null : table.Text(row, column);

    private static SamplePart PartNamed(CsvTable table, int row, string column) =>
        SampleParts.Named(table.Text(row, column)) ?? throw table.Error(row, column, $"'{table.Text(row, column)}' is not a part", SampleParts.Remedy);

    private static string? FindFile(string[] folders, string name)
    {
        foreach (var folder in folders)
        {
            var exact = Path.Combine(folder, name);
            if (File.Exists(exact)) return exact;
            foreach (var extension in Extensions)
            {
                if (File.Exists(exact + extension)) return exact + extension;
            }
        }
        return null;
    }
}
