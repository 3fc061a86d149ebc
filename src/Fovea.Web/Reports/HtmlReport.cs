using System.Net;
using System.Text;
using Fovea.Web.Hosting;

namespace Fovea.Web.Reports;

/// <summary>The report as one HTML file: pictures inside, no script, no address outside. Its one style carries a nonce.</summary>
internal static class HtmlReport
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; color: #1d2433; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
        .notice { border: 2px solid #b02a1e; padding: .5rem .8rem; font-weight: 600 }
        h1 { font-size: 1.5rem; margin: 1rem 0 .2rem } h2 { font-size: 1.1rem; margin: 1.6rem 0 .3rem }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem } dt { color: #5b6575 } dd { margin: 0 }
        .pictures { display: flex; gap: 1rem; flex-wrap: wrap } figure { margin: 0; flex: 1 1 16rem } img { width: 100%; background: #000 } figcaption, .small { color: #5b6575; font-size: .85rem }
        .eye { break-inside: avoid } p { margin: .2rem 0 }
        """;

    public static string Write(ReportContent report, string nonce)
    {
        var (w, e, s) = (report.Words, report.Examination, report.Examination.Summary);
        static string H(string? text) => WebUtility.HtmlEncode(text ?? "");
        var html = new StringBuilder();
        html.Append($"<!doctype html>\n<html lang=\"{(report.Language == "zh" ? "zh-Hans" : "en")}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.Append($"<title>{H(w.Title)} {H(e.Patient.Pseudonym)}</title><style nonce=\"{nonce}\">{Style}</style></head><body><main>");
        html.Append($"<p class=\"notice\">{H(Words.Notice(report.Language))}.</p><h1>{H(w.Title)}</h1>");
        if (report.SiteName.Length > 0) html.Append($"<p>{H(report.SiteName)}</p>");
        html.Append($"<dl><dt>{H(w.Patient)}</dt><dd>{H(e.Patient.Pseudonym)}</dd><dt>{H(w.Examined)}</dt><dd>{H(e.ExaminedOn)}</dd>");
        html.Append($"<dt>{H(w.Result)}</dt><dd><strong>{H(ResultOf(report))}</strong></dd>");
        if (s is not null) html.Append($"<dt>{H(w.Recommendation)}</dt><dd><strong>{H(s.Recall.Text)}</strong></dd>");
        if (e.Note.Length > 0) html.Append($"<dt>{H(w.Note)}</dt><dd>{H(e.Note)}</dd>");
        html.Append("</dl>");
        foreach (var (image, picture, overlay) in report.Images)
        {
            html.Append($"<section class=\"eye\"><h2>{H(Words.Eye(image.Eye, report.Language))} <span class=\"small\">{H(image.Name)}</span></h2>");
            foreach (var line in report.LinesOf(image)) html.Append($"<p>{H(line)}</p>");
            html.Append("<div class=\"pictures\">");
            foreach (var (bytes, caption) in new[] { (picture, w.Photograph), (overlay, w.Heatmap) })
                if (bytes is not null) html.Append($"<figure><img alt=\"{H(caption)}\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(bytes)}\"><figcaption>{H(caption)}</figcaption></figure>");
            html.Append("</div></section>");
        }
        html.Append($"<p class=\"small\">{H(w.HeatmapNote)}</p><p class=\"small\">{H(w.Printed)} {H(report.PrintedAt)}. Fovea {H(Build.Version)}</p></main></body></html>\n");
        return html.ToString();
    }

    /// <summary>The patient's result in a line.</summary>
    internal static string ResultOf(ReportContent report) => report.Examination.Summary switch
    {
        null => report.Words.NoResult,
        { WorstGrade: { } grade } s => $"{grade}, {Words.Grade(grade, report.Language)} ({report.Words.WorstEye}: {Words.Eye(s.WorstEye, report.Language)})",
        { Recall.Code: "review" or "refer" } s => s.Recall.Text, // OCT scans alone
        _ => report.Words.Ungradable,
    };
}
