using System.Globalization;
using Fovea.Training.Data;

namespace Fovea.Training.Metrics;

/// <summary>Which columns of a table hold what.</summary>
public sealed record PredictionColumns
{
    /// <summary>Names the image, once each; null: <c>image</c>, or the line's number where there is no such column.</summary>
    public string? Image { get; init; }
    public string True { get; init; } = "true";

    /// <summary>Null: <c>predicted</c>, or the most probable class where there is no such column (of equal ones the higher).</summary>
    public string? Predicted { get; init; }

    /// <summary>One column for each class in order; null: <c>p0</c>, <c>p1</c>, … as far as they go.</summary>
    public IReadOnlyList<string>? Probabilities { get; init; }

    /// <summary>What is resampled together; null: <c>group</c> if there is one.</summary>
    public string? Group { get; init; }

    /// <summary>Null: as many as there are probabilities or names, else 5 (grades 0–4).</summary>
    public int? ClassCount { get; init; }

    /// <summary>Names by which the table may call the classes instead of numbers; null for none.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }
}

internal static class PredictionsReader
{
    public static Predictions Read(string path, PredictionColumns columns)
    {
        var table = CsvTable.Read(path);
        var image = columns.Image is null ? table.Find("image") : table.Require(columns.Image);
        var truthColumn = table.Require(columns.True);
        var group = columns.Group is null ? table.Find("group") : table.Require(columns.Group);
        var probable = ProbabilityColumns(table, columns);
        var predictedColumn = columns.Predicted is { } named ? table.Require(named) : table.Find("predicted");
        if (predictedColumn is null && probable.Count == 0) table.Require("predicted");
        var classes = ClassCount(path, columns, probable.Count);

        var n = table.RowCount;
        var (images, truth, predicted) = (new string[n], new int[n], new int[n]);
        var probabilities = probable.Count > 0 ? new double[n][] : null;
        var groups = group is null ? null : new string[n];
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < n; row++)
        {
            images[row] = image is null ? $"line {table.Line(row)}" : table.RequiredText(row, image);
            if (!seen.TryAdd(images[row], table.Line(row)))
                throw table.Error(row, image!, $"'{images[row]}' occurs a second time (before on line {seen[images[row]]})", "Keep one line per image");
            truth[row] = Class(table, row, truthColumn, classes, columns.ClassNames);
            if (probabilities is not null) probabilities[row] = ReadProbabilities(table, row, probable);
            predicted[row] = predictedColumn is not null ? Class(table, row, predictedColumn, classes, columns.ClassNames) : MostProbable(probabilities![row]);
            if (groups is not null) groups[row] = table.RequiredText(row, group!);
        }
        return new Predictions(classes, images, truth, predicted, probabilities, groups) { ClassNames = columns.ClassNames };
    }

    private static List<string> ProbabilityColumns(CsvTable table, PredictionColumns columns)
    {
        if (columns.Probabilities is { } named) return [.. named.Select(name => table.Require(name))];
        var found = 0;
        while (found < Predictions.MaxClasses && table.Has($"p{found}")) found++;
        var stray = table.Header.FirstOrDefault(name => name.Length is > 1 and < 6 && name[0] is ('p' or 'P')
            && int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var k) && k >= found);
        if (stray is not null) throw new DatasetException(table.Name, $"column '{stray}' without column 'p{found}'", "Give probabilities as p0, p1, … without a gap");
        return found == 1 ? throw new DatasetException(table.Name, "a single probability column", "Give one column per class: p0, p1, …")
            : [.. Enumerable.Range(0, found).Select(c => $"p{c}")];
    }

    private static int ClassCount(string path, PredictionColumns columns, int probable)
    {
        var expected = probable > 0 ? probable : columns.ClassNames?.Count;
        if (columns.ClassCount is { } asked && expected is { } there && asked != there)
        {
            throw new DatasetException(path, probable > 0 ? $"{there} probability columns for {asked} classes" : $"{there} names for {asked} classes",
                "Give one for each class, or leave out the number of classes");
        }
        if (columns.ClassNames is { } names && probable > 0 && names.Count != probable)
            throw new DatasetException(path, $"{probable} probability columns for {names.Count} class names", "Give one for each class");
        return columns.ClassCount ?? expected ?? 5;
    }

    private static int Class(CsvTable table, int row, string column, int classes, IReadOnlyList<string>? names)
    {
        if (names is not null)
        {
            var text = table.Text(row, column);
            for (var c = 0; c < names.Count; c++)
                if (string.Equals(names[c], text, StringComparison.OrdinalIgnoreCase)) return c;
        }
        return table.Integer(row, column, 0, classes - 1, names is null ? "a class" : $"a class ({string.Join(", ", names)}), nor a number");
    }

    private static double[] ReadProbabilities(CsvTable table, int row, List<string> columns)
    {
        var p = new double[columns.Count];
        for (var c = 0; c < p.Length; c++) p[c] = table.Number(row, columns[c], 0, 1);
        var sum = p.Sum();
        if (Math.Abs(sum - 1) > Predictions.SumTolerance)
            throw table.Error(row, columns[0], $"the probabilities of the line sum to {sum.ToString("0.####", CultureInfo.InvariantCulture)}", "Give probabilities that sum to 1");
        return p;
    }

    /// <summary>Of equally probable classes the higher, as in Fovea's own decoding: under-grading is the harmful error.</summary>
    private static int MostProbable(double[] p)
    {
        var best = 0;
        for (var c = 1; c < p.Length; c++)
            if (p[c] >= p[best]) best = c;
        return best;
    }
}
