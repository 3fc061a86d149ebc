using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Fovea.Training.Evaluation.Report;

/// <summary>
/// A self-contained HTML page, built section by section: no address outside the file, no script but one that is named by its hash, readable on a phone and on paper.
/// </summary>
public sealed class HtmlPage(string title)
{
    private const string Style = """
        :root{color-scheme:light dark;--ink:#1d2433;--soft:#5b6475;--line:#d9dee7;--paper:#fff;--panel:#f6f8fb;--accent:#b5482a}
        @media (prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#9aa4b5;--line:#343c4b;--paper:#12161e;--panel:#1b212c;--accent:#ec8a63}}
        *{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:68rem;margin:0 auto;padding:1.5rem 1rem 4rem}h1{font-size:1.7rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}
        p.note{color:var(--soft);margin:.3rem 0 1rem;max-width:46rem}.warn{border-left:4px solid var(--accent);padding:.4rem .8rem;background:var(--panel)}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}th,td{padding:.35rem .7rem;border-bottom:1px solid var(--line);text-align:left}td.n,th.n{text-align:right}
        .wrap{overflow-x:auto}svg{max-width:100%;height:auto}svg text{fill:var(--ink);font:12px system-ui,sans-serif}svg .soft{fill:var(--soft)}svg .grid{stroke:var(--line)}
        .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}figure{margin:0;background:var(--panel);border-radius:.5rem;overflow:hidden}
        figure img{width:100%;display:block}figcaption{padding:.5rem .7rem;font-size:.85rem}figcaption b.bad{color:var(--accent)}
        pre{background:var(--panel);padding:.8rem;overflow-x:auto;border-radius:.4rem}footer{color:var(--soft);margin-top:3rem;font-size:.85rem}
        @media print{figure,table,svg{break-inside:avoid}}
        """;

    private readonly StringBuilder _body = new();
    private string _style = "", _script = "", _lead = "";

    /// <summary>Text as it may stand between tags or in an attribute.</summary>
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <param name="id">What a link on the page may name.</param>
    public HtmlPage Section(string heading, string? note = null, string? id = null)
    {
        _body.Append(CultureInfo.InvariantCulture, $"<h2{(id is null ? "" : $" id=\"{Escape(id)}\"")}>{Escape(heading)}</h2>\n");
        return note is null ? this : Note(note);
    }

    /// <summary>Adds markup in front of everything, such as a link past the navigation.</summary>
    public HtmlPage Lead(string markup)
    {
        _lead += markup;
        return this;
    }

    public HtmlPage Note(string text)
    {
        _body.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{Escape(text)}</p>\n");
        return this;
    }

    public HtmlPage Warning(string text)
    {
        _body.Append(CultureInfo.InvariantCulture, $"<p class=\"warn\">{Escape(text)}</p>\n");
        return this;
    }

    public HtmlPage Code(string text)
    {
        _body.Append(CultureInfo.InvariantCulture, $"<pre tabindex=\"0\">{Escape(text)}</pre>\n");
        return this;
    }

    /// <summary>A table; columns whose heading starts with '#' are numbers, set flush right.</summary>
    public HtmlPage Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        string Cell(string tag, int column, string text) =>
            $"<{tag}{(tag == "th" ? " scope=\"col\"" : "")}{(headings[column].StartsWith('#') ? " class=\"n\"" : "")}>{Escape(text)}</{tag}>";
        // Wide tables scroll sideways, by keyboard too.
        _body.Append(CultureInfo.InvariantCulture, $"<div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"Table: {Escape(headings[0].TrimStart('#'))}\"><table><thead><tr>");
        for (var c = 0; c < headings.Count; c++) _body.Append(Cell("th", c, headings[c].TrimStart('#')));
        _body.Append("</tr></thead><tbody>\n");
        foreach (var row in rows)
        {
            _body.Append("<tr>");
            for (var c = 0; c < row.Count; c++) _body.Append(Cell("td", c, row[c]));
            _body.Append("</tr>\n");
        }
        _body.Append("</tbody></table></div>\n");
        return this;
    }

    /// <summary>Adds a drawing that is already markup, such as those of this folder.</summary>
    public HtmlPage Drawing(string svg)
    {
        _body.Append("<div class=\"wrap\">").Append(svg).Append("</div>\n");
        return this;
    }

    /// <summary>Adds what is already markup: everything from outside in it must have gone through <see cref="Escape"/>.</summary>
    public HtmlPage Markup(string markup)
    {
        _body.Append(markup).Append('\n');
        return this;
    }

    /// <summary>Adds rules of style of a page of its own.</summary>
    public HtmlPage AddStyle(string css)
    {
        _style += css;
        return this;
    }

    /// <summary>Sets the page's one script; the page's policy lets exactly this text run.</summary>
    public HtmlPage Script(string script)
    {
        _script = script;
        return this;
    }

    /// <summary>Images beside each other.</summary>
    /// <param name="figures">Image bytes with their media type (image/png, image/jpeg), a caption, and whether the caption is to stand out.</param>
    public HtmlPage Gallery(IEnumerable<(byte[] Image, string MediaType, string Caption, bool Marked)> figures)
    {
        _body.Append("<div class=\"gallery\">\n");
        foreach (var (image, type, caption, marked) in figures)
        {
            var text = marked ? $"<b class=\"bad\">{Escape(caption)}</b>" : Escape(caption);
            _body.Append(CultureInfo.InvariantCulture,
                $"<figure><img alt=\"{Escape(caption)}\" src=\"data:{type};base64,{Convert.ToBase64String(image)}\"><figcaption>{text}</figcaption></figure>\n");
        }
        _body.Append("</div>\n");
        return this;
    }

    public override string ToString() => $"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'{Policy}">
        <title>{Escape(title)}</title><style>{Style}{_style}</style></head>
        <body>{_lead}<main><h1>{Escape(title)}</h1>
        {_body}<footer>Made by Fovea. Research software, not a medical device.</footer></main>{(_script.Length > 0 ? $"<script>{_script}</script>" : "")}</body></html>

        """;

    private string Policy => _script.Length > 0 ? $"; script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(_script)))}'" : "";
}
