using PdfSharp.Fonts;

namespace Fovea.Reporting;

/// <summary>The fonts of every PDF: PDFsharp looks for fonts of the system, and a bare Debian has none.</summary>
public static class PdfFonts
{
    private static readonly Lock Setting = new();

    /// <summary>Call it before the first font is made. PDFsharp has one setting for the process; who was first stays.</summary>
    public static void Use()
    {
        lock (Setting) GlobalFontSettings.FontResolver ??= new Embedded();
    }

    private sealed class Embedded : IFontResolver
    {
        public byte[]? GetFont(string faceName)
        {
            using var font = typeof(PdfFonts).Assembly.GetManifestResourceStream(faceName) ?? throw new InvalidOperationException($"the font {faceName} is not in the assembly");
            using var bytes = new MemoryStream();
            font.CopyTo(bytes);
            return bytes.ToArray();
        }

        public FontResolverInfo? ResolveTypeface(string familyName, bool isBold, bool isItalic) => new(isBold ? "DejaVuSans-Bold.ttf" : "DejaVuSans.ttf");
    }
}
