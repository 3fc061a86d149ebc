using System.Globalization;
using System.Text;

namespace Fovea.Training.Evaluation.Report;

/// <summary>One axis of a <see cref="Plot"/>.</summary>
/// <param name="Low">Left or lower end.</param>
/// <param name="High">Above <paramref name="Low"/>.</param>
/// <param name="Percent">Labels are percentages.</param>
/// <param name="Whole">Labels are whole numbers.</param>
public sealed record PlotAxis(string Title, double Low, double High, bool Percent = false, bool Whole = false)
{
    public static PlotAxis Share(string title) => new(title, 0, 1, Percent: true);

    /// <summary>From the values, widened to round numbers.</summary>
    public static PlotAxis Fit(string title, IEnumerable<double> values, bool whole = false)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0) return new PlotAxis(title, 0, 1, Whole: whole);
        var (low, high) = (finite.Min(), finite.Max());
        if (whole) return new PlotAxis(title, low, Math.Max(high, low + 1), Whole: true);
        if (high - low < 1e-9) (low, high) = (low - 0.5, high + 0.5);
        var step = Step(high - low, 5);
        return new PlotAxis(title, Math.Floor(low / step) * step, Math.Ceiling(high / step) * step);
    }

    internal IEnumerable<(double At, string Label)> Ticks(int count)
    {
        var step = Step(High - Low, count);
        if (Whole) step = Math.Max(1, Math.Round(step));
        for (var k = Math.Ceiling(Low / step - 1e-9) + 0.0; k * step <= High + step * 1e-9; k++) yield return (k * step, Text(k * step));
    }

    internal string Text(double value) => Percent ? (value * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %" : value.ToString(Whole ? "0" : Math.Abs(value) is > 0 and < 0.001 ? "0.##e-0" : "0.###", CultureInfo.InvariantCulture);

    private static double Step(double span, int count)
    {
        var raw = span / count;
        var power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        return (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 } * power;
    }
}

/// <summary>
/// Curves, bars and points as SVG that needs no script: it prints, scales, follows light and dark, and has its numbers as a table below. With the report's script the numbers under the pointer
/// are shown, too.
/// </summary>
/// <param name="title">Stands above it.</param>
/// <param name="description">What it shows, for those who cannot see it.</param>
public sealed class Plot(string title, string description, PlotAxis x, PlotAxis y)
{
    private const double Width = 520, Height = 360, Left = 58, Right = 24, Top = 12, Bottom = 50;
    private const int MostRows = 21, MostPoints = 240;

    private readonly List<(string Name, int Colour, List<(double X, double Y)> Points, bool Dashed, bool Markers)> _lines = [];
    private readonly StringBuilder _behind = new(), _front = new();

    private double PlaceX(double value) => Left + (Math.Clamp(value, x.Low, x.High) - x.Low) / (x.High - x.Low) * (Width - Left - Right);

    private double PlaceY(double value) => Top + (y.High - Math.Clamp(value, y.Low, y.High)) / (y.High - y.Low) * (Height - Top - Bottom);

    /// <param name="name">For legend and table.</param>
    /// <param name="colour">0–9 of the report's colours.</param>
    /// <param name="points">By rising x; of very many, some are drawn.</param>
    public Plot Line(string name, int colour, IEnumerable<(double X, double Y)> points, bool dashed = false, bool markers = false)
    {
        (double X, double Y)[] all = [.. points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y))];
        if (all.Length > 0) _lines.Add((name, colour, Thin(all), dashed, markers));
        return this;
    }

    /// <summary>A line that is no data: chance, perfection.</summary>
    public Plot Guide(double x1, double y1, double x2, double y2)
    {
        _behind.Append(CultureInfo.InvariantCulture, $"<line class=\"guide\" x1=\"{PlaceX(x1):0.#}\" y1=\"{PlaceY(y1):0.#}\" x2=\"{PlaceX(x2):0.#}\" y2=\"{PlaceY(y2):0.#}\"/>");
        return this;
    }

    /// <summary>A bar from the axis to <paramref name="to"/>.</summary>
    public Plot Bar(double from, double until, double to, int colour, bool faint = false)
    {
        var (left, right, top) = (PlaceX(from) + 1, PlaceX(until) - 1, PlaceY(to));
        _behind.Append(CultureInfo.InvariantCulture, $"<rect class=\"c{colour} bar{(faint ? " faint" : "")}\" x=\"{left:0.#}\" y=\"{top:0.#}\" width=\"{Math.Max(0.5, right - left):0.#}\" height=\"{Math.Max(0, PlaceY(y.Low) - top):0.#}\"/>");
        return this;
    }

    /// <summary>A dot with a name of its own; <paramref name="ringed"/> ones stand out.</summary>
    public Plot Dot(double atX, double atY, int colour, string name, bool ringed = false)
    {
        _front.Append(CultureInfo.InvariantCulture, $"<circle class=\"c{colour}{(ringed ? " ringed" : "")}\" cx=\"{PlaceX(atX):0.#}\" cy=\"{PlaceY(atY):0.#}\" r=\"{(ringed ? 5 : 3.5)}\"><title>{HtmlPage.Escape(name)}</title></circle>");
        return this;
    }

    /// <summary>A vertical mark with a word, e.g. where a stage begins.</summary>
    public Plot Mark(double at, string text)
    {
        _behind.Append(CultureInfo.InvariantCulture, $"<line class=\"guide\" x1=\"{PlaceX(at):0.#}\" x2=\"{PlaceX(at):0.#}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/><text class=\"soft\" x=\"{PlaceX(at) + 4:0.#}\" y=\"{Top + 11}\">{HtmlPage.Escape(text)}</text>");
        return this;
    }

    /// <summary>The whole figure.</summary>
    /// <param name="axes">False for a plane without scales, such as t-SNE's.</param>
    public string Draw(bool axes = true)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<figure class=\"plot\"{Data()}><figcaption><b>{HtmlPage.Escape(title)}</b>");
        foreach (var line in _lines.Where(l => _lines.Count > 1))
            html.Append(CultureInfo.InvariantCulture, $"<span class=\"key\"><i class=\"c{line.Colour}{(line.Dashed ? " dashed" : "")}\"></i>{HtmlPage.Escape(line.Name)}</span>");
        html.Append(CultureInfo.InvariantCulture, $"</figcaption><svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{HtmlPage.Escape($"{title}. {description}")}\">");
        if (axes)
        {
            foreach (var (at, label) in y.Ticks(5))
            {
                html.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{PlaceY(at):0.#}\" y2=\"{PlaceY(at):0.#}\"/>");
                html.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{Left - 7}\" y=\"{PlaceY(at) + 4:0.#}\" text-anchor=\"end\">{label}</text>");
            }
            foreach (var (at, label) in x.Ticks(6))
                html.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{PlaceX(at):0.#}\" y=\"{Height - Bottom + 17}\" text-anchor=\"middle\">{label}</text>");
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Left + Width - Right) / 2:0.#}\" y=\"{Height - 10}\" text-anchor=\"middle\">{HtmlPage.Escape(x.Title)}</text>");
            html.Append(CultureInfo.InvariantCulture, $"<text x=\"14\" y=\"{(Top + Height - Bottom) / 2:0.#}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {(Top + Height - Bottom) / 2:0.#})\">{HtmlPage.Escape(y.Title)}</text>");
        }
        html.Append(_behind);
        foreach (var line in _lines)
        {
            var points = string.Join(' ', line.Points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{PlaceX(p.X):0.#},{PlaceY(p.Y):0.#}")));
            html.Append(CultureInfo.InvariantCulture, $"<polyline class=\"c{line.Colour}{(line.Dashed ? " dashed" : "")}\" points=\"{points}\"/>");
            if (!line.Markers) continue;
            foreach (var p in line.Points) html.Append(CultureInfo.InvariantCulture, $"<circle class=\"c{line.Colour}\" cx=\"{PlaceX(p.X):0.#}\" cy=\"{PlaceY(p.Y):0.#}\" r=\"3\"/>");
        }
        html.Append(_front).Append("</svg>");
        if (_lines.Count > 0) html.Append(Table());
        return html.Append("</figure>").ToString();
    }

    /// <summary>What the script reads: ranges, margins in the drawing's units, and points.</summary>
    private string Data()
    {
        if (_lines.Count == 0) return "";
        string Number(double v) => v.ToString("0.######", CultureInfo.InvariantCulture);
        var lines = string.Join(';', _lines.Select(l => $"{l.Name.Replace(';', ',').Replace('|', '/')}|{string.Join(' ', l.Points.Select(p => $"{Number(p.X)},{Number(p.Y)}"))}"));
        return string.Create(CultureInfo.InvariantCulture, $" data-x=\"{Number(x.Low)},{Number(x.High)},{Left / Width:0.####},{(Width - Right) / Width:0.####},{(x.Percent ? 1 : 0)}\" data-y=\"{(y.Percent ? 1 : 0)}\" data-names=\"{HtmlPage.Escape(x.Title)}\" data-lines=\"{HtmlPage.Escape(lines)}\"");
    }

    private string Table()
    {
        var rows = new StringBuilder().Append(CultureInfo.InvariantCulture, $"<details><summary>Numbers of: {HtmlPage.Escape(title)}</summary><div class=\"wrap\" tabindex=\"0\" role=\"group\" aria-label=\"{HtmlPage.Escape(title)}, table\"><table><thead><tr><th scope=\"col\">Curve</th><th scope=\"col\" class=\"n\">{HtmlPage.Escape(x.Title)}</th><th scope=\"col\" class=\"n\">{HtmlPage.Escape(y.Title)}</th></tr></thead><tbody>");
        foreach (var line in _lines)
        {
            var step = Math.Max(1, (line.Points.Count - 1) / (double)(MostRows - 1));
            for (double at = 0; at < line.Points.Count; at += step)
            {
                var p = line.Points[(int)Math.Min(line.Points.Count - 1, Math.Round(at))];
                rows.Append(CultureInfo.InvariantCulture, $"<tr><td>{HtmlPage.Escape(line.Name)}</td><td class=\"n\">{x.Text(p.X)}</td><td class=\"n\">{y.Text(p.Y)}</td></tr>");
            }
        }
        return rows.Append("</tbody></table></div></details>").ToString();
    }

    /// <summary>Points that lie on a straight line with their neighbours are left out, and of the rest every so many.</summary>
    private static List<(double X, double Y)> Thin((double X, double Y)[] points)
    {
        var kept = new List<(double X, double Y)>();
        for (var i = 0; i < points.Length; i++)
        {
            if (kept.Count > 0 && i + 1 < points.Length && points.Length > MostPoints)
            {
                var (a, b, c) = (kept[^1], points[i], points[i + 1]);
                if (Math.Abs((b.X - a.X) * (c.Y - a.Y) - (b.Y - a.Y) * (c.X - a.X)) < 1e-12) continue;
            }
            kept.Add(points[i]);
        }
        if (kept.Count <= MostPoints) return kept;
        return [.. Enumerable.Range(0, MostPoints).Select(i => kept[(int)((long)i * (kept.Count - 1) / (MostPoints - 1))])];
    }
}
