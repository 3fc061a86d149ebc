namespace Fovea;

/// <summary>Finds what somebody meant who typed a name that does not exist (a verb, an option, a recipe's key, a network).</summary>
public static class NearestName
{
    /// <summary>
    /// The candidate with the smallest edit distance (insert, delete, replace, swap of neighbours; case ignored), or null when none is
    /// within a third of the typed length (at least 1, at most 4): a far guess confuses more than none. Ties go to the first candidate.
    /// </summary>
    public static string? Of(string typed, IEnumerable<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(typed);
        ArgumentNullException.ThrowIfNull(candidates);
        string? nearest = null;
        var best = Math.Clamp((typed.Length + 2) / 3, 1, 4) + 1;
        foreach (var candidate in candidates)
        {
            // Nothing that the input names may cost quadratic time.
            if (Math.Abs(candidate.Length - typed.Length) >= best)
                continue;
            var distance = Distance(typed.ToUpperInvariant(), candidate.ToUpperInvariant());
            if (distance < best)
                (best, nearest) = (distance, candidate);
        }
        return nearest;
    }

    /// <summary>Optimal string alignment distance: Levenshtein's, with the swap of two neighbours as one edit.</summary>
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var replace = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replace, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
