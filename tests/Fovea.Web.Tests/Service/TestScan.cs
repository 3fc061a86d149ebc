using Fovea.Imaging;

namespace Fovea.Web.Tests.Service;

/// <summary>A made-up OCT B-scan: grey, bright layers on black, with speckle.</summary>
internal static class TestScan
{
    public static Image Draw(int seed, int width = 320, int height = 256)
    {
        var image = new Image(width, height, 3);
        var random = new Random(seed);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                // Depth below the inner surface, which dips at the fovea.
                var depth = y - height * 0.35 - 18 * Math.Exp(-Math.Pow((x - width / 2.0) / 40, 2));
                var layer = depth is < 0 or > 90 ? 12 : ((int)(depth / 12) % 3) switch { 0 => 170, 1 => 90, _ => 130 };
                var value = (byte)Math.Clamp(layer + random.Next(-25, 26), 0, 255);
                image.Row(y).Slice(3 * x, 3).Fill(value);
            }
        return image;
    }

    public static byte[] Jpeg(int seed) => ImageCodec.Encode(Draw(seed), ImageFormat.Jpeg, 90);
}
