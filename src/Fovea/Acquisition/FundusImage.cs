using Fovea.Imaging;

namespace Fovea.Acquisition;

/// <summary>A photograph of a retina as it came from the camera or a file, upright, RGB, not yet judged or prepared.</summary>
/// <param name="Pixels">RGB, 8 bits a channel.</param>
/// <param name="Name">The file or sample that messages name.</param>
public sealed record FundusImage(Image Pixels, string Name)
{
    /// <summary>Reads a photograph; grey files become RGB.</summary>
    /// <param name="minSide">Lets a JPEG be decoded at 1/2, 1/4 or 1/8 scale as long as both sides keep so many pixels; null decodes every pixel.</param>
    /// <exception cref="UnreadableImageException">Not an image that Fovea grades; the message names file, reason and remedy.</exception>
    public static FundusImage Read(string path, int? minSide = null)
    {
        var image = ImageFile.Read(path, new DecodeOptions { MinSide = minSide });
        return new FundusImage(image.Channels == 3 ? image : image.ToRgb(), path);
    }
}
