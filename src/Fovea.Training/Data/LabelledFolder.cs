using Fovea.Acquisition;

namespace Fovea.Training.Data;

/// <summary>
/// A table of images and grades with the images beside it: <c>labels.csv</c> and <c>images/</c> as <c>data draw</c> writes them, or any CSV
/// with the columns <c>image</c> and <c>grade</c> (and, where known, <c>patient</c>, <c>eye</c>, <c>dme_risk</c>).
/// </summary>
public static class LabelledFolder
{
    /// <summary>Diabetic-retinopathy grades.</summary>
    private const int Classes = 5;

    private static readonly string[] Extensions = ["", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".dcm"];

    internal static bool Recognises(string path) => File.Exists(Path.Combine(path, "labels.csv"));

    /// <exception cref="DatasetException">Something is missing or wrong; the message names the file and the line.</exception>
    public static Dataset Read(string path) => FromTable(CsvTable.Read(Path.Combine(path, "labels.csv")), Path.Combine(path, "images"), $"madeup:{path}", "grade");

    /// <summary>A CSV anywhere; images are looked for beside it and in <c>images/</c> beside it.</summary>
    public static Dataset ReadCsv(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var images = Path.Combine(folder, "images");
        return FromTable(CsvTable.Read(path), Directory.Exists(images) ? images : folder, $"csv:{path}", "grade", "diagnosis", "dr_grade", "label");
    }

    internal static Dataset FromTable(CsvTable table, string folder, string name, params ReadOnlySpan<string> gradeColumns)
    {
        var image = table.Require("image", "id_code", "file");
        var grade = table.Require(gradeColumns);
        var samples = new List<Sample>(table.RowCount);
        for (var row = 0; row < table.RowCount; row++)
        {
            var id = table.RequiredText(row, image);
            samples.Add(new Sample(id, table.Integer(row, grade, 0, Classes - 1, "a grade"))
            {
                Path = Find(folder, id) ?? throw table.Error(row, image, $"the image '{id}' is not in {folder}", "Add the file, or remove the line"),
                DmeRisk = table.Has("dme_risk") && table.Text(row, "dme_risk").Length > 0 ? table.Integer(row, "dme_risk", 0, 2, "a risk") : null,
                Patient = Optional(table, row, "patient"),
                Eye = Optional(table, row, "eye"),
            });
        }
        return new Dataset(name, Classes, samples, i => FundusImage.Read(samples[i].Path!));
    }

    private static string? Optional(CsvTable table, int row, string column) => table.Has(column) && table.Text(row, column) is { Length: > 0 } text ? text : null;

    /// <summary>The file of an id, with or without its extension; null where there is none. An id cannot lead out of the folder.</summary>
    private static string? Find(string folder, string id)
    {
        if (Path.IsPathRooted(id) || id.Split('/', '\\').Contains("..")) return null;
        return Extensions.Select(e => Path.Combine(folder, id + e)).FirstOrDefault(File.Exists);
    }
}
