using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Explanation;

/// <summary>How a map is painted over a photograph.</summary>
/// <param name="Colours">The colour map. Default turbo, whose lightness rises and falls evenly.</param>
/// <param name="Opacity">Share of the map's colour, 0 … 1; default one half.</param>
public sealed record OverlayStyle(ColourMap Colours = ColourMap.Turbo, double Opacity = 0.5);

/// <summary>Brings an <see cref="ActivationMap"/> back to pixels and paints it.</summary>
public static class HeatmapOverlay
{
    /// <summary>How bright (0–255) a camera's black border may be; less leaves a ring of coloured specks.</summary>
    private const int BrightestBorder = 20;

    /// <summary>The map as a grey image in the network's frame: size × size, bilinear between the cells' centres.</summary>
    public static Image InPrepared(ActivationMap map, PreparedImage prepared) => map.ToImage().Resize(prepared.Pixels.Width, prepared.Pixels.Height);

    /// <summary>The map as a grey image in the original photograph's frame; 0 where the network saw nothing.</summary>
    public static Image InOriginal(ActivationMap map, PreparedImage prepared) =>
        // Two steps: a warp rounds positions to 1/32 of a source pixel, which would show as steps on cells of hundreds of pixels.
        InPrepared(map, prepared).WarpAffine(prepared.OriginalToPrepared.Invert(), prepared.OriginalWidth, prepared.OriginalHeight);

    /// <summary>Where the map is highest, in pixels of the original photograph (x right, y down, (0, 0) the centre of the top-left pixel): the centre of its largest cell. Null for a flat map.</summary>
    public static (double X, double Y)? PeakInOriginal(ActivationMap map, PreparedImage prepared)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(prepared);
        if (map.Peak() is not var (u, v)) return null;
        return prepared.OriginalToPrepared.Invert().Apply(u * prepared.Pixels.Width - 0.5, v * prepared.Pixels.Height - 0.5);
    }

    /// <summary>The photograph under the map, in its own size. The black border around the retina stays black; an OCT scan has none, and its dark parts are painted like the rest.</summary>
    /// <param name="original">RGB, of the size that <paramref name="prepared"/> was made from.</param>
    public static Image OnOriginal(ActivationMap map, PreparedImage prepared, Image original, OverlayStyle? style = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        if ((original.Width, original.Height) != (prepared.OriginalWidth, prepared.OriginalHeight))
            throw new ArgumentException($"the image is {original.Width} × {original.Height}; the prepared one came from {prepared.OriginalWidth} × {prepared.OriginalHeight}", nameof(original));
        return Paint(InOriginal(map, prepared), original, style ?? new OverlayStyle(), OctScan.IsOne(original) ? -1 : BrightestBorder);
    }

    /// <summary>The map over what the network saw.</summary>
    public static Image OnPrepared(ActivationMap map, PreparedImage prepared, OverlayStyle? style = null) =>
        Paint(InPrepared(map, prepared), prepared.Pixels, style ?? new OverlayStyle(), -1);

    /// <param name="border">Pixels with no channel above it are left as they are.</param>
    private static Image Paint(Image heat, Image photograph, OverlayStyle style, int border)
    {
        if (style.Opacity is not (>= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(style), style.Opacity, "an opacity lies between 0 and 1");
        var result = Image.AddWeighted(heat.ApplyColourMap(style.Colours), style.Opacity, photograph, 1 - style.Opacity, 0);
        for (var i = 0; i < result.Pixels.Length; i += 3)
        {
            var was = photograph.Pixels.AsSpan(i, 3);
            if (Math.Max(was[0], Math.Max(was[1], was[2])) <= border) was.CopyTo(result.Pixels.AsSpan(i, 3));
        }
        return result;
    }
}
