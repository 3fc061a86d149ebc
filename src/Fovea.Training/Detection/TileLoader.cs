// The tiles of an epoch. Shape shorthand: photographs of perhaps different sizes; tiles of one side, S.
using Fovea.Detection;
using Fovea.Imaging;
using Fovea.Torch;
using Fovea.Training.Augmentation;
using Fovea.Training.Data.Lesions;

namespace Fovea.Training.Detection;

/// <summary>A photograph to train on, its boxes in the pixels that tiles are cut from.</summary>
/// <param name="Number">Its place in the set: what its chance depends on.</param>
/// <param name="Boxes">Kinds are labels from 1.</param>
internal sealed record TrainingPhotograph(int Number, string Path, IReadOnlyList<MarkedBox> Boxes);

/// <summary>Tiles of one step with their boxes.</summary>
/// <param name="First">Place of the first tile in the step: other than 0 where several processes share it.</param>
internal sealed record TileBatch(int Step, int First, Image[] Tiles, TrueBox[][] Truth);

/// <summary>
/// Gives the tiles of an epoch in a random order. Which tiles, their order and augmentation are functions of (seed, epoch, photograph, tile), so that a resumed run, or one with other workers, sees the
/// same pixels. Photographs are decoded a group at a time, as many as fit <see cref="GroupBytes"/>, and tiles are shuffled within a group; where all fit, they are decoded once and kept.
/// </summary>
/// <param name="share">The consecutive tiles of n that are this process's; null: all.</param>
internal sealed class TileLoader(IReadOnlyList<TrainingPhotograph> photographs, DetectionRecipe recipe, Func<int, (int First, int Count)>? share = null)
{
    private const long GroupBytes = 768L << 20;
    private const ulong OrderStream = 11, TileStream = 12;
    private readonly TileRecipe _tiles = recipe.Tiles;
    private readonly Augmenter _augmenter = new(recipe.Augmentation);
    private readonly ulong _seed = (ulong)recipe.Seed;
    private readonly IReadOnlyDictionary<int, double> _weights = TileRegion.KindWeights(photographs);
    private readonly Dictionary<int, Image> _kept = []; // by the photograph's number

    /// <summary>The last incomplete batch is left out.</summary>
    internal int StepsPerEpoch => photographs.Count * _tiles.PerPhotograph / BatchSize;

    /// <summary>Tiles of a step, of all processes.</summary>
    internal int BatchSize => Math.Min(recipe.Training.BatchSize, photographs.Count * _tiles.PerPhotograph);

    /// <summary>A photograph as tiles are cut from it.</summary>
    internal static Image Read(string path, int? longerSide)
    {
        var image = ImageFile.Read(path);
        if (longerSide is not { } side || side == Math.Max(image.Width, image.Height)) return image;
        var scale = (double)side / Math.Max(image.Width, image.Height);
        return image.Resize((int)Math.Max(1, Math.Round(image.Width * scale)), (int)Math.Max(1, Math.Round(image.Height * scale)), scale < 1 ? Interpolation.Area : Interpolation.Linear);
    }

    internal IEnumerable<TileBatch> Epoch(int epoch, int firstStep, CancellationToken cancel)
    {
        var order = photographs.ToArray();
        SeededRandom.For(_seed, OrderStream, (ulong)epoch).Shuffle<TrainingPhotograph>(order);
        var (before, waiting) = (0, new List<(Image Tile, TrueBox[] Truth)>()); // tiles of earlier groups
        var (from, count) = share?.Invoke(BatchSize) ?? (0, BatchSize);
        foreach (var (group, index) in Groups(order).Select((g, i) => (g, i)))
        {
            cancel.ThrowIfCancellationRequested();
            var plans = group.SelectMany((p, i) => Enumerable.Range(0, _tiles.PerPhotograph).Select(t => (Photograph: i, Tile: t))).ToArray();
            SeededRandom.For(_seed, OrderStream, (ulong)epoch, 1, (ulong)index).Shuffle<(int, int)>(plans);
            // A resumed epoch makes no tile of the steps that are behind it.
            var (first, end) = (Math.Max(0, firstStep * BatchSize - before), Math.Min(plans.Length, StepsPerEpoch * BatchSize - before));
            int[] own = [.. Enumerable.Range(first, Math.Max(0, end - first)).Where(i => (before + i) % BatchSize is var at && at >= from && at < from + count)];
            var start = before;
            before += plans.Length;
            if (own.Length == 0) continue;
            var images = Decode(group, cancel);
            var (made, next) = (new Queue<Task<(Image, TrueBox[])>>(), 0);
            try
            {
                foreach (var taken in own)
                {
                    for (; next < own.Length && made.Count < 2 * BatchSize + 2; next++)
                    {
                        var plan = plans[own[next]];
                        made.Enqueue(Task.Run(() => Make(group[plan.Photograph], images[plan.Photograph], epoch, plan.Tile), cancel));
                    }
                    waiting.Add(made.Dequeue().GetAwaiter().GetResult());
                    if (waiting.Count < count) continue;
                    yield return new TileBatch((start + taken) / BatchSize, from, [.. waiting.Select(w => w.Tile)], [.. waiting.Select(w => w.Truth)]);
                    waiting.Clear();
                    cancel.ThrowIfCancellationRequested();
                }
            }
            finally
            {
                foreach (var task in made) Task.WaitAny([task], CancellationToken.None);
            }
        }
    }

    private Image[] Decode(TrainingPhotograph[] group, CancellationToken cancel)
    {
        if (_kept.Count > 0) return [.. group.Select(p => _kept[p.Number])];
        var images = new Image[group.Length];
        Parallel.For(0, group.Length, new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Math.Max(1, TorchRuntime.Threads) }, i => images[i] = Read(group[i].Path, _tiles.LongerSide));
        if (group.Length == photographs.Count)
            foreach (var (photograph, image) in group.Zip(images)) _kept[photograph.Number] = image;
        return images;
    }

    private List<TrainingPhotograph[]> Groups(TrainingPhotograph[] order)
    {
        var (groups, group, bytes) = (new List<TrainingPhotograph[]>(), new List<TrainingPhotograph>(), 0L);
        foreach (var photograph in order)
        {
            var info = ImageFile.Probe(photograph.Path);
            var scale = _tiles.LongerSide is { } side ? (double)side / Math.Max(info.Width, info.Height) : 1;
            var size = (long)(3.0 * info.Width * info.Height * scale * scale);
            if (group.Count > 0 && bytes + size > GroupBytes)
            {
                groups.Add([.. group]);
                (bytes, group) = (0, []);
            }
            group.Add(photograph);
            bytes += size;
        }
        if (group.Count > 0) groups.Add([.. group]);
        return groups;
    }

    private (Image, TrueBox[]) Make(TrainingPhotograph photograph, Image image, int epoch, int tile)
    {
        var random = SeededRandom.For(_seed, TileStream, (ulong)epoch, (ulong)photograph.Number, (ulong)tile);
        var region = TileRegion.Draw(image.Width, image.Height, photograph.Boxes, _tiles, random, _weights);
        var (pixels, boxes) = region.Cut(image, photograph.Boxes, _tiles.Side, _tiles.LeastShare);
        var key = new AugmentationKey(_seed, (ulong)epoch, (ulong)photograph.Number * (ulong)_tiles.PerPhotograph + (ulong)tile);
        var augmented = _augmenter.Apply(pixels, boxes, null, key, _tiles.LeastShare);
        return (augmented.Image, [.. augmented.Boxes.Select(b => new TrueBox(new Box((float)b.Left, (float)b.Top, (float)b.Right, (float)b.Bottom), b.Kind)).Where(b => b.Bounds.HasArea)]);
    }
}
