using System.Text.Json;
using Fovea.Detection;
using Fovea.Detection.Grading;
using Fovea.Reporting;
using Fovea.Training.Data;
using Fovea.Training.Metrics;
using Fovea.Training.Splits;

namespace Fovea.Training.Detection;

/// <summary>How well lesions alone tell the grade of a photograph.</summary>
/// <param name="Images">Photographs that have both lesions looked for and a grade.</param>
/// <param name="PassedOver">Photographs that were looked at and have no grade.</param>
/// <param name="Rule">Of <see cref="IcdrRule"/>, which needs no fitting; it gives no probabilities.</param>
/// <param name="Model">Of an <see cref="OrdinalModel"/>, each photograph graded by the one that was fitted to the other folds.</param>
/// <param name="Fitted">The ordinal model of all photographs, whose scores nobody has measured.</param>
public sealed record LesionGradingReport(int Images, int PassedOver, MetricsReport Rule, MetricsReport Model, OrdinalModel Fitted);

/// <summary>Grades photographs by lesions that were found in them, and scores those grades.</summary>
public static class LesionGrading
{
    private const long MaxBytes = 1L << 30;
    private const int MaxLine = 16 << 20;
    private const string Remedy = "Give what `fovea detect --json` printed";

    /// <param name="found">A file of what <c>fovea detect --json</c> prints, one line a photograph.</param>
    /// <param name="labels">CSV with columns of images and of grades 0–4, and perhaps <c>group</c>: what belongs together is on one side of every fold. Images are known by their names without folder and ending.</param>
    /// <param name="gradeColumn">In <paramref name="labels"/>.</param>
    /// <exception cref="DatasetException">A file cannot be read, or fewer photographs than folds have both.</exception>
    public static LesionGradingReport Score(string found, string labels, string gradeColumn, int folds, MetricsOptions options, CancellationToken cancel = default)
    {
        var (grades, reports) = (Grades(labels, gradeColumn), Reports(found).ToList());
        LesionReport[] used = [.. reports.Where(r => grades.ContainsKey(Id(r.Image)))];
        if (used.Length < 2 * folds) throw new DatasetException(found, $"{used.Length} of its photographs have a grade in {labels}", $"Give at least {2 * folds}");
        if (used.DistinctBy(r => Id(r.Image)).Count() < used.Length) throw new DatasetException(found, "a photograph stands in it twice", "Keep one line a photograph");
        if (used.FirstOrDefault(r => r.Lesions.Any(l => LesionKinds.Named(l.Label) is not null && !((float)l.Right > (float)l.Left && (float)l.Bottom > (float)l.Top))) is { } flat) throw new DatasetException(found, $"a lesion of {flat.Image} without area", Remedy);
        // A kind that nowhere was found says nothing, and its weight would be any.
        LesionKind[] kinds = [.. used.SelectMany(r => r.Lesions).Select(l => LesionKinds.Named(l.Label)).OfType<LesionKind>().Distinct().Order()];
        if (kinds.Length == 0) throw new DatasetException(found, "no lesion in any photograph", "Give a lower --threshold to `fovea detect`");
        LesionFeatures[] features = [.. used.Select(r => r.Features(kinds))];
        int[] truth = [.. used.Select(r => grades[Id(r.Image)].Grade)];
        string[] ids = [.. used.Select(r => Id(r.Image))], groups = [.. ids.Select(id => grades[id].Group)];

        string[] distinct = [.. groups.Distinct()];
        if (distinct.Length < folds) throw new DatasetException(labels, $"{distinct.Length} groups of photographs for {folds} folds", "Give fewer --folds");
        var foldOf = GroupSplitter.Folds(truth, [.. groups.Select(g => Array.IndexOf(distinct, g))], folds, options.Seed);
        var probabilities = new double[used.Length][];
        var predicted = new int[used.Length];
        for (var fold = 0; fold < folds; fold++)
        {
            cancel.ThrowIfCancellationRequested();
            int[] others = [.. Enumerable.Range(0, used.Length).Where(i => foldOf[i] != fold)];
            var model = OrdinalFit.Fit([.. others.Select(i => features[i])], [.. others.Select(i => truth[i])], kinds);
            for (var i = 0; i < used.Length; i++)
                if (foldOf[i] == fold) (probabilities[i], predicted[i]) = ([.. model.Probabilities(features[i]).Select(p => Math.Clamp(p, 0, 1))], model.Grade(features[i]));
        }
        var classes = Dataset.GradeNames.Length;
        var rule = new Predictions(classes, ids, truth, [.. features.Select(f => IcdrRule.Grade(f).Grade)], null, groups);
        return new LesionGradingReport(used.Length, reports.Count - used.Length, MetricsReport.Compute(rule, options, cancel),
            MetricsReport.Compute(new Predictions(classes, ids, truth, predicted, probabilities, groups), options, cancel), OrdinalFit.Fit(features, truth, kinds));
    }

    private static string Id(string image) => Path.GetFileNameWithoutExtension(image);

    private static Dictionary<string, (int Grade, string Group)> Grades(string path, string column)
    {
        var table = CsvTable.Read(path);
        var (image, grade, group) = (table.Require("image"), table.Require(column), table.Find("group"));
        var grades = new Dictionary<string, (int, string)>(StringComparer.Ordinal);
        for (var row = 0; row < table.RowCount; row++)
        {
            var id = Id(table.RequiredText(row, image));
            if (!grades.TryAdd(id, (table.Grade(row, grade), group is { } g ? table.RequiredText(row, g) : id)))
                throw table.Error(row, image, $"'{id}' occurs a second time", "Keep one line per image");
        }
        return grades;
    }

    private static IEnumerable<LesionReport> Reports(string path)
    {
        var info = new FileInfo(path);
        if (!info.Exists) throw new DatasetException(path, "no such file", Remedy);
        if (info.Length > MaxBytes) throw new DatasetException(path, "too large", $"Such files have at most {MaxBytes >> 20} MiB");
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            LesionReport? report;
            try
            {
                report = line.Length > MaxLine ? null : JsonSerializer.Deserialize<LesionReport>(line, JsonSerializerOptions.Web);
            }
            catch (Exception e) when (e is JsonException or NotSupportedException)
            {
                throw new DatasetException(path, $"line {number} is not the lesions of a photograph", Remedy, e);
            }
            if (report is not { Image: not null, Lesions: not null, Places.Radius: > 0 } || report.Lesions.Any(l => l?.Label is null))
                throw new DatasetException(path, $"line {number} is not the lesions of a photograph and its field of view", Remedy);
            yield return report;
        }
    }
}
