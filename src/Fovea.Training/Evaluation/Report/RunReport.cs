using System.Globalization;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation.Report;

/// <summary>The page that a run or an evaluation leaves behind: one file that opens offline, in light and dark, on paper, by keyboard.</summary>
public static class RunReport
{
    private static readonly string[] Grades = ["0 none", "1 mild", "2 moderate", "3 severe", "4 prolif."];

    /// <summary>Names of the classes as the page writes them: the five grades of retinopathy, or numbers.</summary>
    public static IReadOnlyList<string> ClassNames(int classes) =>
        classes == Grades.Length ? Grades : [.. Enumerable.Range(0, classes).Select(k => k.ToString(CultureInfo.InvariantCulture))];

    /// <param name="history">Empty for an evaluation without training.</param>
    /// <param name="subject">What was scored: "unseen made-up retinas (120)".</param>
    /// <param name="next">Lines that the reader may type next; null for none.</param>
    public static string Make(string title, string subject, MetricsReport metrics, IReadOnlyList<EpochMetrics> history, IReadOnlyList<ReportExample> examples, Recipe? recipe,
        string? warning = null, string? next = null, Predictions? predictions = null) =>
        Make(new ReportInput
        {
            Title = title, Subject = subject, Metrics = metrics, History = history, Examples = examples, Recipe = recipe, Warning = warning, Next = next, Predictions = predictions,
        });

    public static string Make(ReportInput input)
    {
        var page = new HtmlPage(input.Title).AddStyle(ReportStyle.Css).Script(ReportStyle.Script);
        var sections = Sections(input).ToArray();
        page.Lead($"<a class=\"skip\" href=\"#{sections[0].Id}\">Skip to the scores</a>");
        var m = input.Metrics;
        page.Note($"{input.Subject}. {m.Samples} images{(m.Groups is { } g && g != m.Samples ? $" of {g} patients or groups" : "")}, made {DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.");
        if (input.Warning is not null) page.Warning(input.Warning);
        ScoreSections.Facts(page, input);
        page.Markup($"<nav aria-label=\"Sections\">{string.Concat(sections.Select(s => $"<a href=\"#{s.Id}\">{HtmlPage.Escape(s.Name)}</a>"))}</nav>");
        foreach (var (_, _, add) in sections) add();
        return page.ToString();

        IEnumerable<(string Id, string Name, Action Add)> Sections(ReportInput i)
        {
            yield return ("scores", "Scores", () => ScoreSections.Scores(page, i));
            yield return ("confusion", "Confusion", () => ScoreSections.Confusion(page, i));
            if (i.Predictions?.Probabilities is not null)
            {
                yield return ("curves", "Curves", () => CurveSections.Curves(page, i));
                yield return ("certainty", "Certainty", () => CurveSections.Certainty(page, i));
            }
            if (i.Predictions is not null) yield return ("errors", "Errors", () => ErrorSections.Add(page, i));
            if (i.Examples.Count > 0) yield return ("looked", "Where it looked", () => CurveSections.Examples(page, i));
            if (i.History.Count > 1) yield return ("training", "Training", () => CurveSections.Training(page, i));
            yield return ("about", "Model, data, limits", () => AboutSections.Add(page, i));
        }
    }
}
