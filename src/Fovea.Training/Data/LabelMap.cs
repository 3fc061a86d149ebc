namespace Fovea.Training.Data;

/// <summary>
/// Gives the labels of a data set other classes: <c>0:0,1:1,2:3,4:4</c> or <c>CNV:ill,DME:ill,DRUSEN:ill,NORMAL:healthy</c>. On the left stands a class of
/// the set by name or number; on the right a grade 0–4, a class name (the classes then are those names in order of their mention), or a minus sign, which
/// leaves its images out. Every class has to be mapped.
/// </summary>
internal sealed class LabelMap
{
    private const string LeaveOut = "-";

    private readonly int?[] _to;
    private readonly IReadOnlyList<string> _classes;

    private LabelMap(int?[] to, IReadOnlyList<string> classes) => (_to, _classes) = (to, classes);

    /// <param name="data">What messages call it.</param>
    /// <exception cref="DatasetException">Not of that form, a class that the set does not have, twice, or not at all.</exception>
    public static LabelMap Parse(string data, string text, Dataset dataset)
    {
        DatasetException Wrong(string reason) =>
            new(data, $"map: {reason} (the classes are {string.Join(", ", dataset.ClassNames.Select((name, c) => $"{c} {name}"))})", "Write map=CLASS:GRADE,… or map=CLASS:NAME,…, with - for classes to leave out");
        var targets = new string?[dataset.Classes];
        string[] names = [.. dataset.ClassNames];
        foreach (var entry in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var colon = entry.LastIndexOf(':');
            if (colon < 1 || colon == entry.Length - 1) throw Wrong($"'{entry}' is not CLASS:CLASS");
            var (from, to) = (entry[..colon], entry[(colon + 1)..]);
            var label = Array.IndexOf(names, from);
            if (label < 0 && !(int.TryParse(from, out label) && label >= 0 && label < dataset.Classes)) throw Wrong($"there is no class '{from}'");
            if (targets[label] is not null) throw Wrong($"'{from}' is mapped twice");
            targets[label] = to;
        }
        if (Array.FindIndex(targets, target => target is null) is var open and >= 0) throw Wrong($"class {open} ({dataset.ClassNames[open]}) is not mapped");
        string[] used = [.. targets.Where(target => target != LeaveOut).Distinct(StringComparer.Ordinal)!];
        if (used.Length == 0) throw Wrong("every class is left out");
        var grades = used.All(target => int.TryParse(target, out _));
        IReadOnlyList<string> classes = grades ? Dataset.GradeNames : used;
        if (!grades && used.Length < 2) throw Wrong("only one class is left");
        return new LabelMap([.. targets.Select(target => target == LeaveOut ? null : grades ? Grade(target!) : (int?)Array.IndexOf(used, target))], classes);

        int? Grade(string target) => int.Parse(target, System.Globalization.CultureInfo.InvariantCulture) is >= 0 and <= 4 and var grade ? grade : throw Wrong($"'{target}' is not a grade from 0 to 4");
    }

    public Dataset Of(Dataset dataset) => dataset.Reshape(
        [.. dataset.Samples.Select((s, i) => (i, s)).Where(x => _to[x.s.Label] is not null).Select(x => (x.i, x.s with { Label = _to[x.s.Label]!.Value }))],
        _classes,
        [.. dataset.LeftOut, .. dataset.Samples.Where(s => _to[s.Label] is null).Select(s => new LeftOutImage(s.Id, s.Path, $"class {dataset.ClassNames[s.Label]} is not wanted"))]);
}
