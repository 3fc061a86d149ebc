using System.Globalization;
using System.Text;
using Fovea.Training.Evaluation.Errors;
using Fovea.Training.Inspection;
using Fovea.Training.Inspection.Embedding;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Report;

/// <summary>Where the model errs: the dangerous errors first, with their images.</summary>
internal sealed class ErrorSections
{
    private const int PicturesInCell = 6, MostPictures = 48, MostCells = 14, MostDoubts = 24, Neighbours = 3, MostDots = 1000, MostListed = 12;

    private static readonly string[] None = [], QualityColumn = ["Quality"], KappaColumn = ["#Quadratic weighted kappa"];

    private readonly HtmlPage _page;
    private readonly ReportInput _input;
    private readonly Predictions _p;
    private readonly ErrorAnalysis _errors;
    private readonly HashSet<int> _shown = [];

    private ErrorSections(HtmlPage page, ReportInput input)
    {
        (_page, _input, _p) = (page, input, input.Predictions!);
        _errors = ErrorAnalysis.Of(_p, input.Ordered, input.Evaluation?.Images);
    }

    public static void Add(HtmlPage page, ReportInput input)
    {
        var sections = new ErrorSections(page, input);
        sections.Rates();
        if (sections._errors.Cells.Count == 0) return;
        sections.Cells();
        sections.Confident();
        sections.Labels();
        sections.Groups();
        sections.Map();
    }

    private void Rates()
    {
        var wrong = _errors.Classes.Sum(c => c.Wrong);
        _page.Section("Errors", wrong == 0 ? "There are none." : string.Create(CultureInfo.InvariantCulture, $"{wrong} of {_p.Count} images. The most harmful kind comes first: disease that is called healthy."), "errors");
        _page.Table([_input.Ordered ? "True grade" : "True class", "#Images", "#Wrong", "#Share wrong", "#95 % interval", "#Called milder or healthy"], _errors.Classes.Select(c => (IReadOnlyList<string>)
            [_input.Names[c.Class], Whole(c.Images), Whole(c.Wrong), c.Images > 0 ? Percent((double)c.Wrong / c.Images) : "–", Range(c.Rate), Whole(c.Lower)]));
    }

    private void Cells()
    {
        var pictures = 0;
        foreach (var kind in _errors.Cells.GroupBy(c => c.Kind))
        {
            _page.Markup($"<h3>{HtmlPage.Escape(Title(kind.Key))}</h3>");
            var cells = kind.Take(MostCells).ToArray();
            _page.Table([_input.Ordered ? "True grade" : "True class", "Predicted", "#Images", "#Of the true ones", "Images, the surest first"], cells.Select(c => (IReadOnlyList<string>)
                [_input.Names[c.Truth], _input.Names[c.Predicted], Whole(c.Rows.Count), Percent((double)c.Rows.Count / _errors.Classes[c.Truth].Images), List(c.Rows)]));
            if (kind.Count() > cells.Length) _page.Note($"{kind.Count() - cells.Length} more cells are not listed.");
            if (_input.Pictures is null || kind.Key is ErrorKind.OverGraded or ErrorKind.HealthyCalledDiseased) continue;
            var rows = cells.SelectMany(c => c.Rows.Take(PicturesInCell)).Take(MostPictures - pictures).ToArray();
            pictures += rows.Length;
            Cases(rows);
        }
    }

    private void Confident()
    {
        if (_p.Probabilities is null) return;
        _page.Markup("<h3>The most confident mistakes</h3>").Note("Wrong, and sure of it. Look here for wrong labels, for faults of the photograph, and for what the network does not know.");
        var rows = _errors.MostConfident.Take(MostListed).ToArray();
        _page.Table(["Image", "True", "Predicted", "#Probability of it", "#Of the true one", .. _input.Evaluation is null ? None : QualityColumn], rows.Select(r => (IReadOnlyList<string>)
            [_p.Images[r], _input.Names[_p.Truth[r]], _input.Names[_p.Predicted[r]], Percent(_p.Probabilities[r][_p.Predicted[r]]), Percent(_p.Probabilities[r][_p.Truth[r]]), .. _input.Evaluation is { } e ? new[] { e.Images[r].Quality } : []]));
        if (_input.Pictures is not null) Cases([.. rows.Where(r => !_shown.Contains(r)).Take(PicturesInCell)]);
    }

    private void Labels()
    {
        if (_errors.Labels is not { } audit) return;
        _page.Markup("<h3>Labels to look at again</h3>").Note(audit.Issues.Count == 0 ? "None is contradicted with confidence." : string.Create(CultureInfo.InvariantCulture,
            $"The model contradicts {audit.Issues.Count} labels with confidence (confident learning, Northcutt et al. 2021); estimated share of wrong labels: {audit.NoiseShare:P1}. A model that errs in one direction doubts right labels, too: a person decides."));
        if (audit.Issues.Count == 0) return;
        _page.Table(["Image", "Label", "The model is sure of", "#Probability of the label", "#Of the other"], audit.Issues.Take(MostDoubts).Select(i => (IReadOnlyList<string>)
            [_p.Images[i.Row], _input.Names[_p.Truth[i.Row]], _input.Names[i.Suggested], Percent(_p.Probabilities![i.Row][_p.Truth[i.Row]]), Percent(_p.Probabilities[i.Row][i.Suggested])]));
        if (audit.Issues.Count > MostDoubts) _page.Note($"{audit.Issues.Count - MostDoubts} more are not listed; report.json has all.");
    }

    private void Groups()
    {
        foreach (var by in _errors.Groups.GroupBy(g => g.By))
        {
            _page.Markup($"<h3>Errors by {by.Key}</h3>");
            _page.Table([Capital(by.Key), "#Images", "#Wrong", "#Share wrong", "#95 % interval", .. _input.Ordered ? KappaColumn : None], by.Select(g => (IReadOnlyList<string>)
                [g.Value, Whole(g.Images), Whole(g.Wrong), Percent((double)g.Wrong / g.Images), Range(g.Rate), .. _input.Ordered ? new[] { g.QuadraticWeightedKappa is { } k ? ScoreSections.Figure(k) : "–" } : []]));
        }
    }

    /// <summary>t-SNE of the network's features, errors ringed.</summary>
    private void Map()
    {
        if (_input.Evaluation?.Features is not { } features || features.Count < ImageEmbedding.LeastImages || features[0].Length == 0) return;
        int[] chosen = [.. Enumerable.Range(0, features.Count)];
        if (chosen.Length > MostDots)
        {
            new SeededRandom(1).Shuffle(chosen.AsSpan());
            chosen = [.. chosen.Take(MostDots).Order()];
        }
        var vectors = PrincipalComponents.Project(chosen.Length, features[0].Length, (row, start, values) => features[chosen[row]].AsSpan(start, values.Length).CopyTo(values), 50, 1);
        var plane = TSne.Run(vectors, new TSneOptions { Perplexity = Math.Min(ImageEmbedding.UsualPerplexity, Affinities.MostPerplexity(chosen.Length)), Seed = 1 }).Points;
        double[] xs = [.. chosen.Select((_, i) => plane[2 * i])], ys = [.. chosen.Select((_, i) => plane[2 * i + 1])];
        static PlotAxis Axis(double[] v) => new("", v.Min() - 1e-6 - 0.03 * (v.Max() - v.Min()), v.Max() + 1e-6 + 0.03 * (v.Max() - v.Min()));
        var plot = new Plot("The images as the network sees them", "t-SNE of the features of the last stage; images that the network finds alike lie together.", Axis(xs), Axis(ys));
        foreach (var i in Enumerable.Range(0, chosen.Length).OrderBy(i => _p.Truth[chosen[i]] != _p.Predicted[chosen[i]]))
        {
            var r = chosen[i];
            var wrong = _p.Truth[r] != _p.Predicted[r];
            plot.Dot(xs[i], ys[i], _p.Truth[r] % 10, $"{_p.Images[r]}: true {_input.Names[_p.Truth[r]]}{(wrong ? $", predicted {_input.Names[_p.Predicted[r]]}" : "")}", wrong);
        }
        _page.Markup("<h3>A map of the images</h3>").Note("Coloured by the true class, errors ringed (t-SNE of the features of the network's last stage). A ringed dot amid another colour is an image that the network takes for one of those. "
            + "Neighbourhood is what counts: how far groups lie from each other means nothing.");
        _page.Markup($"<p>{string.Concat(_input.Names.Select((n, c) => $"<span class=\"key\"><i class=\"c{c % 10} dot\"></i>{HtmlPage.Escape(n)}</span> "))}</p>");
        _page.Markup($"<div class=\"plots\">{plot.Draw(axes: false)}</div>");
    }

    private void Cases(int[] rows)
    {
        if (rows.Length == 0) return;
        var html = new StringBuilder("<div class=\"cases\">");
        foreach (var row in rows)
        {
            _shown.Add(row);
            var (name, truth, predicted) = (_p.Images[row], _p.Truth[row], _p.Predicted[row]);
            html.Append(CultureInfo.InvariantCulture, $"<figure><img alt=\"{HtmlPage.Escape(name)} as the network sees it, and where it saw what speaks for {HtmlPage.Escape(_input.Names[predicted])}\" src=\"{ReportPictures.Address(_input.Pictures!.Panel(name, predicted))}\"><figcaption><b>{HtmlPage.Escape(name)}</b>true {HtmlPage.Escape(_input.Names[truth])}, predicted {HtmlPage.Escape(_input.Names[predicted])}");
            if (_p.Probabilities is { } p && p[row].Length <= 10)
            {
                html.Append("<span class=\"bars\">");
                for (var c = 0; c < p[row].Length; c++)
                    html.Append(CultureInfo.InvariantCulture, $"<span class=\"{(c == truth ? "t" : c == predicted ? "p" : "")}\">{HtmlPage.Escape(_input.Names[c])}<i style=\"width:{100 * p[row][c]:0.#}%\"></i><em>{p[row][c] * 100:0} %</em></span>");
                html.Append("</span>");
            }
            if (_input.Evaluation is { } e)
            {
                html.Append(CultureInfo.InvariantCulture, $"{HtmlPage.Escape(e.Images[row].Quality)} quality, {e.Images[row].Width} × {e.Images[row].Height}");
                if (e.Features.Count > 1 && e.Features[row].Length > 0)
                {
                    html.Append("; most like it, by true class:<span class=\"like\">");
                    foreach (var (other, similarity) in FeatureNeighbours.Of(e.Features, row, Neighbours))
                        html.Append(CultureInfo.InvariantCulture, $"<span class=\"near\"><img alt=\"{HtmlPage.Escape(_p.Images[other])}\" title=\"{HtmlPage.Escape(_p.Images[other])}, similarity {similarity:0.00}\" src=\"{_input.Pictures.Thumb(_p.Images[other])}\">{HtmlPage.Escape(_input.Names[_p.Truth[other]])}</span>");
                    html.Append("</span>");
                }
            }
            html.Append("</figcaption></figure>");
        }
        _page.Markup(html.Append("</div>").ToString());
    }

    private string List(IReadOnlyList<int> rows) => string.Join(", ", rows.Take(6).Select(r => _p.Images[r])) + (rows.Count > 6 ? $" and {rows.Count - 6} more" : "");

    private string Title(ErrorKind kind) => kind switch
    {
        ErrorKind.DiseaseCalledHealthy => "Disease called healthy",
        ErrorKind.UnderGraded => _input.Ordered ? "Graded too low" : "Urgent called not urgent",
        ErrorKind.Confused => "Taken for each other",
        ErrorKind.OverGraded => _input.Ordered ? "Graded too high" : "Not urgent called urgent",
        _ => "Healthy called diseased",
    };

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static string Range(Interval? i) => i is null ? "–" : $"{Percent(i.Low)} – {Percent(i.High)}";

    private static string Whole(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
