namespace Fovea.Training.Detection;

/// <summary>
/// Of the many candidates of a picture, a few for the loss: positives up to a share, the rest background. Equals torchvision's BalancedPositiveNegativeSampler, but for who is drawn.
/// </summary>
/// <param name="Count">Of each picture, at most.</param>
/// <param name="PositiveShare">0–1, at most.</param>
/// <param name="HardShare">Share of the background that is not drawn but taken from where the network errs most (Shrivastava et al. 2016, arXiv 1604.03540, made simple); 0 (default): none.</param>
public sealed record BalancedSampler(int Count, double PositiveShare, double HardShare = 0)
{
    /// <param name="isPositive">By candidate: true, false, or null for those that count nothing.</param>
    /// <param name="random">Null: the first of each kind, for comparisons with other systems.</param>
    /// <param name="error">How wrongly the network takes a background candidate for a thing; needed for <see cref="HardShare"/>.</param>
    /// <returns>Indices of positives and of background, each rising.</returns>
    public (int[] Positive, int[] Background) Sample(int candidates, Func<int, bool?> isPositive, SeededRandom? random, Func<int, float>? error = null)
    {
        var (positive, background) = (new List<int>(), new List<int>());
        for (var i = 0; i < candidates; i++)
        {
            if (isPositive(i) is not { } yes) continue;
            (yes ? positive : background).Add(i);
        }
        var chosen = Draw(positive, Math.Min(positive.Count, (int)(Count * PositiveShare)), random);
        var rest = Math.Min(background.Count, Count - chosen.Length);
        var hard = error is null ? [] : Hardest(background, (int)Math.Round(rest * HardShare), error);
        if (hard.Length > 0)
        {
            var taken = hard.ToHashSet();
            background.RemoveAll(taken.Contains);
        }
        int[] all = [.. hard, .. Draw(background, rest - hard.Length, random)];
        Array.Sort(all);
        return (chosen, all);
    }

    private static int[] Draw(List<int> from, int count, SeededRandom? random)
    {
        if (random is not null)
            for (var i = 0; i < count; i++)
            {
                var j = i + random.NextInt(from.Count - i);
                (from[i], from[j]) = (from[j], from[i]);
            }
        int[] drawn = [.. from.Take(count)];
        Array.Sort(drawn);
        return drawn;
    }

    private static int[] Hardest(List<int> from, int count, Func<int, float> error)
    {
        if (count == 0) return [];
        var queue = new PriorityQueue<int, (float, int)>();
        foreach (var i in from)
        {
            queue.Enqueue(i, (error(i), -i));
            if (queue.Count > count) queue.Dequeue();
        }
        return [.. queue.UnorderedItems.Select(item => item.Element)];
    }
}
