namespace Fovea.Training.Data;

/// <summary>IDRiD "B. Disease Grading" (Porwal et al. 2018): <c>labels.csv</c> (image, dr_grade, dme_risk) beside <c>images/</c>.</summary>
public static class IdridGrading
{
    internal static bool Recognises(string path) =>
        File.Exists(Path.Combine(path, "labels.csv")) && CsvTable.Read(Path.Combine(path, "labels.csv")).Has("dr_grade");

    /// <exception cref="DatasetException">Something is missing or wrong; the message names the file and the line.</exception>
    public static Dataset Read(string path)
    {
        var csv = Path.Combine(path, "labels.csv");
        return LabelledFolder.FromTable(CsvTable.Read(csv), Path.Combine(path, "images"), $"idrid:{path}", "dr_grade");
    }
}
