using System.Buffers.Binary;
using System.IO.Compression;
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
        var colours = heat.ApplyColourMap(ColourMap.Turbo).Pixels;
        var rows = new byte[h * (1 + 4 * w)];
        for (int y = 0, to = 0, from = 0; y < h; y++)
        {
            rows[to++] = 0; // no filter
            for (var x = 0; x < w; x++, from++)
            {
                var value = heat.Pixels[from] / 255.0;
                (rows[to], rows[to + 1], rows[to + 2]) = (colours[3 * from], colours[3 * from + 1], colours[3 * from + 2]);
                rows[to + 3] = (byte)Math.Round(255 * opacity * Math.Clamp((value - Clear) / (Full - Clear), 0, 1));
                to += 4;
            }
        }
        return Png(w, h, rows);
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

    private static byte[] Png(int width, int height, byte[] rows)
    {
        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 6); // 8 bits, RGBA
        Chunk(png, "IHDR"u8, header);
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zip.Write(rows);
        Chunk(png, "IDAT"u8, packed.ToArray());
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> kind, byte[] data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        png.Write(number);
        byte[] body = [.. kind, .. data];
        png.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(body));
        png.Write(number);
    }

    // PNG's checksum is zip's.
    private static uint Crc(byte[] data)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
