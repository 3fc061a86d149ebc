using Fovea.Imaging;
using Fovea.Web.Analysis;

namespace Fovea.Web.Images;

/// <summary>Draws a stored heat map as a transparent picture in the photograph's frame, to be laid over it.</summary>
internal static class HeatmapPng
{
    private const int LongestSide = 1024;

    /// <summary>Heat below this share of the largest is clear; from there the colour comes in over the next quarter.</summary>
    private const double Clear = 0.15, Full = 0.4;

    /// <param name="width">Of the photograph, pixels.</param>
    /// <param name="opacity">Of the hottest places, 0 … 1.</param>
    /// <returns>RGBA PNG whose longer side is at most 1024.</returns>
    public static byte[] Draw(StoredMap map, int width, int height, double opacity)
    {
        var scale = Math.Min(1, (double)LongestSide / Math.Max(width, height));
        var (w, h) = (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
        var heat = InFrame(map, width, height, w, h);
        var alpha = Array.ConvertAll(heat.Pixels, v => (byte)Math.Round(255 * opacity * Math.Clamp((v / 255.0 - Clear) / (Full - Clear), 0, 1)));
        return ImageCodec.EncodePng(heat.ApplyColourMap(ColourMap.Turbo), alpha);
    }

    /// <summary>The map as a grey image of w × h that shows the whole photograph; 0 where the network saw nothing.</summary>
    internal static Image InFrame(StoredMap map, int width, int height, int w, int h)
    {
        var t = map.ToPrepared;
        var toPrepared = new AffineTransform(t[0], t[1], t[2], t[3], t[4], t[5]);
        // Two steps, as HeatmapOverlay does: a warp alone would show steps on cells of hundreds of pixels.
        var prepared = new Image(map.Width, map.Height, 1, map.Values).Resize(map.PreparedSize, map.PreparedSize);
        return prepared.WarpAffine(toPrepared.Invert().Then(AffineTransform.ForResize(width, height, w, h)), w, h);
    }
}
