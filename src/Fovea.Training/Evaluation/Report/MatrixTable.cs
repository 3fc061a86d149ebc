using System.Globalization;
using System.Text;

namespace Fovea.Training.Evaluation.Report;

/// <summary>
/// A confusion matrix as an HTML table, three ways: counts; divided by row, whose diagonal is the recall; divided by column, whose diagonal is the precision. (The APTOS case study's plots had the
/// two names the wrong way round.) Right answers in blue, wrong ones in orange.
/// </summary>
public static class MatrixTable
{
    /// <param name="counts">Rows true, columns predicted.</param>
    /// <param name="names">Of the classes.</param>
    public static string Draw(IReadOnlyList<long[]> counts, IReadOnlyList<string> names)
    {
        long[] rows = [.. counts.Select(r => r.Sum())], columns = [.. names.Select((_, c) => counts.Sum(r => r[c]))];
        string Percent(long part, long whole) => whole > 0 ? (100.0 * part / whole).ToString("0.#", CultureInfo.InvariantCulture) : "–";
        return "<div class=\"matrices\">"
            + One("Counts", "images of a true grade (row) and a predicted one (column)", (t, p) => counts[t][p].ToString(CultureInfo.InvariantCulture), (t, p) => Share(counts[t][p], rows[t]))
            + One("By row, %: recall on the diagonal", "what became of the images that truly are of a grade", (t, p) => Percent(counts[t][p], rows[t]), (t, p) => Share(counts[t][p], rows[t]))
            + One("By column, %: precision on the diagonal", "what the images that were given a grade truly are", (t, p) => Percent(counts[t][p], columns[p]), (t, p) => Share(counts[t][p], columns[p]))
            + "</div>\n";

        string One(string title, string note, Func<int, int, string> text, Func<int, int, double> shade)
        {
            var html = new StringBuilder();
            html.Append(CultureInfo.InvariantCulture, $"<div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"{HtmlPage.Escape(title)}\"><table class=\"matrix\"><caption>{HtmlPage.Escape(title)}<small>{HtmlPage.Escape(note)}</small></caption><thead><tr><th scope=\"col\">true \\ predicted</th>");
            foreach (var name in names) html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{HtmlPage.Escape(name)}</th>");
            html.Append("</tr></thead><tbody>");
            for (var t = 0; t < names.Count; t++)
            {
                html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{HtmlPage.Escape(names[t])}</th>");
                for (var p = 0; p < names.Count; p++)
                    html.Append(CultureInfo.InvariantCulture, $"<td class=\"{(t == p ? 'r' : 'w')}\" style=\"--a:{0.07 + 0.45 * shade(t, p):0.00}\">{text(t, p)}</td>");
                html.Append("</tr>");
            }
            return html.Append("</tbody></table></div>").ToString();
        }
    }

    private static double Share(long part, long whole) => whole > 0 ? (double)part / whole : 0;
}
