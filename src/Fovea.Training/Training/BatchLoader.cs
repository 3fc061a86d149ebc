using Fovea.Training.Augmentation;
using Fovea.Training.Preparation;

namespace Fovea.Training.Training;

/// <summary>
/// Augmented images of one step, ready to become a tensor. Pixel buffers, never tensors, cross threads. The memory is used again: a batch is good until the next one is asked for.
/// </summary>
/// <param name="Pixels">[image, y, x, RGB], the loader's own.</param>
/// <param name="Labels">Grades from 0.</param>
/// <param name="OtherLabels">The grades mixed in; null where the recipe mixes nothing.</param>
/// <param name="Shares">λ, the share of <see cref="Labels"/> in each target, the rest is <see cref="OtherLabels"/>'; null with it.</param>
/// <param name="Draws">What the chance of each image depends on: its place in the set, and how often it has come before in the epoch.</param>
/// <param name="Soft">[image, class]: the targets where labels are refined, mixing included; null otherwise.</param>
internal sealed record Batch(int Step, byte[] Pixels, int Width, int Height, long[] Labels, long[]? OtherLabels, float[]? Shares, ulong[] Draws, float[]? Soft = null);

/// <summary>
/// Gives the batches of an epoch in a random order. Order and augmentation are functions of (seed, epoch, sample), so that a resumed run,
/// or one with other workers, sees the same pixels. The last incomplete batch is left out: with a new order each epoch every image has its turn.
/// </summary>
/// <param name="soft">A row of shares of the classes for each image, in place of its label; null: labels.</param>
/// <param name="classSampling">An image is drawn with a weight of 1 / (images of its class)^this.</param>
/// <param name="share">Of so many images of a batch, which are made here: a rank's. Null: all. The batches, put together, are the same for any number of ranks.</param>
internal sealed class BatchLoader(PreparedSet set, AugmentationSpec augmentation, int batchSize, ulong seed, double classSampling = 0, float[][]? soft = null,
    Func<int, (int First, int Count)>? share = null)
{
    private const int Ahead = 3;
    private const ulong OrderStream = 1;
    private readonly int _batchSize = Math.Min(batchSize, set.Count);
    private readonly (int First, int Count) _own = share?.Invoke(Math.Min(batchSize, set.Count)) ?? (0, Math.Min(batchSize, set.Count));
    private readonly Augmenter _augmenter = new(augmentation);

    internal int StepsPerEpoch => set.Count / _batchSize;

    /// <summary>Steps of an epoch over so many images.</summary>
    internal static int Steps(int images, int batchSize) => images / Math.Max(1, Math.Min(batchSize, images));

    /// <summary>Images of a step, on all ranks together.</summary>
    internal int BatchSize => _batchSize;

    /// <summary>
    /// The batches from <paramref name="firstStep"/> on, made by background workers a few steps ahead. A plain enumeration, not an asynchronous one:
    /// libtorch's modes and its thread team belong to the thread that trains, which must stay the same.
    /// </summary>
    internal IEnumerable<Batch> Epoch(int epoch, int firstStep, CancellationToken cancel)
    {
        var order = Order(epoch);
        var draws = Draws(order);
        var first = set.Images[0]; // all are of its size
        var free = new Stack<Workplace>();
        var ahead = new Queue<(Task<Batch> Task, Workplace At)>();
        try
        {
            var next = firstStep;
            for (var step = firstStep; step < StepsPerEpoch; step++)
            {
                for (; next < StepsPerEpoch && ahead.Count < Ahead; next++)
                {
                    var (s, at) = (next, free.TryPop(out var used) ? used : new Workplace(_own.Count, first.Width, first.Height, augmentation.HasMixing));
                    ahead.Enqueue((Task.Run(() => Make(epoch, s, order, draws, at), cancel), at));
                }
                cancel.ThrowIfCancellationRequested();
                var (task, place) = ahead.Dequeue();
                yield return task.GetAwaiter().GetResult();
                free.Push(place);
            }
        }
        finally
        {
            // Whoever leaves early may unmap the images next: no worker may still be reading them.
            foreach (var (task, _) in ahead) Task.WaitAny([task], CancellationToken.None);
        }
    }

    private int[] Order(int epoch)
    {
        var order = Enumerable.Range(0, set.Count).ToArray();
        var random = SeededRandom.For(seed, OrderStream, (ulong)epoch);
        random.Shuffle<int>(order);
        if (classSampling == 0) return order;
        // Systematic sampling over the shuffled images: each comes as often as its weight says, rounded down or up.
        var counts = set.Labels.CountBy(label => label).ToDictionary();
        double Weight(int sample) => Math.Pow(counts[set.Labels[sample]], -classSampling);
        var (total, at, sampled, from) = (order.Sum(Weight), random.NextDouble(), new List<int>(order.Length), 0.0);
        foreach (var sample in order)
        {
            from += Weight(sample) / total * order.Length;
            for (; at < from && sampled.Count < order.Length; at++) sampled.Add(sample);
        }
        while (sampled.Count < order.Length) sampled.Add(order[^1]); // the last digits of the sum
        var result = sampled.ToArray();
        random.Shuffle<int>(result);
        return result;
    }

    /// <summary>For each place of the order: the sample's number, plus the size of the set for each time that it has come before.</summary>
    private ulong[] Draws(int[] order)
    {
        var seen = new int[set.Count];
        return Array.ConvertAll(order, sample => (ulong)sample + (ulong)set.Count * (ulong)seen[sample]++);
    }

    private Batch Make(int epoch, int step, int[] order, ulong[] draws, Workplace at)
    {
        var (width, height) = (at.Scratch.Shape.Width, at.Scratch.Shape.Height);
        var samples = order.AsSpan(step * _batchSize + _own.First, _own.Count);
        var draw = draws.AsSpan(step * _batchSize + _own.First, _own.Count).ToArray();
        for (var i = 0; i < samples.Length; i++)
        {
            _augmenter.Apply(set.Pixels(samples[i]), at.Image(i), new AugmentationKey(seed, (ulong)epoch, draw[i]), at.Scratch);
            at.Labels[i] = set.Labels[samples[i]];
        }
        if (at.Unmixed is null) return new Batch(step, at.Pixels, width, height, at.Labels, null, null, draw, Soft(samples, samples[0], null));

        // Each image is mixed with its neighbour in the batch's random order, as that was before mixing.
        at.Pixels.CopyTo(at.Unmixed, 0);
        // The neighbour of a share's last image is the next share's first.
        var next = step * _batchSize + (_own.First + _own.Count) % _batchSize;
        var beyond = at.Unmixed.AsSpan(at.Pixels.Length);
        if (_own.Count == _batchSize) at.Image(0).CopyTo(beyond);
        else _augmenter.Apply(set.Images[order[next]].Pixels, beyond, new AugmentationKey(seed, (ulong)epoch, draws[next]), at.Scratch);
        for (var i = 0; i < samples.Length; i++)
        {
            var mix = BatchMixer.DrawFor(augmentation, new AugmentationKey(seed, (ulong)epoch, draw[i]), at.Scratch.Random);
            at.Shares![i] = BatchMixer.Apply(mix, at.Image(i), at.Unmixed.AsSpan((i + 1) * at.Scratch.Shape.Length, at.Scratch.Shape.Length), width, height);
            at.OtherLabels![i] = i + 1 < samples.Length ? at.Labels[i + 1] : set.Labels[order[next]];
        }
        return new Batch(step, at.Pixels, width, height, at.Labels, at.OtherLabels, at.Shares, draw, Soft(samples, order[next], at.Shares));
    }

    /// <param name="after">With what the last is mixed.</param>
    private float[]? Soft(ReadOnlySpan<int> samples, int after, float[]? shares)
    {
        if (soft is null) return null;
        var (rows, classes) = (new float[samples.Length * soft[0].Length], soft[0].Length);
        for (var i = 0; i < samples.Length; i++)
            for (var k = 0; k < classes; k++)
            {
                var (own, share) = (soft[samples[i]][k], shares?[i] ?? 1);
                rows[i * classes + k] = share * own + (1 - share) * soft[i + 1 < samples.Length ? samples[i + 1] : after][k];
            }
        return rows;
    }

    /// <summary>The memory of one batch in the making; one worker at a time has it.</summary>
    private sealed class Workplace(int count, int width, int height, bool mixes)
    {
        internal AugmentationScratch Scratch { get; } = new(width, height);
        internal byte[] Pixels { get; } = new byte[checked(count * width * height * 3)];
        internal byte[]? Unmixed { get; } = mixes ? new byte[checked((count + 1) * width * height * 3)] : null;
        internal long[] Labels { get; } = new long[count];
        internal long[]? OtherLabels { get; } = mixes ? new long[count] : null;
        internal float[]? Shares { get; } = mixes ? new float[count] : null;

        internal Span<byte> Image(int i) => Pixels.AsSpan(i * Scratch.Shape.Length, Scratch.Shape.Length);
    }
}
