using System.Globalization;
using Fovea.Training.Data;

namespace Fovea.Training.Metrics;

/// <summary>
/// What a model said of a set of images, beside the truth: the columns <c>image,true,predicted</c> and optionally <c>p0…pK</c> and a group
/// (patient, or duplicate cluster). This is the file that <c>fovea evaluate</c> writes and <c>fovea metrics</c> reads.
/// </summary>
public sealed class Predictions
{
    /// <summary>Most classes a table may speak of.</summary>
    public const int MaxClasses = 1000;

    /// <summary>How far a row of probabilities may be from 1, for files printed with few digits.</summary>
    public const double SumTolerance = 0.01;

    /// <exception cref="ArgumentException">Lengths differ or a class is out of range.</exception>
    public Predictions(int classCount, IReadOnlyList<string> images, int[] truth, int[] predicted, double[][]? probabilities = null, string[]? groups = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 2);
        var n = truth.Length;
        if (images.Count != n || predicted.Length != n || probabilities is not null && probabilities.Length != n || groups is not null && groups.Length != n)
            throw new ArgumentException("the columns differ in length");
        if (truth.Concat(predicted).Any(c => (uint)c >= (uint)classCount)) throw new ArgumentException($"a class is outside 0…{classCount - 1}");
        if (probabilities is not null && probabilities.Any(row => row.Length != classCount || row.Any(p => !(p >= 0 && p <= 1))))
            throw new ArgumentException($"probabilities are rows of {classCount} numbers from 0 to 1");
        (ClassCount, Images, Truth, Predicted, Probabilities, Groups) = (classCount, images, truth, predicted, probabilities, groups);
    }

    public int ClassCount { get; }
    public IReadOnlyList<string> Images { get; }
    public int[] Truth { get; }
    public int[] Predicted { get; }

    /// <summary>[image][class], or null where the model gives none.</summary>
    public double[][]? Probabilities { get; }

    /// <summary>What must be resampled together, or null.</summary>
    public string[]? Groups { get; }
    public int Count => Truth.Length;

    /// <summary>Reads a table of predictions.</summary>
    /// <param name="path">CSV with a header; other columns are ignored.</param>
    /// <param name="groupColumn">The column that groups images; null: <c>group</c> if there is one.</param>
    /// <param name="classCount">Number of classes; null: as many as there are probability columns, else 5 (grades 0–4).</param>
    /// <exception cref="DatasetException">Anything that cannot be used, by file, line and column.</exception>
    public static Predictions Read(string path, string? groupColumn = null, int? classCount = null)
    {
        var table = CsvTable.Read(path);
        var image = table.Require("image");
        var trueColumn = table.Require("true");
        var predictedColumn = table.Require("predicted");
        var group = groupColumn is null ? table.Find("group") : table.Require(groupColumn);
        var columns = 0;
        while (columns < MaxClasses && table.Has($"p{columns}")) columns++;
        var stray = table.Header.FirstOrDefault(name => name.Length is > 1 and < 6 && name[0] is ('p' or 'P')
            && int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var k) && k >= columns);
        if (stray is not null) throw new DatasetException(path, $"column '{stray}' without column 'p{columns}'", "Give probabilities as p0, p1, … without a gap");
        if (columns == 1) throw new DatasetException(path, "a single probability column", "Give one column per class: p0, p1, …");
        if (columns > 0 && classCount is { } asked && asked != columns)
            throw new DatasetException(path, $"{columns} probability columns for {asked} classes", "Give one column per class, or leave out the number of classes");
        var classes = classCount ?? (columns > 0 ? columns : 5);

        var n = table.RowCount;
        var (images, truth, predicted) = (new string[n], new int[n], new int[n]);
        var probabilities = columns > 0 ? new double[n][] : null;
        var groups = group is null ? null : new string[n];
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var row = 0; row < n; row++)
        {
            images[row] = table.RequiredText(row, image);
            if (!seen.Add(images[row])) throw table.Error(row, image, $"'{images[row]}' occurs a second time", "Keep one line per image");
            truth[row] = table.Integer(row, trueColumn, 0, classes - 1, "a class");
            predicted[row] = table.Integer(row, predictedColumn, 0, classes - 1, "a class");
            if (groups is not null) groups[row] = table.RequiredText(row, group!);
            if (probabilities is not null) probabilities[row] = ReadProbabilities(table, row, columns);
        }
        return new Predictions(classes, images, truth, predicted, probabilities, groups);
    }

    private static double[] ReadProbabilities(CsvTable table, int row, int columns)
    {
        var p = new double[columns];
        for (var c = 0; c < columns; c++) p[c] = table.Number(row, $"p{c}", 0, 1);
        var sum = p.Sum();
        if (Math.Abs(sum - 1) > SumTolerance)
            throw table.Error(row, "p0", $"the probabilities of the line sum to {sum.ToString("0.####", CultureInfo.InvariantCulture)}", "Give probabilities that sum to 1");
        return p;
    }

    /// <summary>Writes the table; numbers are written so that they are read back to the same bits.</summary>
    /// <exception cref="IOException">The folder does not exist or cannot be written.</exception>
    public void Write(string path) => CsvText.Write(path, Lines());

    private IEnumerable<string> Lines()
    {
        var header = "image,true,predicted";
        if (Groups is not null) header += ",group";
        if (Probabilities is not null) header += string.Concat(Enumerable.Range(0, ClassCount).Select(c => $",p{c}"));
        yield return header;
        for (var i = 0; i < Count; i++)
        {
            var line = $"{CsvText.Cell(Images[i])},{Truth[i]},{Predicted[i]}";
            if (Groups is not null) line += $",{CsvText.Cell(Groups[i])}";
            if (Probabilities is not null) line += string.Concat(Probabilities[i].Select(p => "," + p.ToString("R", CultureInfo.InvariantCulture)));
            yield return line;
        }
    }
}
