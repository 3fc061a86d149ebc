using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.Preparation;

namespace Fovea.Training.Training;

/// <summary>Augmented images of one step, ready to become a tensor. Pixel buffers, never tensors, cross threads.</summary>
internal sealed record Batch(int Step, IReadOnlyList<Image> Images, long[] Labels);

/// <summary>
/// Gives the batches of an epoch in a random order. Order and augmentation are functions of (seed, epoch, sample), so that a resumed run,
/// or one with other workers, sees the same pixels. The last incomplete batch is left out: with a new order each epoch every image has its turn.
/// </summary>
internal sealed class BatchLoader(PreparedSet set, AugmentationSpec augmentation, int batchSize, ulong seed)
{
    private const int Ahead = 3;
    private const ulong OrderStream = 1;
    private const ulong AugmentationStream = 2;
    private readonly int _batchSize = Math.Min(batchSize, set.Count);
    private readonly Augmenter _augmenter = new(augmentation);

    internal int StepsPerEpoch => set.Count / _batchSize;

    /// <summary>
    /// The batches from <paramref name="firstStep"/> on, made by background workers a few steps ahead. A plain enumeration, not an asynchronous one:
    /// libtorch's modes and its thread team belong to the thread that trains, which must stay the same.
    /// </summary>
    internal IEnumerable<Batch> Epoch(int epoch, int firstStep, CancellationToken cancel)
    {
        var order = Order(epoch);
        var ahead = new Queue<Task<Batch>>();
        var next = firstStep;
        for (var step = firstStep; step < StepsPerEpoch; step++)
        {
            for (; next < StepsPerEpoch && ahead.Count < Ahead; next++)
            {
                var s = next;
                ahead.Enqueue(Task.Run(() => Make(epoch, s, order), cancel));
            }
            cancel.ThrowIfCancellationRequested();
            yield return ahead.Dequeue().GetAwaiter().GetResult();
        }
    }

    private int[] Order(int epoch)
    {
        var order = Enumerable.Range(0, set.Count).ToArray();
        SeededRandom.For(seed, OrderStream, (ulong)epoch).Shuffle<int>(order);
        return order;
    }

    private Batch Make(int epoch, int step, int[] order)
    {
        var images = new Image[_batchSize];
        var labels = new long[_batchSize];
        for (var i = 0; i < _batchSize; i++)
        {
            var sample = order[step * _batchSize + i];
            images[i] = _augmenter.Apply(set.Images[sample], SeededRandom.For(seed, AugmentationStream, (ulong)epoch, (ulong)sample));
            labels[i] = set.Labels[sample];
        }
        return new Batch(step, images, labels);
    }
}
