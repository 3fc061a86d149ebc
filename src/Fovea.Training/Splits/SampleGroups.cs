using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Fovea.Imaging;
using Fovea.Training.Data;

namespace Fovea.Training.Splits;

/// <summary>Which samples must stay on one side of a split: those of one patient, and those whose pictures are the same.</summary>
public static class SampleGroups
{
    /// <param name="prepared">The samples' prepared images, in their order; equal pixels make a group.</param>
    /// <returns>A group number for each sample: the position of its first member.</returns>
    public static int[] Of(Dataset data, IReadOnlyList<Image> prepared)
    {
        var parent = Enumerable.Range(0, data.Samples.Count).ToArray();
        int Root(int i)
        {
            while (parent[i] != i) i = parent[i] = parent[parent[i]];
            return i;
        }
        void JoinFirst<TKey>(Dictionary<TKey, int> seen, TKey key, int i) where TKey : notnull
        {
            ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(seen, key, out var exists);
            if (!exists) first = i;
            else parent[Math.Max(Root(first), Root(i))] = Math.Min(Root(first), Root(i));
        }
        var patients = new Dictionary<string, int>(StringComparer.Ordinal);
        var pictures = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < parent.Length; i++)
        {
            if (data.Samples[i].Patient is { } patient) JoinFirst(patients, patient, i);
            JoinFirst(pictures, Convert.ToHexString(SHA256.HashData(prepared[i].Pixels)), i);
        }
        return [.. Enumerable.Range(0, parent.Length).Select(Root)];
    }
}
