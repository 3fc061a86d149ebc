using Fovea.Imaging;

namespace Fovea.Web.Tests.Service;

/// <summary>Pictures that the quality gate takes for a retina: a red disc on black with dark vessels and a bright optic disc.</summary>
internal static class TestPhotographs
{
    /// <param name="seed">Another seed, other vessels.</param>
    public static Image Retina(int seed, int size = 320)
    {
        var image = new Image(size, size, 3);
        var (centre, radius) = (size / 2.0, size * 0.46);
        image.FillCircle(centre, centre, radius, new Colour(178, 92, 46));
        image.FillCircle(centre + size * 0.25, centre, size * 0.06, new Colour(240, 200, 120));
        var random = new Random(seed);
        for (var vessel = 0; vessel < 24; vessel++)
        {
            var (x, y, angle) = (centre + size * 0.25, centre, random.NextDouble() * 2 * Math.PI);
            for (var step = 0; step < 40; step++)
            {
                angle += (random.NextDouble() - 0.5) * 0.6;
                var (u, v) = (x + Math.Cos(angle) * size * 0.02, y + Math.Sin(angle) * size * 0.02);
                if (Math.Pow(u - centre, 2) + Math.Pow(v - centre, 2) > Math.Pow(radius - 4, 2)) break;
                image.DrawLine(x, y, u, v, new Colour(110, 34, 22), Math.Max(1, size / 160));
                (x, y) = (u, v);
            }
        }
        return image;
    }

    public static byte[] Jpeg(int seed, int size = 320) => ImageCodec.Encode(Retina(seed, size), ImageFormat.Jpeg, 90);

    public static byte[] Png(int seed, int size = 320) => ImageCodec.Encode(Retina(seed, size), ImageFormat.Png);

    /// <summary>Too dark to be graded.</summary>
    public static byte[] Dark(int seed) => ImageCodec.Encode(Image.AddWeighted(Retina(seed), 0.1, Retina(seed), 0, 0), ImageFormat.Png);
}
