using Fovea.Reporting;
using Fovea.Web.Hosting;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace Fovea.Web.Reports;

/// <summary>The report as PDF on A4, in English, and in Chinese where the Chinese font is installed.</summary>
internal static class PdfReport
{
    /// <summary>The language that a report asked for in another one comes in.</summary>
    public static string LanguageOf(string asked) => asked == "zh" && PdfFonts.ChineseFile is null ? "en" : asked;

    /// <param name="asked">The language that was asked for: where the report has another one, it says why.</param>
    public static byte[] Write(ReportContent report, string asked)
    {
        PdfFonts.Use();
        using var document = new PdfDocument();
        document.Info.Title = report.Words.Title;
        document.Info.Creator = "Fovea";
        using (var sheets = new Sheets(document)) sheets.Draw(report, asked);
        using var stream = new MemoryStream();
        document.Save(stream, closeStream: false);
        return stream.ToArray();
    }

    private sealed class Sheets(PdfDocument document) : IDisposable
    {
        private const double Left = 48, Right = 547, Top = 52, Bottom = 770, Gap = 12;
        private static readonly PdfText Text = new(9), Small = new(7.5), Bold = new(9, XFontStyleEx.Bold), Heading = new(11.5, XFontStyleEx.Bold), Title = new(16, XFontStyleEx.Bold);
        private static readonly XBrush Ink = new XSolidBrush(XColor.FromArgb(29, 36, 51)), Soft = new XSolidBrush(XColor.FromArgb(91, 101, 117)), Alarm = new XSolidBrush(XColor.FromArgb(176, 42, 30));
        private XGraphics? _g;
        private double _y;
        private string _notice = "";

        public void Draw(ReportContent report, string asked)
        {
            var (w, e) = (report.Words, report.Examination);
            _notice = Words.Notice(report.Language) + (report.Language == "zh" ? "。" : ".");
            NewPage();
            if (asked != report.Language) Paragraph("In English, because the Chinese font is not installed where the service runs (Debian's package fonts-droid-fallback).", Small, Alarm);
            Line(w.Title, Title, Ink, 22);
            if (report.SiteName.Length > 0) Line(report.SiteName, Text, Ink, 14);
            Line($"{w.Patient}: {e.Patient.Pseudonym}", Text, Ink, 13);
            Line($"{w.Examined}: {e.ExaminedOn}", Text, Ink, 13);
            Line($"{w.Result}: {HtmlReport.ResultOf(report)}", Bold, Ink, 14);
            if (e.Summary is { } summary) Paragraph($"{w.Recommendation}: {summary.Recall.Text}", Bold, Ink);
            if (e.Note.Length > 0) Paragraph($"{w.Note}: {e.Note.ReplaceLineEndings(" ")}", Text, Ink);
            foreach (var image in report.Images) Draw(report, image);
            Paragraph(w.HeatmapNote, Small, Soft);
            Paragraph($"{w.Printed} {report.PrintedAt}. Fovea {Build.Version}", Small, Soft);
        }

        private void Draw(ReportContent report, ReportImage image)
        {
            const double Width = (Right - Left - Gap) / 2;
            using var picture = Read(image.Picture);
            using var overlay = Read(image.Overlay);
            var height = picture is null ? 0 : Math.Min(Width * picture.PixelHeight / picture.PixelWidth, 260);
            if (_y + 90 + height > Bottom) NewPage();
            _y += 10;
            Line($"{Words.Eye(image.Image.Eye, report.Language)}, {image.Image.Name}", Heading, Ink, 15);
            foreach (var line in report.LinesOf(image.Image)) Paragraph(line, Text, Ink);
            if (picture is null) return;
            var width = height * picture.PixelWidth / picture.PixelHeight;
            _g!.DrawImage(picture, Left, _y - 6, width, height);
            if (overlay is not null) _g.DrawImage(overlay, Left + Width + Gap, _y - 6, width, height);
            _y += height + 8;
        }

        private static XImage? Read(byte[]? jpeg) => jpeg is null ? null : XImage.FromStream(new MemoryStream(jpeg));

        private void NewPage()
        {
            _g?.Dispose();
            var page = document.AddPage();
            page.Size = PdfSharp.PageSize.A4;
            _g = XGraphics.FromPdfPage(page);
            // On every page, so that no page can be handed on without it.
            _g.DrawRectangle(new XPen(XColor.FromArgb(176, 42, 30), 1.2), Left - 6, 790, Right - Left + 12, 22);
            Bold.Draw(_g, _notice, Alarm, Left, 805);
            _y = Top;
        }

        private void Line(string text, PdfText font, XBrush brush, double height)
        {
            if (_y > Bottom) NewPage();
            while (text.Length > 4 && font.Width(_g!, text) > Right - Left) text = text[..^2].TrimEnd('…') + "…";
            font.Draw(_g!, text, brush, Left, _y);
            _y += height;
        }

        private void Paragraph(string text, PdfText font, XBrush brush)
        {
            foreach (var line in font.Lines(_g!, text, Right - Left)) Line(line, font, brush, 12);
            _y += 1;
        }

        public void Dispose() => _g?.Dispose();
    }
}
