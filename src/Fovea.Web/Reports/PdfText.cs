using System.Text;
using Fovea.Reporting;
using PdfSharp.Drawing;

namespace Fovea.Web.Reports;

/// <summary>Latin and Chinese in one line: two fonts, of which neither has the other's letters.</summary>
internal sealed class PdfText(double size, XFontStyleEx style = XFontStyleEx.Regular)
{
    private readonly XFont _latin = new(PdfFonts.Family, size, style);
    private readonly XFont? _chinese = PdfFonts.ChineseFile is null ? null : new XFont(PdfFonts.ChineseFamily, size, style);

    public double Width(XGraphics g, string text) => Runs(text).Sum(run => g.MeasureString(run.Text, run.Font).Width);

    public void Draw(XGraphics g, string text, XBrush brush, double x, double y)
    {
        foreach (var (part, font) in Runs(text))
        {
            g.DrawString(part, font, brush, x, y);
            x += g.MeasureString(part, font).Width;
        }
    }

    /// <summary>Cuts into lines that are no wider: between words, and between any two Chinese characters.</summary>
    public IEnumerable<string> Lines(XGraphics g, string text, double width)
    {
        var line = "";
        foreach (var word in Words(text))
        {
            if (line.Length > 0 && Width(g, line + word.TrimEnd()) > width)
            {
                yield return line.TrimEnd();
                line = "";
            }
            line += word;
        }
        yield return line.TrimEnd();
    }

    /// <summary>What may not be torn apart, each with the space behind it; a full stop stays with what it ends.</summary>
    internal static IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            word.Append(text[i]);
            var last = i + 1 == text.Length;
            if (last || (text[i] == ' ' && text[i + 1] != ' ') || ((IsChinese(text[i]) || IsChinese(text[i + 1])) && text[i + 1] != ' ' && !Closes(text[i + 1]) && !char.IsSurrogatePair(text[i], text[i + 1])))
            {
                yield return word.ToString();
                word.Clear();
            }
        }
    }

    private IEnumerable<(string Text, XFont Font)> Runs(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var (chinese, end) = (IsChinese(text[start]), start + 1);
            while (end < text.Length && IsChinese(text[end]) == chinese) end++;
            // Without the font: a mark that something stands there, never boxes.
            yield return !chinese ? (text[start..end], _latin) : _chinese is { } font ? (text[start..end], font) : ("(…)", _latin);
            start = end;
        }
    }

    /// <summary>CJK characters, their punctuation and full-width forms.</summary>
    internal static bool IsChinese(char c) => c is (>= '\u2E80' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFE30' and <= '\uFE4F') or (>= '\uFF00' and <= '\uFFEF');

    private static bool Closes(char c) => c is '。' or '，' or '、' or '；' or '：' or '）' or '！' or '？' or '”' or '.' or ',' or ';' or ':' or ')';
}
