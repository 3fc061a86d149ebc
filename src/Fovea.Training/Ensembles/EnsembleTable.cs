using Fovea.Calibration;
using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Ensembles;

/// <summary>The predictions of several systems for the same images, image by image.</summary>
public sealed class EnsembleTable
{
    private readonly GradePrediction[][] _opinions; // [image][member]

    private EnsembleTable(Predictions first, GradePrediction[][] opinions, int members, bool hasProbabilities) =>
        (First, _opinions, Members, HasProbabilities) = (first, opinions, members, hasProbabilities);

    public int Members { get; }

    /// <summary>False where a member gives grades only: those can vote, and nothing else.</summary>
    public bool HasProbabilities { get; }

    /// <summary>The first member's table, whose images, truth and groups are everybody's.</summary>
    internal Predictions First { get; }

    public int Count => First.Count;

    internal IReadOnlyList<GradePrediction> Of(int image) => _opinions[image];

    /// <summary>Joins tables by their images; lines may be in any order.</summary>
    /// <exception cref="DatasetException">They are of other images, of another truth, or of another number of classes.</exception>
    public static EnsembleTable Read(IReadOnlyList<string> paths) => Join(paths, [.. paths.Select(path => Predictions.Read(path))]);

    internal static EnsembleTable Join(IReadOnlyList<string> names, Predictions[] tables)
    {
        var first = tables[0];
        var opinions = Enumerable.Range(0, first.Count).Select(_ => new GradePrediction[tables.Length]).ToArray();
        for (var m = 0; m < tables.Length; m++)
        {
            var table = tables[m];
            if (table.ClassCount != first.ClassCount) throw new DatasetException(names[m], $"it tells {table.ClassCount} classes apart, {names[0]} {first.ClassCount}", "Give predictions of one task");
            var place = table.Images.Select((image, i) => (image, i)).ToDictionary(x => x.image, x => x.i, StringComparer.Ordinal);
            if (table.Images.FirstOrDefault(image => !first.Images.Contains(image)) is { } extra && table.Count != first.Count)
                throw new DatasetException(names[m], $"its image '{extra}' is not in {names[0]}", "Give predictions of the same images");
            for (var i = 0; i < first.Count; i++)
            {
                if (!place.TryGetValue(first.Images[i], out var at)) throw new DatasetException(names[m], $"the image '{first.Images[i]}' of {names[0]} is not in it", "Give predictions of the same images");
                if (table.Truth[at] != first.Truth[i]) throw new DatasetException(names[m], $"the true class of '{first.Images[i]}' is {table.Truth[at]}, in {names[0]} {first.Truth[i]}", "Correct one of them");
                opinions[i][m] = Opinion(table, at);
            }
        }
        return new EnsembleTable(first, opinions, tables.Length, tables.All(t => t.Probabilities is not null));
    }

    private static GradePrediction Opinion(Predictions table, int i)
    {
        var p = table.Probabilities?[i];
        if (p is null)
        {
            p = new double[table.ClassCount];
            p[table.Predicted[i]] = 1;
        }
        var sum = p.Sum(); // tables printed with few digits
        return new GradePrediction(table.Predicted[i], Array.ConvertAll(p, x => x / sum), p.Select((x, k) => k * x / sum).Sum(), false);
    }
}
