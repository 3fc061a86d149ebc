using Fovea.Imaging;

namespace Fovea.Acquisition;

/// <summary>A photograph of a retina as it came from the camera or a file, upright, RGB, not yet judged or prepared.</summary>
/// <param name="Pixels">RGB, 8 bits a channel.</param>
/// <param name="Name">The file or sample that messages name.</param>
public sealed record FundusImage(Image Pixels, string Name)
{
    /// <summary>Width of the stored photograph, upright; more than <see cref="Pixels"/> have where it was decoded at reduced scale.</summary>
    public int OriginalWidth { get; init; } = Pixels.Width;

    /// <summary>See <see cref="OriginalWidth"/>.</summary>
    public int OriginalHeight { get; init; } = Pixels.Height;

    /// <summary>1, 2, 4 or 8: so many pixels of the original, in each direction, became one.</summary>
    public int Reduction => (int)Math.Round((double)Math.Max(OriginalWidth, OriginalHeight) / Math.Max(Pixels.Width, Pixels.Height));

    /// <summary>Reads a photograph; grey files become RGB.</summary>
    /// <param name="minSide">Lets a JPEG be decoded at 1/2, 1/4 or 1/8 scale as long as both sides keep so many pixels; null decodes every pixel.</param>
    /// <exception cref="UnreadableImageException">Not an image that Fovea grades; the message names file, reason and remedy.</exception>
    public static FundusImage Read(string path, int? minSide = null) => Decode(ImageFile.ReadBytes(path), path, new DecodeOptions { MinSide = minSide });

    /// <inheritdoc cref="Read"/>
    public static FundusImage Decode(ReadOnlySpan<byte> bytes, string name, DecodeOptions? options = null)
    {
        var image = ImageCodec.Decode(bytes, name, options);
        if (image.Channels != 3) image = image.ToRgb();
        if (options?.MinSide is null) return new FundusImage(image, name);
        var info = ImageCodec.Probe(bytes, name);
        var turned = info.Orientation >= 5; // EXIF: 5 to 8 exchange width and height
        return new FundusImage(image, name) { OriginalWidth = turned ? info.Height : info.Width, OriginalHeight = turned ? info.Width : info.Height };
    }
}
