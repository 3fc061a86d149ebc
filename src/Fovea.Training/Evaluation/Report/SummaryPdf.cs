using System.Globalization;
using Fovea.Reporting;
using Fovea.Training.Evaluation.Errors;
using Fovea.Training.Metrics;
using PdfSharp.Drawing;
using PdfSharp.Pdf;

namespace Fovea.Training.Evaluation.Report;

/// <summary>The report's summary on one sheet of A4, for files and meetings: scores with intervals, decisions, confusion matrix, dangerous errors, limits.</summary>
public static class SummaryPdf
{
    private const double Left = 48, Right = 547, Bottom = 800;

    public static void Write(Stream stream, ReportInput input)
    {
        PdfFonts.Use();
        using var document = new PdfDocument();
        document.Info.Title = input.Title;
        document.Info.Creator = "Fovea";
        var page = document.AddPage();
        page.Size = PdfSharp.PageSize.A4;
        using (var graphics = XGraphics.FromPdfPage(page)) new Sheet(graphics, input).Draw();
        document.Save(stream, closeStream: false);
    }

    private sealed class Sheet(XGraphics g, ReportInput input)
    {
        private static readonly XFont Text = new("Fovea", 8.5), Small = new("Fovea", 7.2), Bold = new("Fovea", 8.5, XFontStyleEx.Bold), Heading = new("Fovea", 11, XFontStyleEx.Bold), Title = new("Fovea", 16, XFontStyleEx.Bold);
        private static readonly XBrush Ink = new XSolidBrush(XColor.FromArgb(29, 36, 51)), Soft = new XSolidBrush(XColor.FromArgb(91, 101, 117));
        private double _y = 56;

        public void Draw()
        {
            var m = input.Metrics;
            Line(input.Title, Title, Ink, 20);
            Paragraph(string.Create(CultureInfo.InvariantCulture, $"{input.Subject}. {m.Samples} images{(m.Groups is { } n && n != m.Samples ? $" of {n} patients or groups" : "")}. {DateTime.UtcNow:yyyy-MM-dd}."), Text, Soft);
            if (input.Warning is { } warning) Paragraph(warning, Bold, Ink);
            Section("Scores, with 95 % intervals");
            foreach (var (name, key, value) in ((string, string, double?)[])
            [
                .. input.Ordered ? new (string, string, double?)[] { ("Quadratic weighted kappa", "quadraticWeightedKappa", m.QuadraticWeightedKappa) } : [],
                ("Accuracy", "accuracy", m.Accuracy), ("Balanced accuracy", "balancedAccuracy", m.BalancedAccuracy), ("Macro F1", "f1Macro", m.F1Macro), ("AUC, mean over classes", "auc", m.Auc),
                ("Expected calibration error", "expectedCalibrationError", m.ExpectedCalibrationError),
            ]) Score(name, key, value);
            foreach (var (title, key, d) in ((string, string, DecisionMetrics?)[])
                [("Any retinopathy (≥ 1)", "anyRetinopathy", m.AnyRetinopathy), ("Referable (≥ 2)", "referable", m.Referable), ("Vision-threatening (≥ 3)", "visionThreatening", m.VisionThreatening), ("Urgent", "urgent", m.Urgent)])
            {
                if (d is null) continue;
                Score($"{title}: sensitivity", $"{key}.sensitivity", d.Sensitivity);
                Score($"{title}: specificity", $"{key}.specificity", d.Specificity);
            }
            if (m.Classes <= 8) Matrix();
            Errors();
            Section("Limits");
            Paragraph($"Fovea is {GradeReport.ResearchNotice}. The figures hold for {input.Subject}; other cameras and other people give other figures, which the intervals do not cover. report.html has the whole evaluation.", Text, Ink);
            if (input.Card is { } card && card.WeightsSha256.Length > 0) Paragraph($"Model {Path.GetFileName(input.ModelName)}, {card.Architecture}, weights SHA-256 {card.WeightsSha256}. {card.Producer}", Small, Soft);
        }

        private void Score(string name, string key, double? value)
        {
            if (value is not { } v) return;
            g.DrawString(name, Text, Ink, Left, _y);
            g.DrawString(ScoreSections.Figure(v), Bold, Ink, new XRect(Left + 190, _y - 9, 50, 12), XStringFormats.TopRight);
            if (input.Metrics.Intervals.TryGetValue(key, out var i))
            {
                g.DrawString($"{ScoreSections.Figure(i.Low)} – {ScoreSections.Figure(i.High)}", Text, Soft, Left + 254, _y);
                double X(double at) => Left + 345 + 150 * Math.Clamp(at, 0, 1);
                g.DrawLine(new XPen(XColor.FromArgb(217, 222, 231), 0.7), X(0), _y - 3, X(1), _y - 3);
                g.DrawLine(new XPen(XColor.FromArgb(43, 108, 176), 2.2), X(i.Low), _y - 3, X(i.High), _y - 3);
                g.DrawEllipse(new XSolidBrush(XColor.FromArgb(43, 108, 176)), X(v) - 2.6, _y - 5.6, 5.2, 5.2);
            }
            _y += 13;
        }

        private void Matrix()
        {
            Section("Confusion matrix: images by true (row) and predicted (column)");
            var (m, names) = (input.Metrics, input.Names);
            const double cell = 46, first = 92;
            for (var c = 0; c < names.Count; c++) g.DrawString(names[c], Small, Soft, new XRect(Left + first + c * cell, _y - 9, cell, 11), XStringFormats.TopCenter);
            _y += 4;
            for (var t = 0; t < names.Count; t++)
            {
                double total = Math.Max(1, m.ConfusionMatrix[t].Sum());
                g.DrawString(names[t], Small, Soft, new XRect(Left, _y + 2, first - 8, 11), XStringFormats.TopRight);
                for (var p = 0; p < names.Count; p++)
                {
                    var share = 0.06 + 0.5 * m.ConfusionMatrix[t][p] / total;
                    byte Mix(int channel) => (byte)(255 - (255 - channel) * share);
                    g.DrawRectangle(new XSolidBrush(t == p ? XColor.FromArgb(Mix(38), Mix(110), Mix(190)) : XColor.FromArgb(Mix(205), Mix(95), Mix(40))), Left + first + p * cell, _y, cell - 2, 15);
                    g.DrawString(m.ConfusionMatrix[t][p].ToString(CultureInfo.InvariantCulture), Text, Ink, new XRect(Left + first + p * cell, _y + 1.5, cell - 2, 13), XStringFormats.TopCenter);
                }
                _y += 17;
            }
            _y += 4;
        }

        private void Errors()
        {
            if (input.Predictions is not { } p) return;
            var dangerous = ErrorAnalysis.Of(p, input.Ordered).Cells.Where(c => c.Kind == ErrorKind.DiseaseCalledHealthy).ToArray();
            Section("Disease called healthy");
            if (dangerous.Length == 0) Paragraph("No image.", Text, Ink);
            foreach (var c in dangerous.TakeWhile(_ => _y < Bottom - 120))
                Paragraph($"{c.Rows.Count} of true {input.Names[c.Truth]}: {string.Join(", ", c.Rows.Take(8).Select(r => p.Images[r]))}{(c.Rows.Count > 8 ? ", …" : "")}", Text, Ink);
        }

        private void Section(string text)
        {
            _y += 10;
            Line(text, Heading, Ink, 15);
        }

        private void Line(string text, XFont font, XBrush brush, double height)
        {
            while (text.Length > 4 && g.MeasureString(text, font).Width > Right - Left) text = text[..^2].TrimEnd('…') + "…";
            g.DrawString(text, font, brush, Left, _y);
            _y += height;
        }

        private void Paragraph(string text, XFont font, XBrush brush)
        {
            var line = "";
            foreach (var word in text.Split(' '))
            {
                var longer = line.Length == 0 ? word : $"{line} {word}";
                if (line.Length > 0 && g.MeasureString(longer, font).Width > Right - Left)
                {
                    Line(line, font, brush, 12);
                    line = word;
                }
                else line = longer;
            }
            Line(line, font, brush, 13);
        }
    }
}
