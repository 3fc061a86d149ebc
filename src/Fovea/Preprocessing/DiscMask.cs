using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>Blacks out what lies outside of the disc that touches the sides.</summary>
public static class DiscMask
{
    /// <summary>Changes the image in place. The disc is centred at (width/2, height/2) in whole pixels with the smaller of the two as radius, as OpenCV fills it.</summary>
    public static void Apply(Image image)
    {
        var (cx, cy) = (image.Width / 2, image.Height / 2);
        var mask = new Image(image.Width, image.Height, 1);
        mask.FillCircle(cx, cy, Math.Min(cx, cy), new Colour(255, 255, 255));
        for (var y = 0; y < image.Height; y++)
        {
            var row = image.Row(y);
            var inside = mask.Row(y);
            for (var x = 0; x < image.Width; x++)
                if (inside[x] == 0) row.Slice(x * image.Channels, image.Channels).Clear();
        }
    }
}
