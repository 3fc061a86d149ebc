namespace Fovea.Training.Splits;

/// <summary>
/// Divides samples into parts with about the same share of every class, keeping groups (a patient, copies of an image) whole. A function of its
/// arguments alone, on every machine and version of .NET.
/// </summary>
public static class GroupSplitter
{
    /// <summary>k parts of equal size.</summary>
    /// <returns>The fold of each sample, 0 … folds−1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 2 folds, or more than groups.</exception>
    public static int[] Folds(IReadOnlyList<int> labels, IReadOnlyList<int> groups, int folds, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        return Parts(labels, groups, [.. Enumerable.Repeat(1.0 / folds, folds)], seed);
    }

    /// <summary>Parts of given shares.</summary>
    /// <param name="shares">Positive, summing to 1.</param>
    /// <returns>The part of each sample, an index into <paramref name="shares"/>.</returns>
    public static int[] Parts(IReadOnlyList<int> labels, IReadOnlyList<int> groups, IReadOnlyList<double> shares, ulong seed)
    {
        if (labels.Count != groups.Count) throw new ArgumentException("one group a sample", nameof(groups));
        var members = Enumerable.Range(0, labels.Count).GroupBy(i => groups[i]).Select(g => g.ToArray()).ToArray();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shares.Count, members.Length, nameof(shares));
        SeededRandom.For(seed, 0x5B117).Shuffle<int[]>(members);
        // Large groups first, while every part still has room; the sort is stable, so the shuffle decides among equals.
        members = [.. members.OrderByDescending(m => m.Length)];

        var classes = labels.Max() + 1;
        var wanted = new double[shares.Count, classes];
        for (var p = 0; p < shares.Count; p++)
            foreach (var label in labels) wanted[p, label] += shares[p];
        var part = new int[labels.Count];
        foreach (var group in members)
        {
            var chosen = Enumerable.Range(0, shares.Count).MaxBy(p => Need(wanted, p, group, labels));
            foreach (var i in group)
            {
                part[i] = chosen;
                wanted[chosen, labels[i]]--;
            }
        }
        return part;
    }

    /// <summary>A smaller set with about the same share of every class; groups come whole or not at all.</summary>
    /// <param name="count">How many samples are wanted, 1 … all but one; groups make it a few more or less.</param>
    /// <returns>For each sample, whether it is taken.</returns>
    public static bool[] SubSample(IReadOnlyList<int> labels, IReadOnlyList<int> groups, int count, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, labels.Count);
        var share = (double)count / labels.Count;
        return [.. Parts(labels, groups, [share, 1 - share], seed).Select(part => part == 0)];
    }

    /// <summary>How much a part lacks of what the group brings; between parts that lack the same, the emptier one.</summary>
    private static double Need(double[,] wanted, int part, int[] group, IReadOnlyList<int> labels)
    {
        var need = 0.0;
        foreach (var i in group) need += wanted[part, labels[i]];
        var room = 0.0;
        for (var k = 0; k < wanted.GetLength(1); k++) room += wanted[part, k];
        return need + 1e-3 * room;
    }
}
