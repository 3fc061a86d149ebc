using System.Globalization;
using System.Text;
using Fovea.Training.Data;
using Fovea.Training.Evaluation.Report;

namespace Fovea.Training.Inspection.Page;

/// <summary>An inspection as one HTML file that opens offline: figures, distributions, copies side by side, galleries of faults and classes, embeddings.</summary>
internal sealed class InspectionPage
{
    /// <summary>Classes beyond share colours.</summary>
    public const int Colours = 10;

    private const int MostListed = 200, MostClasses = 40;

    private readonly DatasetInspection _d;
    private readonly PagePictures _pictures;
    private readonly HtmlPage _page;

    private InspectionPage(Dataset dataset, DatasetInspection inspection, InspectionPass pass, ulong seed)
    {
        _d = inspection;
        _page = new HtmlPage($"What is in {Path.GetFileName(Path.TrimEndingDirectorySeparator(dataset.Source))}").AddStyle(PageStyle.Css);
        _pictures = new PagePictures(dataset, inspection, pass, seed, _page);
    }

    /// <param name="pass">Made with thumbnails.</param>
    public static string Make(Dataset dataset, DatasetInspection inspection, InspectionPass pass, ulong seed)
    {
        var page = new InspectionPage(dataset, inspection, pass, seed);
        page.Overview();
        page.Classes();
        page.Sizes();
        page.Leaks();
        page._pictures.Copies();
        page.Quality();
        page._pictures.Classes();
        page.Embeddings();
        page.Unreadable();
        return page._page.ToString();
    }

    /// <summary>Grades with their number: <c>2 moderate</c>.</summary>
    public static string ClassName(DatasetInspection d, int c) => d.Graded ? $"{c} {d.Classes[c].Name}" : d.Classes[c].Name;

    /// <summary><c>tooDark</c> as "Too dark".</summary>
    public static string Title(string name)
    {
        var words = string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) && char.IsLower(name[i - 1]) ? $" {char.ToLowerInvariant(c)}" : $"{c}"));
        return char.ToUpperInvariant(words[0]) + words[1..];
    }

    private void Overview()
    {
        _page.Note($"{_d.Source} ({_d.Kind})");
        var copies = _d.ExactDuplicates.Concat(_d.NearDuplicates).ToArray();
        var contradictions = copies.Count(c => c.Contradict);
        var facts = new StringBuilder("<div class=\"facts\">");
        void Fact(int number, string name, bool bad = false) =>
            facts.Append(CultureInfo.InvariantCulture, $"<div{(bad ? " class=\"bad\"" : "")}><b>{number:#,0}</b><span>{name}</span></div>");
        Fact(_d.Images, "images");
        if (_d.Patients is { } patients) Fact(patients, "patients");
        Fact(_d.Classes.Count, "classes");
        Fact(copies.Length, "pictures that occur twice", copies.Length > 0);
        Fact(contradictions, "of them with two classes", contradictions > 0);
        Fact(_d.Unreadable.Count, "unreadable files", _d.Unreadable.Count > 0);
        _page.Markup(facts.Append("</div>").ToString());
        (string Id, string Name)[] places = [("classes", "Classes"), ("sizes", "Sizes"), ("leaks", "Leaks of the label"), ("copies", "Copies"), ("quality", "Quality"),
            ("galleries", "Galleries"), ("maps", "Embeddings"), ("unreadable", "Unreadable files")];
        _page.Markup($"<nav aria-label=\"Sections\">{string.Concat(places.Select(p => $"<a href=\"#{p.Id}\">{p.Name}</a>"))}</nav>");
        _page.Section("What to look at first", _d.Warnings.Count == 0 ? "Nothing conspicuous was found." : null);
        if (_d.Warnings.Count == 0) return;
        _page.Markup($"<ul class=\"warnings\">{string.Concat(_d.Warnings.Take(MostListed).Select(w => $"<li>{HtmlPage.Escape(char.ToUpperInvariant(w[0]) + w[1..])}.</li>"))}</ul>");
        LeftOut(_d.Warnings.Count - MostListed, "warnings");
    }

    private void Classes()
    {
        _page.Section("Classes", "Images of each class, as a share of their part.", "classes");
        PartKey();
        _page.Drawing(ClassChart.Draw(_d));
        if (_d.Parts.Count < 2) return;
        _page.Table(["Class", "#All", "#Share", .. _d.Parts.SelectMany(p => new[] { "#" + p.Part, "#Share" })],
            _d.Classes.Select(c => (IReadOnlyList<string>)[ClassName(_d, c.Class), Count(c.Count), Percent(c.Share),
                .. _d.Parts.SelectMany(p => new[] { Count(p.Classes[c.Class]), Percent((double)p.Classes[c.Class] / p.Images) })]));
    }

    private void Sizes()
    {
        _page.Section("Sizes", "Of the pictures, upright, and of their files. The bar under a histogram goes from the lower to the upper quartile, its line is the median.", "sizes");
        PartKey();
        _page.Markup("<div class=\"charts\">");
        foreach (var q in _d.Quantities.Where(q => q.All.Max > q.All.Min))
            _page.Drawing(DistributionChart.Draw(q.Quantity, q.Unit, _pictures.ByPart(q.Quantity), histograms: true));
        _page.Markup("</div>");
        foreach (var q in _d.Quantities.Where(q => q.All.Max <= q.All.Min)) _page.Note($"Every image has the {q.Quantity} {Figure(q.All.Min)}{(q.Unit.Length > 0 ? " " + q.Unit : "")}.");
        _page.Table(["Quantity", "Part", "#Images", "#Least", "#Quartile", "#Median", "#Quartile", "#Most", "#Mean"],
            _d.Quantities.SelectMany(q => q.Parts.Select(p => (IReadOnlyList<string>)[q.Unit.Length > 0 ? $"{q.Quantity}, {q.Unit}" : q.Quantity, _d.Parts.Count == 1 ? "all" : p.Key, Count(p.Value.Count), Figure(p.Value.Min),
                Figure(p.Value.LowerQuartile), Figure(p.Value.Median), Figure(p.Value.UpperQuartile), Figure(p.Value.Max), Figure(p.Value.Mean)])));
        var differences = _d.Quantities.SelectMany(q => q.Differences.Select(x => (q, x))).ToArray();
        if (differences.Length == 0) return;
        _page.Markup("<h3>Do the parts differ?</h3>").Note("Distance of Kolmogorov and Smirnov: 0 alike, 1 no overlap; and how probable one as large would be by chance.");
        _page.Table(["Quantity", "Parts", "#Distance", "#By chance"], differences.Select(d => (IReadOnlyList<string>)
            [d.q.Quantity, $"{d.x.First} – {d.x.Second}", Figure(d.x.Distance), d.x.Probability < 0.001 ? "< 0.001" : d.x.Probability.ToString("0.000", CultureInfo.InvariantCulture)]));
    }

    private void Leaks()
    {
        _page.Section("Leaks of the label", "What has nothing to do with the eye should tell nothing of the class. Where it does, a network can learn it instead of the disease: in APTOS 2019 the grade "
            + "correlates with the file's size by 0.39 and with the picture's width by 0.57 (Tymchenko et al. 2020).", "leaks");
        static string Interval(Coefficient? c) => c is null ? "–" : string.Create(CultureInfo.InvariantCulture, $"{c.Value:0.00;−0.00;0.00} ({c.Low:0.00;−0.00;0.00} to {c.High:0.00;−0.00;0.00})");
        _page.Table(_d.Graded ? ["Quantity", "#Spearman, 95 % interval", "#Pearson, 95 % interval", ""] : ["Quantity", "#Correlation ratio", ""], _d.Correlations.Select(c =>
        {
            var finding = c.Leaks ? "gives the class away" : (c.Spearman ?? c.Pearson) is null && c.ClassRatio is null ? "the same everywhere" : "";
            return (IReadOnlyList<string>)(_d.Graded ? [c.Quantity, Interval(c.Spearman), Interval(c.Pearson), finding] : [c.Quantity, c.ClassRatio is { } r ? Figure(r) : "–", finding]);
        }));
        _page.Markup("<div class=\"charts\">");
        foreach (var q in _d.Quantities.Where(q => q.All.Max > q.All.Min))
            _page.Drawing(DistributionChart.Draw(q.Quantity, q.Unit, [.. _pictures.ByClass(q.Quantity).Take(MostClasses)], histograms: false));
        _page.Markup("</div>");
    }

    private void Quality()
    {
        _page.Section("Quality", _d.IsOfOtherPictures ? "Most of these are no fundus photographs, so their quality cannot be judged." : "Faults by the limits that Fovea grades with, and how the frame lies around the "
            + "round field of view (the APTOS case study's types I to IV).", "quality");
        if (_d.IsOfOtherPictures) return;
        KindTable("Fault", _d.Quality.Where(k => k.Images > 0));
        KindTable("Framing", _d.Framings);
        if (_d.FieldShare is { } fill) _page.Note($"The field of view covers {fill.Min:P0} to {fill.Max:P0} of the picture, in the median {fill.Median:P0}.");
        _pictures.Faults();
    }

    private void KindTable(string heading, IEnumerable<KindCount> kinds)
    {
        var parts = _d.Parts.Count > 1 ? _d.Parts : [];
        var classes = Enumerable.Range(0, Math.Min(_d.Classes.Count, 12)).ToArray();
        _page.Table([heading, "#Images", "#Share", .. parts.Select(p => "#" + p.Part), .. classes.Select(c => "#" + ClassName(_d, c))],
            kinds.Select(k => (IReadOnlyList<string>)[Title(k.Kind), Count(k.Images), Percent(k.Share), .. parts.Select(p => Count(k.Parts.GetValueOrDefault(p.Part))), .. classes.Select(c => Count(k.Classes[c]))]));
    }

    private void Embeddings()
    {
        if (_d.Embeddings.Count == 0)
        {
            _page.Section("Embeddings", $"None: at least {ImageEmbedding.LeastImages} readable images are needed, and a limit above 0.", "maps");
            return;
        }
        _page.Section("Embeddings", "Images that are alike lie together (t-SNE). Neighbourhood is what counts: how far groups lie from each other, and how large they are, means nothing. "
            + "A group of one camera or clinic, rather than of one class, is a warning. Point at a dot, or press the arrow keys, to see the image.", "maps");
        foreach (var e in _d.Embeddings)
        {
            _page.Markup($"<h3>{HtmlPage.Escape(Title(e.Of))}</h3>");
            _page.Note(string.Create(CultureInfo.InvariantCulture, $"{e.Points.Count} images{(e.Points.Count < _d.Images - _d.Unreadable.Count ? $" of {_d.Images}, chosen by chance" : "")}, perplexity {e.Perplexity:0.#}, "
                + $"trustworthiness {e.Trustworthiness:0.00} (1: all neighbours are true ones, 0.5: by chance)."));
            _page.Markup(EmbeddingPlot.Draw(_d, e));
        }
        _pictures.Dots(_d.Embeddings[0].Points.Select(p => p.Image));
        _page.Script(EmbeddingPlot.Script);
    }

    private void Unreadable()
    {
        _page.Section("Unreadable files", _d.Unreadable.Count == 0 ? "Every file could be read." : "Replace them, or take them out of the labels.", "unreadable");
        if (_d.Unreadable.Count > 0) _page.Table(["Image", "Reason"], _d.Unreadable.Take(MostListed).Select(u => (IReadOnlyList<string>)[u.Id, u.Reason]));
        LeftOut(_d.Unreadable.Count - MostListed, "files");
    }

    private void PartKey()
    {
        if (_d.Parts.Count > 1) _page.Markup($"<div class=\"key\">{string.Concat(_d.Parts.Select((p, i) => $"<span><i class=\"p{i}\"></i>{HtmlPage.Escape(p.Part)}, {p.Images}</span>"))}</div>");
    }

    private void LeftOut(int number, string what)
    {
        if (number > 0) _page.Note($"{number} more {what} are not shown.");
    }

    private static string Count(int n) => n.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);

    private static string Figure(double value) => value.ToString(Math.Abs(value) >= 100 ? "#,0" : "0.##", CultureInfo.InvariantCulture);
}
