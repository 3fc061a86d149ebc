namespace Fovea.Training.Data.Readers;

/// <summary>What <c>fovea data draw</c> writes: <c>labels.csv</c>, <c>images/</c> and <c>truth/</c>. Two eyes of a patient.</summary>
internal static class MadeUpFolder
{
    public static bool Fits(string path) => Directory.Exists(Path.Combine(path, "truth")) && File.Exists(Path.Combine(path, "labels.csv"));

    public static Dataset Read(DataSource source)
    {
        var path = Path.Combine(source.Path, "labels.csv");
        if (!File.Exists(path)) throw new DatasetException(source.Path, "no labels.csv in it", "Give a folder that fovea data draw made");
        var table = CsvTable.Read(path);
        var (image, grade, dme) = (table.Require("image"), table.Require("grade"), table.Find("dme_risk"));
        var (patient, eye) = (table.Require("patient"), table.Require("eye"));
        return new Dataset(source.Path, "madeup", Dataset.GradeNames, LabelTable.Read(table, image, new ImageFolder(path, Path.Combine(source.Path, "images")), (row, name) =>
            new Sample(name, table.Grade(row, grade)) { DmeRisk = table.DmeRisk(row, dme), Patient = table.Optional(row, patient), Eye = table.Optional(row, eye) }));
    }
}
