namespace Fovea.Training.Data;

/// <summary>Images of one class.</summary>
public sealed record ClassShare(int Class, string Name, int Count, double Share);

/// <summary>Smallest, mean and largest side in pixels.</summary>
public sealed record SideStatistics(int Min, double Mean, int Max);

/// <summary>Copies of one picture, with their classes in the same order.</summary>
public sealed record CopiedImages(IReadOnlyList<string> Images, IReadOnlyList<int> Classes, bool Contradict, double Distance);

/// <summary>What there is to know of a data set before training on it. The property names in camel case are the JSON format of <c>data inspect</c>.</summary>
public sealed record DatasetInspection
{
    public required string Source { get; init; }
    public required string Kind { get; init; }
    public required int Images { get; init; }

    /// <summary>Images by official part; <c>unassigned</c> where there is none.</summary>
    public required IReadOnlyDictionary<string, int> Parts { get; init; }
    public required IReadOnlyList<ClassShare> Classes { get; init; }

    /// <summary>Number of patients, null where the source names none.</summary>
    public required int? Patients { get; init; }

    /// <summary>Null when no image could be read.</summary>
    public required SideStatistics? Width { get; init; }
    public required SideStatistics? Height { get; init; }
    public required IReadOnlyList<UnreadableSample> Unreadable { get; init; }
    public required IReadOnlyList<CopiedImages> ExactDuplicates { get; init; }
    public required IReadOnlyList<CopiedImages> NearDuplicates { get; init; }

    /// <summary>Plain sentences: classes without an image, copies with different classes, copies across official parts.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <param name="duplicates">Of all samples of <paramref name="dataset"/>.</param>
    public static DatasetInspection Of(Dataset dataset, Duplicates duplicates)
    {
        Sample Sample(string id) => dataset.Samples[dataset.Find(id)!.Value];
        var counts = dataset.CountClasses(dataset.Samples);
        CopiedImages Copies(IReadOnlyList<string> ids, double distance)
        {
            var classes = ids.Select(id => Sample(id).Label).ToArray();
            return new CopiedImages(ids, classes, classes.Distinct().Count() > 1, distance);
        }
        var exact = duplicates.Exact.Select(ids => Copies(ids, 0)).ToArray();
        var near = duplicates.Near.Select(pair => Copies([pair.First, pair.Second], pair.Distance)).ToArray();
        var warnings = new List<string>();
        warnings.AddRange(Enumerable.Range(0, dataset.Classes).Where(c => counts[c] == 0).Select(c => $"class {c} ({dataset.ClassNames[c]}) has no image"));
        foreach (var copies in exact.Concat(near))
        {
            var names = string.Join(" and ", copies.Images);
            if (copies.Contradict) warnings.Add($"{names} are the same picture with classes {string.Join(" and ", copies.Classes)}");
            if (copies.Images.Select(id => Sample(id).Part).Distinct().Count() > 1) warnings.Add($"{names} are the same picture in different official parts");
        }
        var patients = dataset.Samples.Where(s => s.Patient is not null).Select(s => s.Patient).Distinct(StringComparer.Ordinal).Count();
        return new DatasetInspection
        {
            Source = dataset.Source,
            Kind = dataset.Kind,
            Images = dataset.Samples.Count,
            Parts = dataset.Samples.CountBy(s => s.Part).OrderBy(p => p.Key).ToDictionary(p => SampleParts.NameOf(p.Key), p => p.Value),
            Classes = counts.Select((n, c) => new ClassShare(c, dataset.ClassNames[c], n, (double)n / dataset.Samples.Count)).ToArray(),
            Patients = patients > 0 ? patients : null,
            Width = Side(duplicates.Fingerprints.Values.Select(f => f.Width)),
            Height = Side(duplicates.Fingerprints.Values.Select(f => f.Height)),
            Unreadable = duplicates.Unreadable,
            ExactDuplicates = exact,
            NearDuplicates = near,
            Warnings = warnings,
        };
    }

    private static SideStatistics? Side(IEnumerable<int> values)
    {
        var all = values.ToArray();
        return all.Length == 0 ? null : new SideStatistics(all.Min(), all.Average(), all.Max());
    }
}
