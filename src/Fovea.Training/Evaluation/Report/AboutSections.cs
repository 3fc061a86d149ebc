using System.Globalization;
using System.Text;
using Fovea.Reporting;
using Fovea.Training.Recipes;

namespace Fovea.Training.Evaluation.Report;

/// <summary>What the model is, where it comes from, and what it must not be used for.</summary>
internal static class AboutSections
{
    private const int FewImages = 30;

    public static void Add(HtmlPage page, ReportInput input)
    {
        page.Section("Model, data, limits", null, "about");
        page.Markup("<h3>Limits of use</h3><ul class=\"limits\">" + string.Concat(Limits(input).Select(l => $"<li>{HtmlPage.Escape(l)}</li>")) + "</ul>");
        if (input.Card is { } card)
        {
            page.Markup("<h3>Model card</h3>");
            var facts = new StringBuilder("<dl class=\"card\">");
            void Fact(string name, string? value)
            {
                if (value is not null) facts.Append(CultureInfo.InvariantCulture, $"<dt>{HtmlPage.Escape(name)}</dt><dd>{HtmlPage.Escape(value)}</dd>");
            }
            Fact("File", input.ModelName is null ? null : Path.GetFileName(input.ModelName));
            Fact("Task", card.Task);
            Fact("Network", $"{card.Architecture}, {card.Head.Kind.ToString().ToLowerInvariant()} head, {card.Head.Classes} classes");
            Fact("Input", $"{card.Preprocessing.Size} × {card.Preprocessing.Size} pixels");
            Fact("Licence", card.Licence);
            foreach (var d in card.Data) Fact($"Data: {d.Role}", $"{d.Name}, {d.Images.ToString(CultureInfo.InvariantCulture)} images; {d.Licence}{(d.Source is null ? "" : $"; {d.Source}")}");
            foreach (var (name, value) in card.Metrics) Fact($"As trained: {name}", $"{ScoreSections.Figure(value.Value)}{(value is { Low: { } low, High: { } high } ? $" ({ScoreSections.Figure(low)} – {ScoreSections.Figure(high)})" : "")}");
            Fact("Temperature", card.Decoding.Temperature == 1 ? null : card.Decoding.Temperature.ToString("0.###", CultureInfo.InvariantCulture));
            Fact("Thresholds", card.Decoding.Thresholds is { } t ? string.Join(", ", t.Select(v => v.ToString("0.###", CultureInfo.InvariantCulture))) : null);
            Fact("Calibrated on", card.Calibration is { } c ? $"{c.Data}, {c.Images.ToString(CultureInfo.InvariantCulture)} images" : null);
            Fact("Made", card.Created?.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
            Fact("By", card.Producer);
            Fact("SHA-256 of the weights", card.WeightsSha256.Length > 0 ? card.WeightsSha256 : null);
            page.Markup(facts.Append("</dl>").ToString());
        }
        if (input.Environment is { } e)
        {
            page.Markup("<h3>Measured with</h3>");
            page.Markup($"<dl class=\"card\"><dt>Fovea</dt><dd>{HtmlPage.Escape(e.Fovea)}</dd><dt>libtorch</dt><dd>{HtmlPage.Escape(e.Libtorch)}</dd><dt>.NET</dt><dd>{HtmlPage.Escape(e.Runtime)}</dd><dt>System</dt><dd>{HtmlPage.Escape(e.OperatingSystem)}</dd><dt>Processor</dt><dd>{HtmlPage.Escape(e.Processor)}, {e.Threads.ToString(CultureInfo.InvariantCulture)} threads</dd></dl>");
        }
        if ((input.Recipe is { } r ? RecipeFile.Write(r) : input.RecipeText) is { } recipe)
            page.Markup($"<h3>Recipe</h3><details><summary>The training recipe</summary><pre tabindex=\"0\">{HtmlPage.Escape(recipe)}</pre></details>");
        if (input.Next is not null) page.Markup("<h3>Next</h3>").Code(input.Next);
    }

    private static IEnumerable<string> Limits(ReportInput input)
    {
        var m = input.Metrics;
        yield return $"Fovea is {GradeReport.ResearchNotice}. No patient may be sent home, or treated, on its word.";
        yield return $"The figures hold for {input.Subject}. Other cameras, other photographers and other people give other figures; the intervals do not cover that.";
        yield return input.Ordered ? "It grades diabetic retinopathy, and says nothing of glaucoma, macular degeneration, occlusions or any other disease." : "It knows the classes that it was trained on, and gives one of them to any picture.";
        var few = m.PerClass.Where(c => c.Support < FewImages).Select(c => $"{input.Names[c.Class]} ({c.Support})").ToArray();
        if (few.Length > 0) yield return $"Few images were measured of: {string.Join(", ", few)}. What is said of them alone is little more than a guess.";
        if (m.Bootstrap?.By == "sample") yield return "Patients were not known: two eyes of one patient count as independent, so that the intervals may be too narrow.";
        if (input.Card is { Calibration: null } && m.ExpectedCalibrationError is > 0.05) yield return string.Create(CultureInfo.InvariantCulture, $"The probabilities are off by {m.ExpectedCalibrationError:P0} on average; `fovea calibrate` mends that.");
    }
}
