using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Detection;

/// <summary>How boxes of overlapping tiles become those of the photograph.</summary>
public enum TileMerging
{
    /// <summary>The surest of those that overlap.</summary>
    Nms,

    /// <summary>Their mean, weighted by score.</summary>
    WeightedFusion,
}

/// <summary>A trained detector, ready for whole photographs.</summary>
public sealed class LesionDetector : IDisposable
{
    /// <summary>A box that ends at a seam is a part of another that covers this share of it.</summary>
    private const float PartShare = 0.6f;

    /// <summary>A tile with fewer bright pixels than this share shows no retina.</summary>
    private const double LeastBright = 0.002;

    private const int Bright = 24;

    private readonly FasterRcnn _network;

    private LesionDetector(string name, DetectorCard card, FasterRcnn network) => (Name, Card, _network) = (name, card, network);

    /// <summary>The file's name.</summary>
    public string Name { get; }

    public DetectorCard Card { get; }

    /// <summary>Loads a model file that <c>fovea train</c> wrote for a detector.</summary>
    /// <exception cref="ModelFileException">The file cannot be used, or holds no detector.</exception>
    public static LesionDetector Load(string path)
    {
        var file = DetectorFile.Read(path);
        var network = file.CreateNetwork();
        network.UseChannelsLast();
        network.RequireGrad(false);
        return new LesionDetector(path, file.Card, network);
    }

    /// <summary>A detector that is at hand, e.g. one that trains. The network stays its owner's, as long as this is not disposed.</summary>
    public static LesionDetector Of(FasterRcnn network, DetectorCard card) => new("detector", card, network);

    /// <summary>Finds lesions in a photograph, tile by tile.</summary>
    /// <param name="photograph">RGB.</param>
    /// <param name="settings">Null: the card's.</param>
    /// <returns>By falling score, in the photograph's pixels; labels count from 1 in the card's order.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between tiles.</exception>
    public IReadOnlyList<DetectedBox> Detect(Image photograph, DetectionSettings? settings = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(photograph);
        settings ??= Card.Detection;
        var scale = Card.LongerSide is { } side ? (double)side / Math.Max(photograph.Width, photograph.Height) : 1;
        var (width, height) = ((int)Math.Max(1, Math.Round(photograph.Width * scale)), (int)Math.Max(1, Math.Round(photograph.Height * scale)));
        var image = width == photograph.Width && height == photograph.Height ? photograph : photograph.Resize(width, height, scale < 1 ? Interpolation.Area : Interpolation.Linear);
        var boxes = new List<(DetectedBox Box, bool Cut)>();
        foreach (var tile in TileGrid.Of(width, height, Card.Tiles))
        {
            cancel.ThrowIfCancellationRequested();
            var pixels = image.Crop(tile.X, tile.Y, tile.Width, tile.Height);
            if (!ShowsRetina(pixels)) continue;
            using var scope = new TensorScope();
            var found = _network.Detect(DetectionBatch.Of([pixels], Card.Input), settings)[0];
            boxes.AddRange(found.Where(box => tile.Owns(box.Bounds, Card.Tiles.Overlap)).Select(box => (box with { Bounds = box.Bounds.Moved(tile.X, tile.Y) }, tile.Cuts(box.Bounds))));
        }
        var (x, y) = ((float)photograph.Width / width, (float)photograph.Height / height);
        return [.. Merge(boxes, settings).Take(settings.Most * 10).Select(box => box with { Bounds = box.Bounds.Scaled(x, y).Clipped(photograph.Width, photograph.Height) })];
    }

    private DetectedBox[] Merge(List<(DetectedBox Box, bool Cut)> boxes, DetectionSettings settings)
    {
        // What a seam cut off is dropped where the neighbour saw the whole.
        DetectedBox[] whole = [.. boxes.Where(b => !b.Cut || !boxes.Any(other => !other.Cut && other.Box.Label == b.Box.Label
            && other.Box.Bounds.Area > b.Box.Bounds.Area && other.Box.Bounds.Intersection(b.Box.Bounds) > PartShare * b.Box.Bounds.Area)).Select(b => b.Box)];
        return Card.Merging == TileMerging.WeightedFusion ? WeightedBoxFusion.Fuse(whole, settings.NmsThreshold) : NonMaximumSuppression.Greedy(whole, settings.NmsThreshold);
    }

    private static bool ShowsRetina(Image tile)
    {
        var bright = 0;
        for (var i = 0; i < tile.Pixels.Length; i += 3)
            if (tile.Pixels[i] > Bright) bright++;
        return bright > LeastBright * tile.Width * tile.Height;
    }

    public void Dispose() => _network.Dispose();
}
