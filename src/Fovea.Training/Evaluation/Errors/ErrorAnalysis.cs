using System.Globalization;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Errors;

/// <summary>What an error does to a patient, the worst first.</summary>
public enum ErrorKind
{
    /// <summary>A diseased eye is called healthy: nobody looks again for a year.</summary>
    DiseaseCalledHealthy,

    /// <summary>Disease is seen, but called milder than it is, or an urgent one not urgent.</summary>
    UnderGraded,

    /// <summary>Classes without order are taken for each other.</summary>
    Confused,
    OverGraded,
    HealthyCalledDiseased,
}

/// <summary>Errors with one true and one predicted class.</summary>
/// <param name="Rows">In the table of predictions, the surest of itself first.</param>
public sealed record ErrorCell(ErrorKind Kind, int Truth, int Predicted, IReadOnlyList<int> Rows);

/// <summary>Errors of one true class.</summary>
/// <param name="Lower">Predicted milder (grades), or healthy.</param>
public sealed record ClassErrors(int Class, int Images, int Wrong, int Lower, Interval? Rate);

/// <summary>Errors among images that have something in common.</summary>
/// <param name="By">quality, size, set, eye.</param>
/// <param name="Rate">Wilson's 95 % interval of the share that is wrong.</param>
public sealed record GroupErrors(string By, string Value, int Images, int Wrong, Interval? Rate, double? QuadraticWeightedKappa);

/// <summary>Where a model errs, and how badly.</summary>
/// <param name="Cells">The dangerous first.</param>
/// <param name="MostConfident">Rows of errors, by falling probability of the wrong class.</param>
/// <param name="Labels">Null without probabilities.</param>
public sealed record ErrorAnalysis(IReadOnlyList<ClassErrors> Classes, IReadOnlyList<ErrorCell> Cells, IReadOnlyList<int> MostConfident, IReadOnlyList<GroupErrors> Groups, LabelAudit? Labels)
{
    private const int MostValues = 12;

    /// <param name="ordered">The classes are grades, 0 healthy.</param>
    /// <param name="images">Facts of the images, in the order of the table; null where only the table is known.</param>
    public static ErrorAnalysis Of(Predictions predictions, bool ordered, IReadOnlyList<EvaluatedImage>? images = null)
    {
        var (truth, predicted) = (predictions.Truth, predictions.Predicted);
        var healthy = ordered ? 0 : Healthy(predictions.ClassNames);
        var urgent = predictions.ClassNames is { } names ? Decision.UrgentByName(names) : null;
        double Sureness(int row) => predictions.Probabilities?[row][predicted[row]] ?? 1;
        int[] wrong = [.. Enumerable.Range(0, predictions.Count).Where(i => truth[i] != predicted[i])];

        ErrorKind KindOf(int t, int p) =>
            p == healthy ? ErrorKind.DiseaseCalledHealthy
            : t == healthy ? ErrorKind.HealthyCalledDiseased
            : ordered ? p < t ? ErrorKind.UnderGraded : ErrorKind.OverGraded
            : urgent is null || urgent.IsPositive(t) == urgent.IsPositive(p) ? ErrorKind.Confused
            : urgent.IsPositive(t) ? ErrorKind.UnderGraded : ErrorKind.OverGraded;

        var cells = wrong.GroupBy(i => (t: truth[i], p: predicted[i]))
            .Select(g => new ErrorCell(KindOf(g.Key.t, g.Key.p), g.Key.t, g.Key.p, [.. g.OrderByDescending(Sureness).ThenBy(i => i)]))
            .OrderBy(c => c.Kind).ThenByDescending(c => ordered ? Math.Abs(c.Truth - c.Predicted) : 0).ThenByDescending(c => c.Truth).ThenBy(c => c.Predicted);
        var classes = Enumerable.Range(0, predictions.ClassCount).Select(c =>
        {
            var of = truth.Count(t => t == c);
            var errors = wrong.Where(i => truth[i] == c).ToArray();
            return new ClassErrors(c, of, errors.Length, errors.Count(i => KindOf(c, predicted[i]) is ErrorKind.DiseaseCalledHealthy or ErrorKind.UnderGraded), Wilson(errors.Length, of));
        });
        return new ErrorAnalysis([.. classes], [.. cells], [.. wrong.OrderByDescending(Sureness).ThenBy(i => i)], images is null ? [] : [.. GroupErrorsOf(predictions, images)],
            predictions.Probabilities is null ? null : ConfidentLearning.Audit(predictions));
    }

    private static int Healthy(IReadOnlyList<string>? names)
    {
        for (var c = 0; c < (names?.Count ?? 0); c++)
            if (names![c].ToUpperInvariant() is "NORMAL" or "HEALTHY" or "NO DR") return c;
        return -1;
    }

    private static IEnumerable<GroupErrors> GroupErrorsOf(Predictions predictions, IReadOnlyList<EvaluatedImage> images)
    {
        foreach (var (by, of) in ((string, Func<EvaluatedImage, string>)[])[("quality", i => i.Quality), ("size", i => $"{i.Width} × {i.Height}"), ("set", i => i.Origin), ("eye", i => i.Eye ?? "unknown")])
        {
            var groups = Enumerable.Range(0, images.Count).GroupBy(i => of(images[i])).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).ToArray();
            if (groups.Length < 2) continue;
            foreach (var g in groups.Take(MostValues)) yield return Group(g.Key, [.. g]);
            if (groups.Length > MostValues) yield return Group(string.Create(CultureInfo.InvariantCulture, $"{groups.Length - MostValues} others"), [.. groups.Skip(MostValues).SelectMany(g => g)]);

            GroupErrors Group(string value, int[] rows)
            {
                var part = predictions.Subset(rows);
                var matrix = ConfusionMatrix.From(part.Truth, part.Predicted, part.ClassCount);
                var errors = (int)(matrix.Total - matrix.Correct);
                return new GroupErrors(by, value, rows.Length, errors, Wilson(errors, rows.Length), matrix.QuadraticWeightedKappa);
            }
        }
    }

    /// <summary>Wilson's score interval (1927), 95 %, of a share; null of nothing.</summary>
    internal static Interval? Wilson(int part, int whole)
    {
        if (whole == 0) return null;
        const double z = 1.959963984540054;
        double n = whole, share = part / n;
        var centre = (share + z * z / (2 * n)) / (1 + z * z / n);
        var half = z / (1 + z * z / n) * Math.Sqrt(share * (1 - share) / n + z * z / (4 * n * n));
        return new Interval(Math.Max(0, centre - half), Math.Min(1, centre + half), 0);
    }
}
