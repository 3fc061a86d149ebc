namespace Fovea.Training.Data;

/// <summary>
/// Several data sets as one. Ids and patients get the set's name and a slash before them, so that two sets never share one by chance. The classes are the
/// first set's; the others' must be among them, by name.
/// </summary>
internal static class DatasetJoin
{
    /// <exception cref="DatasetException">Two sets of one name, or classes that do not fit.</exception>
    public static Dataset Of(IReadOnlyList<(string Name, Dataset Dataset)> sets)
    {
        if (sets.GroupBy(s => s.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DatasetException(twice.Last().Dataset.Source, $"another set is called '{twice.Key}', too", "Give one of them a name, e.g. PATH?name=second");
        string[] classes = [.. sets[0].Dataset.ClassNames];
        var samples = new List<Sample>();
        var origins = new List<(Dataset Dataset, int Position)>();
        var leftOut = new List<LeftOutImage>();
        foreach (var (name, dataset) in sets)
        {
            int[] label = [.. dataset.ClassNames.Select(c => Array.IndexOf(classes, c))];
            if (label.Contains(-1))
            {
                throw new DatasetException(dataset.Name, $"its classes ({string.Join(", ", dataset.ClassNames)}) are not among those of {sets[0].Dataset.Name} ({string.Join(", ", classes)})",
                    "Map the classes of one of them, e.g. PATH?map=CLASS:GRADE,CLASS:GRADE, or put the set with all classes first");
            }
            for (var i = 0; i < dataset.Samples.Count; i++)
            {
                var s = dataset.Samples[i];
                samples.Add(s with { Id = $"{name}/{s.Id}", Patient = s.Patient is null ? null : $"{name}/{s.Patient}", Label = label[s.Label] });
                origins.Add((dataset, i));
            }
            leftOut.AddRange(dataset.LeftOut.Select(image => image with { Id = $"{name}/{image.Id}" }));
        }
        return new Dataset(string.Join(" + ", sets.Select(s => s.Dataset.Source)), string.Join('+', sets.Select(s => s.Dataset.Kind).Distinct()), classes, samples,
            i => origins[i].Dataset.Read(origins[i].Position), leftOut);
    }
}
