using Fovea.Acquisition;

namespace Fovea.Training.Data;

/// <summary>Labelled photographs, their classes, and a way to read each. Made by <see cref="DatasetReaders"/>; immutable, read from any thread.</summary>
public sealed class Dataset
{
    /// <summary>Diabetic-retinopathy grades 0–4.</summary>
    internal static readonly string[] GradeNames = ["no DR", "mild", "moderate", "severe", "proliferative"];

    /// <summary>Risk of diabetic macular oedema, 0–2 on IDRiD's scale: where hard exudates lie.</summary>
    internal static readonly string[] DmeRiskNames = ["no hard exudates", "hard exudates away from the macula", "hard exudates near the macula"];

    private readonly Func<int, FundusImage> _read;
    private readonly Dictionary<string, int> _positions;

    /// <param name="source">The path as given.</param>
    /// <param name="kind">What layout it has: a name of <see cref="DatasetReaders.Kinds"/>, several with a plus between them where sets are joined.</param>
    /// <param name="classNames">One for each label.</param>
    /// <param name="samples">In the order of the source.</param>
    /// <param name="read">Gives the photograph of a sample by its position; null: decodes its file.</param>
    /// <param name="leftOut">Images that the source names and that cannot be used.</param>
    /// <exception cref="DatasetException">No sample, an id that occurs twice, or a label out of range.</exception>
    internal Dataset(string source, string kind, IReadOnlyList<string> classNames, IReadOnlyList<Sample> samples, Func<int, FundusImage>? read = null,
        IReadOnlyList<LeftOutImage>? leftOut = null)
    {
        (Source, Kind, ClassNames, Samples, LeftOut) = (source, kind, classNames, samples, leftOut ?? []);
        _read = read ?? (i => FundusImage.Read(samples[i].Path!));
        if (samples.Count == 0) throw new DatasetException(source, "no image in it", "Give a folder or file with labelled images");
        _positions = new Dictionary<string, int>(samples.Count, StringComparer.Ordinal);
        for (var i = 0; i < samples.Count; i++)
        {
            if (!_positions.TryAdd(samples[i].Id, i)) throw new DatasetException(source, $"image '{samples[i].Id}' occurs twice", "Keep one of them");
            if (samples[i].Label < 0 || samples[i].Label >= Classes)
                throw new DatasetException(source, $"image '{samples[i].Id}' has the class {samples[i].Label}", $"Classes go from 0 to {Classes - 1}");
        }
    }

    /// <summary>The path as given.</summary>
    public string Source { get; }

    /// <summary>What layout it has: a name of <see cref="DatasetReaders.Kinds"/>, several with a plus between them where sets are joined.</summary>
    public string Kind { get; }

    /// <summary>Kind and place, for messages and model cards.</summary>
    public string Name => $"{Kind}:{Source}";
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Number of grades or classes; every label is below it.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>The classes are the grades 0–4, in order of severity; otherwise they are names without order.</summary>
    public bool IsGraded => ClassNames.SequenceEqual(GradeNames);

    /// <summary>In the order of the source.</summary>
    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>Images that the source names and that cannot be used, with the reason.</summary>
    public IReadOnlyList<LeftOutImage> LeftOut { get; }

    /// <summary>True where the data set was published in parts. A training part alone (the test labels are kept secret, or not downloaded) is no division.</summary>
    public bool HasParts => Samples.Any(s => s.Part is SamplePart.Validation or SamplePart.Test);

    /// <summary>Positions of the samples published in a part.</summary>
    public int[] IndicesOf(SamplePart part) => [.. Enumerable.Range(0, Samples.Count).Where(i => Samples[i].Part == part)];

    /// <summary>Position of the sample of this id; null where there is none.</summary>
    public int? Find(string id) => _positions.TryGetValue(id, out var position) ? position : null;

    /// <summary>Decodes one photograph, upright and RGB.</summary>
    /// <exception cref="Fovea.Imaging.UnreadableImageException">The file is damaged or no image.</exception>
    public FundusImage Read(int index) => _read(index);

    /// <summary>The same set with some of its samples, changed, and perhaps other classes.</summary>
    /// <param name="kept">Positions here, and what the samples are now.</param>
    internal Dataset Reshape(IReadOnlyList<(int Position, Sample Sample)> kept, IReadOnlyList<string>? classNames = null, IReadOnlyList<LeftOutImage>? leftOut = null) =>
        new(Source, Kind, classNames ?? ClassNames, [.. kept.Select(k => k.Sample)], i => _read(kept[i].Position), leftOut ?? LeftOut);

    /// <summary>The same photographs, labelled with <see cref="Sample.DmeRisk"/>; those without are left out.</summary>
    /// <exception cref="DatasetException">No image has one.</exception>
    internal Dataset OfDmeRisk()
    {
        if (Samples.All(s => s.DmeRisk is null)) throw new DatasetException(Source, "no image has a risk of macular oedema (target=dme)", "Give IDRiD's or Messidor-2's layout, made-up retinas, or a csv with the column dme");
        return Reshape([.. Samples.Index().Where(s => s.Item.DmeRisk is not null).Select(s => (s.Index, s.Item with { Label = s.Item.DmeRisk!.Value }))], DmeRiskNames,
            [.. LeftOut, .. Samples.Where(s => s.DmeRisk is null).Select(s => new LeftOutImage(s.Id, s.Path, "no risk of macular oedema"))]);
    }

    /// <summary>What a model of these labels decides, as its card says it.</summary>
    internal string Task => ClassNames.SequenceEqual(DmeRiskNames) ? Models.ModelTasks.DmeRisk : ClassNames.SequenceEqual(Readers.Kermany.Classes) ? Models.ModelTasks.OctClass
        : ClassNames.SequenceEqual(MadeUp.SpoiledDataset.Classes) ? Models.ModelTasks.Quality : Models.ModelTasks.Grade;

    /// <summary>Samples by class.</summary>
    public int[] CountClasses(IEnumerable<Sample> samples)
    {
        var counts = new int[Classes];
        foreach (var sample in samples) counts[sample.Label]++;
        return counts;
    }

    /// <summary>Images by class of the whole data set; every class must have at least one.</summary>
    /// <exception cref="DatasetException">A class is empty.</exception>
    public int[] RequireEveryClass() => RequireEveryClass(Samples, null);

    /// <summary>Images by class; a network cannot learn a class that it never sees.</summary>
    /// <param name="samples">Where each class must occur.</param>
    /// <param name="purpose">What they are for, e.g. "training of fold 2"; null: nothing to add.</param>
    /// <exception cref="DatasetException">A class has no sample.</exception>
    public int[] RequireEveryClass(IEnumerable<Sample> samples, string? purpose)
    {
        var counts = CountClasses(samples);
        var empty = Enumerable.Range(0, Classes).Where(c => counts[c] == 0).ToArray();
        if (empty.Length == 0) return counts;
        var names = string.Join(", ", empty.Select(c => IsGraded ? $"{c} ({ClassNames[c]})" : ClassNames[c]));
        throw new DatasetException(Source, $"no image of {(IsGraded ? "grade" : "class")} {names}{(purpose is null ? "" : " for " + purpose)} (images by class: {string.Join(", ", counts)})",
            purpose is null ? "Add images of it" : "Add images of it, or choose another split");
    }
}
