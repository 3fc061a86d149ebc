using Fovea.Imaging;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Detection;

/// <summary>The square of a photograph that becomes one tile; it may reach beyond, where black is shown.</summary>
/// <param name="X">Left edge in pixels of the photograph.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Side">In pixels of the photograph; larger than the tile's where the tile shows it smaller.</param>
internal readonly record struct TileRegion(int X, int Y, int Side)
{
    /// <summary>How often each kind is drawn from a photograph that has it: the less, the more photographs do, so that over all of them kinds come evenly.</summary>
    public static IReadOnlyDictionary<int, double> KindWeights(IReadOnlyList<TrainingPhotograph> photographs) =>
        photographs.SelectMany(p => p.Boxes.Select(b => b.Kind).Distinct()).CountBy(kind => kind).ToDictionary(c => c.Key, c => 1.0 / c.Value);

    /// <summary>A square that lies anywhere, or one with a lesion anywhere in it.</summary>
    /// <param name="weights">Of kinds, by which one is drawn; null: evenly.</param>
    public static TileRegion Draw(int width, int height, IReadOnlyList<MarkedBox> boxes, TileRecipe tiles, SeededRandom random, IReadOnlyDictionary<int, double>? weights = null)
    {
        var scale = Math.Exp(random.NextDouble(Math.Log(tiles.Scales[0]), Math.Log(tiles.Scales[1])));
        var side = Math.Max(16, (int)Math.Round(tiles.Side / scale));
        if (boxes.Count == 0 || random.NextDouble() < tiles.AnywhereShare) return new TileRegion(Anywhere(width, side, random), Anywhere(height, side, random), side);
        // By kinds, not by lesions: an eye with a hundred exudates and one haemorrhage shows the haemorrhage in every second tile.
        int[] kinds = [.. boxes.Select(b => b.Kind).Distinct().Order()];
        double[] shares = [.. kinds.Select(k => weights?.GetValueOrDefault(k, 1) ?? 1)];
        var (place, drawn) = (random.NextDouble() * shares.Sum(), 0);
        while (drawn + 1 < kinds.Length && place >= shares[drawn]) place -= shares[drawn++];
        var kind = kinds[drawn];
        MarkedBox[] ofKind = [.. boxes.Where(b => b.Kind == kind)];
        var box = ofKind[random.NextInt(ofKind.Length)];
        return new TileRegion(Around(box.Left, box.Right, width, side, random), Around(box.Top, box.Bottom, height, side, random), side);
    }

    private static int Anywhere(int length, int side, SeededRandom random) => length <= side ? (length - side) / 2 : random.NextInt(length - side + 1);

    /// <summary>So that the whole of the box is inside, where it fits, and the square inside the photograph, where that fits.</summary>
    private static int Around(double first, double last, int length, int side, SeededRandom random)
    {
        if (length <= side) return (length - side) / 2;
        var (low, high) = ((int)Math.Ceiling(last) - side, (int)Math.Floor(first));
        if (low > high) (low, high) = (high, low);
        (low, high) = (Math.Clamp(low, 0, length - side), Math.Clamp(high, 0, length - side));
        return low + random.NextInt(high - low + 1);
    }

    /// <summary>The tile and the boxes in it, in its pixels: those of which enough is inside, cut at its edges.</summary>
    public (Image Tile, List<MarkedBox> Boxes) Cut(Image photograph, IReadOnlyList<MarkedBox> boxes, int side, double leastShare)
    {
        var inside = X >= 0 && Y >= 0 && X + Side <= photograph.Width && Y + Side <= photograph.Height;
        Image square;
        if (inside)
        {
            square = photograph.Crop(X, Y, Side, Side);
        }
        else
        {
            square = new Image(Side, Side, 3);
            square.Paste(photograph, -X, -Y);
        }
        var tile = Side == side ? square : square.Resize(side, side, Side > side ? Interpolation.Area : Interpolation.Linear);
        var (scale, found) = ((double)side / Side, new List<MarkedBox>());
        foreach (var box in boxes)
        {
            var moved = new MarkedBox((box.Left - X) * scale, (box.Top - Y) * scale, (box.Right - X) * scale, (box.Bottom - Y) * scale, box.Kind);
            var cut = moved with { Left = Math.Max(0, moved.Left), Top = Math.Max(0, moved.Top), Right = Math.Min(side, moved.Right), Bottom = Math.Min(side, moved.Bottom) };
            if (cut.Left < cut.Right && cut.Top < cut.Bottom && cut.Area >= leastShare * moved.Area) found.Add(cut);
        }
        return (tile, found);
    }
}
