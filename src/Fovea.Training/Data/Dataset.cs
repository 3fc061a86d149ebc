using Fovea.Acquisition;

namespace Fovea.Training.Data;

/// <summary>Labelled photographs, with a way to read each. Made by one of the readers of this folder.</summary>
public sealed class Dataset
{
    private readonly Func<int, FundusImage> _read;

    /// <param name="name">The kind and place, for messages and model cards.</param>
    /// <param name="classes">Number of grades or classes; every label is below it.</param>
    /// <param name="read">Gives the photograph of a sample by its position; called from several threads.</param>
    /// <exception cref="DatasetException">No sample, an id that occurs twice, or a label out of range.</exception>
    internal Dataset(string name, int classes, IReadOnlyList<Sample> samples, Func<int, FundusImage> read)
    {
        (Name, Classes, Samples, _read) = (name, classes, samples, read);
        if (samples.Count == 0) throw new DatasetException(name, "no images", "Give a folder with labelled images");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var sample in samples)
        {
            if (!seen.Add(sample.Id)) throw new DatasetException(name, $"'{sample.Id}' is listed twice", "Remove one of the two lines");
            if (sample.Label < 0 || sample.Label >= classes) throw new DatasetException(name, $"'{sample.Id}' has the grade {sample.Label}", $"Grades go from 0 to {classes - 1}");
        }
    }

    public string Name { get; }

    public int Classes { get; }

    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>True where the data set was published with training, validation and test parts.</summary>
    public bool HasParts => Samples.Any(s => s.Part != SamplePart.Unassigned);

    /// <summary>Decodes one photograph.</summary>
    /// <exception cref="Fovea.Imaging.UnreadableImageException">The file is not an image.</exception>
    public FundusImage Read(int index) => _read(index);

    /// <summary>Positions of the samples published in a part.</summary>
    public int[] IndicesOf(SamplePart part) => [.. Enumerable.Range(0, Samples.Count).Where(i => Samples[i].Part == part)];

    /// <summary>Images a class; every class must have at least one.</summary>
    /// <exception cref="DatasetException">A class is empty.</exception>
    public int[] RequireEveryClass()
    {
        var counts = new int[Classes];
        foreach (var sample in Samples) counts[sample.Label]++;
        var empty = Array.IndexOf(counts, 0);
        if (empty >= 0)
            throw new DatasetException(Name, $"no image of grade {empty} (images by grade: {string.Join(", ", counts)})", "Add images of that grade, or train with --set head.classes to the grades that exist");
        return counts;
    }
}
