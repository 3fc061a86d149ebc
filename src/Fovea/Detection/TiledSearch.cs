using Fovea.Imaging;

namespace Fovea.Detection;

/// <summary>How boxes of overlapping tiles become those of the photograph.</summary>
public enum TileMerging
{
    /// <summary>The surest of those that overlap.</summary>
    Nms,

    /// <summary>Their mean, weighted by score.</summary>
    WeightedFusion,
}

/// <summary>Looks for things in a photograph that is too large to look at whole: in overlapping tiles, whose findings are joined so that each thing is found once.</summary>
public static class TiledSearch
{
    /// <summary>A box that ends at a seam is a part of another that covers this share of it.</summary>
    private const float PartShare = 0.6f;

    /// <summary>A tile with fewer bright pixels than this share shows no retina.</summary>
    private const double LeastBright = 0.002;

    private const int Bright = 24;

    /// <param name="image">RGB.</param>
    /// <param name="threshold">IoU above which two boxes are one.</param>
    /// <param name="detect">Finds things in a tile, in its pixels.</param>
    /// <returns>By falling score, in the image's pixels.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between tiles.</exception>
    public static DetectedBox[] Run(Image image, TileSettings settings, TileMerging merging, double threshold, Func<Image, IReadOnlyList<DetectedBox>> detect, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(detect);
        var boxes = new List<(DetectedBox Box, bool Cut)>();
        foreach (var tile in TileGrid.Of(image.Width, image.Height, settings))
        {
            cancel.ThrowIfCancellationRequested();
            var pixels = image.Crop(tile.X, tile.Y, tile.Width, tile.Height);
            if (!ShowsRetina(pixels)) continue;
            foreach (var box in detect(pixels))
            {
                var cut = tile.Cuts(box.Bounds);
                // What is larger than the overlap is cut in every tile; the parts are joined below.
                if (tile.Owns(box.Bounds, settings.Overlap) || (cut && Math.Max(box.Bounds.Width, box.Bounds.Height) > settings.Overlap / 2f))
                    boxes.Add((box with { Bounds = box.Bounds.Moved(tile.X, tile.Y) }, cut));
            }
        }
        // What a seam cut off is dropped where the neighbour saw the whole.
        DetectedBox[] whole = [.. boxes.Where(b => !b.Cut || !boxes.Any(other => !other.Cut && IsPart(b.Box, other.Box))).Select(b => b.Box)];
        return merging == TileMerging.WeightedFusion ? WeightedBoxFusion.Fuse(whole, threshold) : NonMaximumSuppression.Greedy(whole, threshold);
    }

    private static bool IsPart(in DetectedBox part, in DetectedBox whole) =>
        whole.Label == part.Label && whole.Bounds.Area > part.Bounds.Area && whole.Bounds.Intersection(part.Bounds) > PartShare * part.Bounds.Area;

    private static bool ShowsRetina(Image tile)
    {
        var bright = 0;
        for (var i = 0; i < tile.Pixels.Length; i += 3)
            if (tile.Pixels[i] > Bright) bright++;
        return bright > LeastBright * tile.Width * tile.Height;
    }
}
