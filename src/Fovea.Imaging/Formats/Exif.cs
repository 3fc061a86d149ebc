namespace Fovea.Imaging.Formats;

/// <summary>The one thing Fovea reads of EXIF: which way up the camera was held.</summary>
internal static class Exif
{
    private const int OrientationTag = 0x0112, Short = 3;

    /// <summary>
    /// Orientation 1–8 of an EXIF block, with or without its "Exif\0\0"; 1 where it is missing or senseless: metadata that are wrong
    /// do not make the pixels unreadable.
    /// </summary>
    public static int Orientation(ReadOnlySpan<byte> block)
    {
        if (block.StartsWith("Exif\0\0"u8))
            block = block[6..];
        bool bigEndian;
        if (block.StartsWith("II*\0"u8))
            bigEndian = false;
        else if (block.StartsWith("MM\0*"u8))
            bigEndian = true;
        else
            return 1;
        try
        {
            var reader = new HeaderReader(block, ImageFormat.Tiff, bigEndian);
            long directory = reader.U32(4);
            var entries = reader.U16(directory);
            for (var i = 0; i < entries; i++)
            {
                var entry = directory + 2 + (12L * i);
                if (reader.U16(entry) == OrientationTag && reader.U16(entry + 2) == Short)
                    return reader.U16(entry + 8) is >= 1 and <= 8 and var orientation ? orientation : 1;
            }
        }
        catch (Refusal)
        {
            // the block ends early
        }
        return 1;
    }

    /// <summary>The stored picture turned and mirrored to stand upright.</summary>
    public static Image Upright(Image stored, int orientation) => orientation switch
    {
        2 => stored.FlipHorizontal(),
        3 => stored.Rotate90(2),
        4 => stored.FlipVertical(),
        5 => stored.Transpose(),
        6 => stored.Rotate90(1),
        7 => stored.Rotate90(1).FlipVertical(),
        8 => stored.Rotate90(3),
        _ => stored,
    };
}
