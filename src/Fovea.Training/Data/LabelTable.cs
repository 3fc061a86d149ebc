namespace Fovea.Training.Data;

/// <summary>What all tables that give labels to image files have in common.</summary>
internal static class LabelTable
{
    /// <summary>The table's rows as samples whose files exist.</summary>
    /// <param name="image">Column with the images' names.</param>
    /// <param name="images">Where the images lie.</param>
    /// <param name="sample">The sample of a row, by row and image name; its file is filled in here. Null leaves the row out.</param>
    /// <exception cref="DatasetException">By file, line and column: an empty or repeated name, one that leads out of the folder, a missing image.</exception>
    public static List<Sample> Read(CsvTable table, string image, ImageFolder images, Func<int, string, Sample?> sample)
    {
        var samples = new List<Sample>(table.RowCount);
        var missing = new List<int>();
        foreach (var (row, name) in Names(table, image))
        {
            if (sample(row, name) is not { } labelled) continue;
            if (images.Find(name) is { } file) samples.Add(labelled with { Path = file });
            else missing.Add(row);
        }
        if (missing.Count > 0)
        {
            var others = missing.Count > 1 ? $" (and {missing.Count - 1} more such lines)" : "";
            throw table.Error(missing[0], image, $"no image file '{table.Text(missing[0], image)}' in {images.Path}{others}", "Put the file there, or remove the line");
        }
        return samples;
    }

    /// <summary>The images' names, row by row.</summary>
    public static IEnumerable<(int Row, string Name)> Names(CsvTable table, string image)
    {
        var lines = new Dictionary<string, int>(table.RowCount, StringComparer.Ordinal);
        for (var row = 0; row < table.RowCount; row++)
        {
            var name = table.RequiredText(row, image);
            if (!lines.TryAdd(name, table.Line(row)))
                throw table.Error(row, image, $"'{name}' stands already on line {lines[name]}", "Keep one line per image");
            if (!ImageFolder.IsInside(name)) throw table.Error(row, image, $"'{name}' leads out of the image folder", "Name images relative to their folder");
            yield return (row, name);
        }
    }

    public static int Grade(this CsvTable table, int row, string column) => table.Integer(row, column, 0, Dataset.GradeNames.Length - 1, "a grade");

    public static string? Optional(this CsvTable table, int row, string? column) =>
        column is null || table.Text(row, column).Length == 0 ? null : table.Text(row, column);

    public static SamplePart Part(this CsvTable table, int row, string column) =>
        SampleParts.Named(table.Text(row, column)) ?? throw table.Error(row, column, $"'{table.Text(row, column)}' is not a part", SampleParts.Remedy);

    public static int? DmeRisk(this CsvTable table, int row, string? column) =>
        table.Optional(row, column) is null ? null : table.Integer(row, column!, 0, 2, "a risk of macular oedema");
}
