using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Explanation;

/// <summary>Three pictures side by side: the photograph, what the network saw, and the photograph under the map.</summary>
public static class ExplanationPanel
{
    private const int Gap = 8, CaptionHeight = 28, LetterHeight = 11;

    /// <summary>Draws the panel; the pictures are at most <paramref name="side"/> pixels high.</summary>
    public static Image Draw(Image original, PreparedImage prepared, Image overlay, string verdict, int side = 448)
    {
        var height = Math.Clamp(prepared.Pixels.Height, Math.Min(256, side), side);
        (Image Picture, string Caption)[] tiles =
            [(Scaled(original, height), "photograph"), (Scaled(prepared.Pixels, height), "network input"), (Scaled(overlay, height), verdict)];
        var panel = Image.Filled(tiles.Sum(t => t.Picture.Width) + 4 * Gap, height + CaptionHeight + 2 * Gap, 3, Colour.White);
        var x = Gap;
        foreach (var (picture, caption) in tiles)
        {
            panel.Paste(picture, x, Gap);
            panel.DrawText(caption, x, Gap + height + 20, LetterHeight, Colour.Black);
            x += picture.Width + Gap;
        }
        return panel;
    }

    private static Image Scaled(Image image, int height)
    {
        var width = Math.Max(1, (int)Math.Round((double)image.Width * height / image.Height));
        return image.Resize(width, height, height < image.Height ? Interpolation.Area : Interpolation.Linear);
    }
}
