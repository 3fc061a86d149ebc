using System.Collections;
using Fovea.Imaging;

namespace Fovea.Training.Preparation;

/// <summary>Images whose pixels can be looked at where they lie, in a mapped file.</summary>
internal interface IPixelRows
{
    /// <summary>[y, x, RGB] of one image; good as long as the file stays mapped.</summary>
    ReadOnlySpan<byte> Pixels(int index);
}

/// <summary>Images after preprocessing and before normalisation, with their labels: what training and evaluation read. All of one size.</summary>
/// <param name="Ids">The samples' names, unique.</param>
/// <param name="Images">May read an image anew at each look (from a mapped file), so that a set need not fit in memory: take each once, by its position.</param>
/// <param name="Labels">Grades from 0.</param>
/// <param name="Groups">Samples of one patient (or duplicates) share a number.</param>
public sealed record PreparedSet(IReadOnlyList<string> Ids, IReadOnlyList<Image> Images, IReadOnlyList<int> Labels, IReadOnlyList<int> Groups)
{
    public int Count => Ids.Count;

    /// <summary>[y, x, RGB] of one image, without a copy.</summary>
    internal ReadOnlySpan<byte> Pixels(int index) => PixelsOf(Images, index);

    private static ReadOnlySpan<byte> PixelsOf(IReadOnlyList<Image> images, int index) => images is IPixelRows rows ? rows.Pixels(index) : images[index].Pixels;

    /// <summary>Reads no image.</summary>
    public PreparedSet Subset(IReadOnlyList<int> indices) =>
        new([.. indices.Select(i => Ids[i])], ImageSubset.Of(Images, indices), [.. indices.Select(i => Labels[i])], [.. indices.Select(i => Groups[i])]);

    public int[] ClassCounts(int classes)
    {
        var counts = new int[classes];
        foreach (var label in Labels) counts[label]++;
        return counts;
    }

    private sealed class ImageSubset(IReadOnlyList<Image> all, int[] indices) : IReadOnlyList<Image>, IPixelRows
    {
        public static ImageSubset Of(IReadOnlyList<Image> images, IReadOnlyList<int> indices) =>
            images is ImageSubset subset ? new(subset.All, [.. indices.Select(i => subset.Indices[i])]) : new(images, [.. indices]);

        private IReadOnlyList<Image> All => all;

        private int[] Indices => indices;

        public int Count => indices.Length;

        public Image this[int index] => all[indices[index]];

        public ReadOnlySpan<byte> Pixels(int index) => PixelsOf(all, indices[index]);

        public IEnumerator<Image> GetEnumerator() => indices.Select(i => all[i]).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
