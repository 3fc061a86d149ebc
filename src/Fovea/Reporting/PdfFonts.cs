using PdfSharp.Fonts;

namespace Fovea.Reporting;

/// <summary>The fonts of every PDF: PDFsharp looks for fonts of the system, and a bare Debian has none.</summary>
public static class PdfFonts
{
    /// <summary>Latin, Greek and Cyrillic, in the assembly.</summary>
    public const string Family = "Fovea";

    /// <summary>Chinese, from <see cref="ChineseFile"/>. It has no Latin letters; there is no bold face, so bold is drawn thicker.</summary>
    public const string ChineseFamily = "Fovea Chinese";

    private const string ChineseFace = "chinese";

    private static readonly string[] ChinesePlaces =
    [
        "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", // Debian's fonts-droid-fallback
        "/usr/share/fonts/google-droid-sans-fonts/DroidSansFallbackFull.ttf", // Fedora's google-droid-sans-fonts
        "/usr/share/fonts/droid/DroidSansFallbackFull.ttf", // Arch's ttf-droid
    ];

    private static readonly Lock Setting = new();

    /// <summary>
    /// The file of the Chinese font (Droid Sans Fallback, Apache-2.0): the variable <c>FOVEA_CHINESE_FONT</c> where it is set, else where distributions put it; null where it is not installed. It must be TrueType:
    /// PDFsharp embeds no PostScript outlines, which excludes Noto's and WenQuanYi's collections.
    /// </summary>
    public static string? ChineseFile { get; } = Environment.GetEnvironmentVariable("FOVEA_CHINESE_FONT") is { } given ? File.Exists(given) ? given : null : ChinesePlaces.FirstOrDefault(File.Exists);

    /// <summary>Call it before the first font is made. PDFsharp has one setting for the process; who was first stays.</summary>
    public static void Use()
    {
        lock (Setting) GlobalFontSettings.FontResolver ??= new Resolver();
    }

    private sealed class Resolver : IFontResolver
    {
        public byte[]? GetFont(string faceName)
        {
            if (faceName == ChineseFace) return File.ReadAllBytes(ChineseFile!);
            using var font = typeof(PdfFonts).Assembly.GetManifestResourceStream(faceName) ?? throw new InvalidOperationException($"the font {faceName} is not in the assembly");
            using var bytes = new MemoryStream();
            font.CopyTo(bytes);
            return bytes.ToArray();
        }

        public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) =>
            familyName == ChineseFamily && ChineseFile is not null ? new(ChineseFace, mustSimulateBold: isBold, mustSimulateItalic: false) : new(isBold ? "DejaVuSans-Bold.ttf" : "DejaVuSans.ttf");
    }
}
