namespace Fovea.Detection;

/// <summary>How a photograph is cut into tiles.</summary>
/// <param name="Side">Pixels of a tile; a multiple of 32.</param>
/// <param name="Overlap">Pixels that neighbours share at least: as large as what is looked for, so that everything is whole in one of them.</param>
public sealed record TileSettings(int Side = 1024, int Overlap = 128)
{
    /// <summary>The reason why it is impossible, or null.</summary>
    public string? Problem() =>
        Side is < 64 or > 4096 || Side % 32 != 0 ? $"tiles of {Side} pixels (64 to 4096 are possible, multiples of 32)"
        : Overlap < 0 || Overlap > Side / 2 ? $"tiles of {Side} pixels that overlap by {Overlap} (up to half of the side is possible)" : null;
}

/// <summary>One tile of a photograph, in its pixels.</summary>
/// <param name="CutLeft">True where the photograph goes on beyond this edge; likewise the others.</param>
public readonly record struct Tile(int X, int Y, int Width, int Height, bool CutLeft, bool CutTop, bool CutRight, bool CutBottom)
{
    /// <summary>Whether a box in the tile's own pixels ends at an edge behind which the photograph goes on: it may be a part of something.</summary>
    public bool Cuts(in Box box, float margin = 2) =>
        (CutLeft && box.Left <= margin) || (CutTop && box.Top <= margin) || (CutRight && box.Right >= Width - margin) || (CutBottom && box.Bottom >= Height - margin);

    /// <summary>Whether the centre of a box in the tile's own pixels is this tile's business: nearer to its middle than to a neighbour's, with some pixels for the two to disagree.</summary>
    public bool Owns(in Box box, int overlap, float tolerance = 8)
    {
        var (x, y) = box.Centre;
        var rim = overlap / 2f - tolerance;
        return (!CutLeft || x >= rim) && (!CutTop || y >= rim) && (!CutRight || x <= Width - rim) && (!CutBottom || y <= Height - rim);
    }
}

/// <summary>Tiles of one size that cover a photograph, evenly spread.</summary>
public static class TileGrid
{
    /// <summary>A photograph smaller than a tile is one tile of its own size.</summary>
    public static IReadOnlyList<Tile> Of(int width, int height, TileSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentNullException.ThrowIfNull(settings);
        var (across, down) = (Starts(width, settings), Starts(height, settings));
        var (w, h) = (Math.Min(settings.Side, width), Math.Min(settings.Side, height));
        return [.. from y in down from x in across select new Tile(x, y, w, h, x > 0, y > 0, x + w < width, y + h < height)];
    }

    private static int[] Starts(int length, TileSettings settings)
    {
        if (length <= settings.Side) return [0];
        var step = settings.Side - settings.Overlap;
        var count = (length - settings.Overlap + step - 1) / step;
        return [.. Enumerable.Range(0, count).Select(i => (int)((long)i * (length - settings.Side) / (count - 1)))];
    }
}
