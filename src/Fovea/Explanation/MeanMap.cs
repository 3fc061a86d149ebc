using Fovea.Preprocessing;

namespace Fovea.Explanation;

/// <summary>One map of several, whose networks may have seen the same photograph in different frames.</summary>
internal static class MeanMap
{
    /// <summary>The mean of the maps in the first one's frame, on the finest of their grids, scaled to a maximum of 1. An empty map counts as 0 everywhere.</summary>
    /// <param name="maps">Each with what its network saw.</param>
    internal static ActivationMap Of(IReadOnlyList<(ActivationMap Map, PreparedImage Prepared)> maps)
    {
        var frame = maps[0].Prepared;
        var (width, height) = (maps.Max(m => m.Map.Width), maps.Max(m => m.Map.Height));
        var sum = new float[width * height];
        foreach (var (map, prepared) in maps)
        {
            if (map.IsFlat) continue;
            var same = ReferenceEquals(prepared, frame) && (map.Width, map.Height) == (width, height);
            var toOriginal = frame.OriginalToPrepared.Invert();
            for (var i = 0; i < sum.Length; i++) sum[i] += same ? map.Values[i] : ValueAt(i % width, i / width);

            float ValueAt(int x, int y)
            {
                // The cell's centre in pixels of the first frame, of the photograph, of this map's frame; then in cells of this map.
                var (u, v) = ((x + 0.5) / width * frame.Pixels.Width - 0.5, (y + 0.5) / height * frame.Pixels.Height - 0.5);
                if (!ReferenceEquals(prepared, frame))
                {
                    (u, v) = toOriginal.Apply(u, v);
                    (u, v) = prepared.OriginalToPrepared.Apply(u, v);
                }
                (u, v) = ((u + 0.5) / prepared.Pixels.Width, (v + 0.5) / prepared.Pixels.Height);
                return u is < 0 or > 1 || v is < 0 or > 1 ? 0 : Bilinear(map, u * map.Width - 0.5, v * map.Height - 0.5);
            }
        }
        return ActivationMap.FromRaw(width, height, Array.ConvertAll(sum, s => s / maps.Count));
    }

    private static float Bilinear(ActivationMap map, double x, double y)
    {
        (x, y) = (Math.Clamp(x, 0, map.Width - 1), Math.Clamp(y, 0, map.Height - 1));
        var (x0, y0) = ((int)x, (int)y);
        var (x1, y1) = (Math.Min(x0 + 1, map.Width - 1), Math.Min(y0 + 1, map.Height - 1));
        var (right, down) = ((float)(x - x0), (float)(y - y0));
        float At(int cx, int cy) => map.Values[cy * map.Width + cx];
        return (At(x0, y0) * (1 - right) + At(x1, y0) * right) * (1 - down) + (At(x0, y1) * (1 - right) + At(x1, y1) * right) * down;
    }
}
