namespace Fovea.Imaging;

public enum ImageFormat
{
    Jpeg,
    Png,
    Tiff,
    Bmp,
    WebP,
    Dicom,
}

/// <summary>What a file's header says, as stored: before the orientation is applied and before colours are converted.</summary>
/// <param name="Width">Pixels, of the stored rows.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Channels">1 grey, 2 grey with alpha, 3 colour, 4 colour with alpha or CMYK; a palette counts as 3.</param>
/// <param name="BitDepth">Bits of one channel, or of one index where a palette is stored.</param>
/// <param name="Orientation">EXIF's 1–8; 1 (upright) where the file says nothing.</param>
public sealed record ImageInfo(ImageFormat Format, int Width, int Height, int Channels, int BitDepth, int Orientation)
{
    /// <summary>DICOM's (Image) Laterality, "R", "L" or "B"; null where the file says nothing.</summary>
    public string? Laterality { get; init; }
}

public sealed record DecodeOptions
{
    public static DecodeOptions Default { get; } = new();

    /// <summary>A larger width × height is refused before anything is allocated.</summary>
    public long MaxPixels { get; init; } = 100_000_000;

    /// <summary>
    /// A JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, as small as the shorter side stays at least this long. Default: full size.
    /// The other formats are always decoded at full size.
    /// </summary>
    public int? MinSide { get; init; }

    /// <summary>Where a JPEG's pixels go; the other formats take memory of their own. Default: memory of its own.</summary>
    public PixelBuffer? Buffer { get; init; }

    /// <summary>Give one channel instead of three.</summary>
    public bool Grey { get; init; }
}
