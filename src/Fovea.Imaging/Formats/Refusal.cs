namespace Fovea.Imaging.Formats;

/// <summary>Why bytes are no picture that Fovea reads, before a name is put to it. Never leaves <see cref="ImageCodec"/>.</summary>
internal sealed class Refusal(string reason, string remedy, Exception? inner = null) : Exception(reason, inner)
{
    internal const string CopyAgain = "Export or copy the picture again";
    internal const string EightBits = "Export it as 8-bit RGB";
    internal const string KnownFormats = "Give a JPEG, PNG, TIFF, BMP, WebP or DICOM file";

    public string Remedy { get; } = remedy;

    public static Refusal Truncated(ImageFormat format) => new($"a truncated {format.Name()} file: it ends too early", CopyAgain);

    public static Refusal Damaged(ImageFormat format, string detail, Exception? inner = null) => new($"a damaged {format.Name()} file ({detail})", CopyAgain, inner);

    public static Refusal Unsupported(ImageFormat format, string what, string remedy) => new($"{what}, which Fovea does not read from {format.Name()} files", remedy);

    public static Refusal Bits(int bits) => new($"{bits} bits a channel; Fovea reads 8", EightBits);

    public static Refusal Cmyk() => new("colours in CMYK (for printing); Fovea reads RGB", EightBits);
}

internal static class FormatNames
{
    public static string Name(this ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "JPEG",
        ImageFormat.Png => "PNG",
        ImageFormat.Tiff => "TIFF",
        ImageFormat.Bmp => "BMP",
        ImageFormat.WebP => "WebP",
        _ => "DICOM",
    };
}
