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

    /// <summary>Names of the classes; null where they are known by number only.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Some of the rows, in this order.</summary>
    public Predictions Subset(IReadOnlyList<int> rows) => new(ClassCount, [.. rows.Select(i => Images[i])], [.. rows.Select(i => Truth[i])], [.. rows.Select(i => Predicted[i])],
        Probabilities is null ? null : [.. rows.Select(i => Probabilities[i])], Groups is null ? null : [.. rows.Select(i => Groups[i])]) { ClassNames = ClassNames };

    /// <summary>The group of each sample as a number from 0, and how many there are; without groups every sample is its own.</summary>
    internal (int[] GroupOf, int Count) NumberGroups()
    {
        if (Groups is null) return ([.. Enumerable.Range(0, Count)], Count);
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var groupOf = new int[Count];
        for (var i = 0; i < Count; i++)
        {
            if (!numbers.TryGetValue(Groups[i], out groupOf[i])) numbers.Add(Groups[i], groupOf[i] = numbers.Count);
        }
        return (groupOf, numbers.Count);
    }

    /// <summary>Reads a table of predictions with the columns that <see cref="Write"/> gives it.</summary>
    /// <param name="path">CSV with a header; other columns are ignored.</param>
    /// <param name="groupColumn">The column that groups images; null: <c>group</c> if there is one.</param>
    /// <param name="classCount">Number of classes; null: as many as there are probability columns, else 5 (grades 0–4).</param>
    /// <exception cref="DatasetException">Anything that cannot be used, by file, line and column.</exception>
    public static Predictions Read(string path, string? groupColumn = null, int? classCount = null) =>
        PredictionsReader.Read(path, new PredictionColumns { Group = groupColumn, ClassCount = classCount });

    /// <summary>Reads a table by whatever program it was written.</summary>
    /// <exception cref="DatasetException">Anything that cannot be used, by file, line and column.</exception>
    public static Predictions Read(string path, PredictionColumns columns) => PredictionsReader.Read(path, columns);

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
