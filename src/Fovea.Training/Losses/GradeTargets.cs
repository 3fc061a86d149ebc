namespace Fovea.Training.Losses;

/// <summary>What a batch should answer: one grade for each image, two in shares (mixup, cutmix), or any distribution (refined labels).</summary>
/// <param name="Grades">[N], 0 … K−1.</param>
/// <param name="Others">[N], the grade mixed in; null: none.</param>
/// <param name="Shares">[N], λ of <paramref name="Grades"/>, 0–1; null with <paramref name="Others"/>.</param>
public sealed record GradeTargets(long[] Grades, long[]? Others = null, float[]? Shares = null)
{
    /// <summary>[N, K] row-major, rows of sum 1: takes the place of grades and shares. Null: these say it.</summary>
    public float[]? Soft { get; init; }

    /// <summary>[N], grades added to a regression's target; null: none.</summary>
    public float[]? Noise { get; init; }

    /// <summary>The targets of <paramref name="count"/> images from <paramref name="start"/> on.</summary>
    /// <param name="classes">K.</param>
    public GradeTargets Slice(int start, int count, int classes) =>
        new(Grades.AsSpan(start, count).ToArray(), Others?.AsSpan(start, count).ToArray(), Shares?.AsSpan(start, count).ToArray())
        {
            Soft = Soft?.AsSpan(start * classes, count * classes).ToArray(),
            Noise = Noise?.AsSpan(start, count).ToArray(),
        };

    /// <summary>[N, K] row-major: how much of each grade each image's target holds.</summary>
    internal float[] Distribution(int classes)
    {
        if (Soft is not null) return Soft.Length == Grades.Length * classes ? [.. Soft] : throw new ArgumentException($"{Soft.Length} soft labels for {Grades.Length} images of {classes} classes");
        var table = new float[Grades.Length * classes];
        for (var i = 0; i < Grades.Length; i++)
        {
            var share = Shares?[i] ?? 1;
            table[i * classes + Grades[i]] += share;
            if (Others is not null) table[i * classes + Others[i]] += 1 - share;
        }
        return table;
    }
}
