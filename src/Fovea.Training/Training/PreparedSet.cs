using Fovea.Imaging;

namespace Fovea.Training.Training;

/// <summary>Images after preprocessing and before normalisation, with their labels: what training and evaluation read. All of one size.</summary>
/// <param name="Ids">The samples' names, unique.</param>
/// <param name="Labels">Grades from 0.</param>
/// <param name="Groups">Samples of one patient (or duplicates) share a number.</param>
public sealed record PreparedSet(IReadOnlyList<string> Ids, IReadOnlyList<Image> Images, IReadOnlyList<int> Labels, IReadOnlyList<int> Groups)
{
    public int Count => Ids.Count;

    public PreparedSet Subset(IReadOnlyList<int> indices) =>
        new([.. indices.Select(i => Ids[i])], [.. indices.Select(i => Images[i])], [.. indices.Select(i => Labels[i])], [.. indices.Select(i => Groups[i])]);

    public int[] ClassCounts(int classes)
    {
        var counts = new int[classes];
        foreach (var label in Labels) counts[label]++;
        return counts;
    }
}
