using Fovea.Training.Data;

namespace Fovea.Training.Inspection;

/// <summary>What in an inspection would spoil a training or its score, in plain sentences.</summary>
internal static class InspectionWarnings
{
    public static IEnumerable<string> Of(DatasetInspection d, Dataset dataset)
    {
        foreach (var (copies, same) in d.ExactDuplicates.Select(c => (c, "are the same picture")).Concat(d.NearDuplicates.Select(c => (c, "show the same eye"))))
        {
            // Near copies are one picture stored twice, or one eye photographed twice (IDRiD_013 and IDRiD_397).
            var names = string.Join(" and ", copies.Images);
            if (copies.Contradict) yield return $"{names} {same} with classes {string.Join(" and ", copies.Classes)}";
            if (copies.Images.Select(id => dataset.Samples[dataset.Find(id)!.Value].Part).Distinct().Count() > 1)
                yield return $"{names} {same} in different official parts";
        }
        foreach (var part in PatientsAcrossParts(dataset)) yield return part;
        foreach (var leak in d.Correlations.Where(c => c.Leaks)) yield return Leak(leak);
        foreach (var quantity in d.Quantities)
        {
            foreach (var difference in quantity.Differences.Where(x => x.Distance >= DatasetInspection.ConspicuousDistance && x.Probability < 0.01))
                yield return Difference(quantity, difference);
        }
        foreach (var empty in d.Classes.Where(c => c.Count == 0)) yield return $"class {empty.Class} ({empty.Name}) has no image";
        if (d.IsOfOtherPictures) yield return "most images are no fundus photographs, so what is said of their quality does not apply";
    }

    private static IEnumerable<string> PatientsAcrossParts(Dataset dataset)
    {
        var across = dataset.Samples.Where(s => s.Patient is not null).GroupBy(s => s.Patient, StringComparer.Ordinal)
            .Where(p => p.Select(s => s.Part).Distinct().Count() > 1).Select(p => p.Key!).Order(StringComparer.Ordinal).ToArray();
        if (across.Length > 0)
        {
            var named = string.Join(", ", across.Take(3));
            yield return $"{(across.Length == 1 ? "1 patient has" : $"{across.Length} patients have")} images in different official parts ({named}{(across.Length > 3 ? ", …" : "")})";
        }
    }

    private static string Leak(LabelCorrelation c)
    {
        var strength = c.Spearman is { } s && c.Pearson is { } p ? $"Spearman {s.Value:0.00}, Pearson {p.Value:0.00}" : $"correlation ratio {c.ClassRatio:0.00}";
        return $"the {c.Quantity} gives the class away ({strength}): a network can learn it instead of the disease; crop and resize every image alike";
    }

    private static string Difference(QuantityDistribution q, PartDifference d)
    {
        string Median(string part) => $"{q.Parts[part].Median:0.##}{(q.Unit.Length > 0 ? " " + q.Unit : "")}";
        return $"the {q.Quantity} differs between {d.First} and {d.Second} (medians {Median(d.First)} and {Median(d.Second)}, Kolmogorov–Smirnov distance {d.Distance:0.00})";
    }
}
