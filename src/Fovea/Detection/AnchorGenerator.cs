// The boxes that a region proposal network starts from: at each place of each feature map the same few, centred on it. Ren et al. 2015, arXiv 1506.01497, section 3.1.1.
// Equals torchvision 0.14's AnchorGenerator: corners of the cell's anchors are rounded to whole pixels, strides are ⌊picture / map⌋.
//
// Shape shorthand: L levels (feature maps), A anchors of a place, H, W places of a map. Order of anchors: level, y, x, a.
using System.Collections.Concurrent;
using Fovea.Torch;

namespace Fovea.Detection;

/// <param name="Sizes">Square roots of areas in pixels of the input, for each level.</param>
/// <param name="Ratios">Height / width, for each level; a level has an anchor for each pair of ratio and size, sizes within a ratio.</param>
public sealed record AnchorLayout(IReadOnlyList<IReadOnlyList<float>> Sizes, IReadOnlyList<IReadOnlyList<float>> Ratios)
{
    /// <summary>The same ratios at every level.</summary>
    public static AnchorLayout Of(IReadOnlyList<IReadOnlyList<float>> sizes, params float[] ratios) => new(sizes, [.. sizes.Select(_ => ratios)]);

    public int Levels => Sizes.Count;

    /// <summary>A of a level.</summary>
    public int PerPlace(int level) => Sizes[level].Count * Ratios[level].Count;

    /// <summary>The reason why it is impossible, or null.</summary>
    internal string? Problem()
    {
        if (Levels is < 1 or > 8 || Ratios.Count != Levels) return $"anchors for {Levels} levels with ratios for {Ratios.Count}";
        if (Sizes.Concat(Ratios).Any(list => list.Count is < 1 or > 32)) return "a level without anchors, or with more than 32 sizes or ratios";
        if (Sizes.Any(list => list.Any(size => !(size is >= 1 and <= 8192)))) return "an anchor's size is not between 1 and 8192 pixels";
        return Ratios.Any(list => list.Any(ratio => !(ratio is >= 0.05f and <= 20))) ? "an anchor's ratio is not between 1/20 and 20" : null;
    }

    /// <summary>The anchors of a place around (0, 0).</summary>
    public Box[] Cell(int level) =>
    [
        .. from ratio in Ratios[level]
           from size in Sizes[level]
           let h = MathF.Sqrt(ratio)
           let w = 1 / h
           select new Box(Half(-(w * size)), Half(-(h * size)), Half(w * size), Half(h * size)),
    ];

    // To nearest, ties to even, as PyTorch rounds.
    private static float Half(float side) => MathF.Round(side / 2, MidpointRounding.ToEven);
}

/// <summary>The anchors of one level of pictures of one size.</summary>
/// <param name="Cell">Those of the place (0, 0), in its frame.</param>
/// <param name="Map">Places of the feature map.</param>
/// <param name="Stride">Pixels of the input between places.</param>
public sealed record AnchorGrid(IReadOnlyList<Box> Cell, Extent Map, Extent Stride)
{
    public int Count => checked((int)(Map.Height * Map.Width * Cell.Count));

    /// <summary>In pixels of the input.</summary>
    /// <param name="index">(y · W + x) · A + a.</param>
    public Box this[int index]
    {
        get
        {
            var (place, a) = Math.DivRem(index, Cell.Count);
            var (y, x) = Math.DivRem(place, (int)Map.Width);
            return Cell[a].Moved(x * Stride.Width, y * Stride.Height);
        }
    }
}

/// <summary>Gives the anchors of pictures.</summary>
public sealed class AnchorGenerator(AnchorLayout layout)
{
    private const int MostKept = 16;
    private readonly ConcurrentDictionary<string, AnchorGrid[]> _kept = new();
    private readonly Box[][] _cells = [.. Enumerable.Range(0, layout.Levels).Select(layout.Cell)];

    public AnchorLayout Layout { get; } = layout;

    /// <param name="picture">The padded batch's height and width.</param>
    /// <param name="maps">Heights and widths of the feature maps, as many as levels.</param>
    public IReadOnlyList<AnchorGrid> For(Extent picture, IReadOnlyList<Extent> maps)
    {
        if (maps.Count != _cells.Length) throw new ArgumentException($"{maps.Count} feature maps for anchors of {_cells.Length} levels", nameof(maps));
        var key = $"{picture} {string.Join(' ', maps)}";
        if (_kept.TryGetValue(key, out var grids)) return grids;
        if (_kept.Count >= MostKept) _kept.Clear();
        grids = [.. maps.Select((map, level) => new AnchorGrid(_cells[level], map, (picture.Height / map.Height, picture.Width / map.Width)))];
        return _kept[key] = grids;
    }
}
