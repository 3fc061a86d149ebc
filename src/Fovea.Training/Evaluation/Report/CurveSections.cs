using System.Globalization;
using Fovea.Training.Metrics;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation.Report;

/// <summary>ROC, precision–recall, reliability, referral, training curves, and where the network looked.</summary>
internal static class CurveSections
{
    public static void Curves(HtmlPage page, ReportInput input)
    {
        var p = input.Predictions!;
        page.Section("Curves", "What other thresholds on the probabilities would do. Point at a curve to read it; the numbers are in the tables.", "curves");
        page.Markup("<div class=\"plots\">");
        IReadOnlyList<Decision> decisions = input.Ordered ? Decision.OfGrades : input.MainDecision is { } urgent ? [urgent] : [];
        string[] titles = ["any (≥ 1)", "referable (≥ 2)", "vision-threatening (≥ 3)"];
        if (decisions.Count > 0)
            Pair(page, "clinical decisions", decisions.Select((d, i) => (input.Ordered ? titles[i] : d.Title, Rank(p, d.IsPositive, row => d.Positive.Sum(c => row[c])))));
        if (p.ClassCount <= 10) Pair(page, "each class against the rest", Enumerable.Range(0, p.ClassCount).Select(c => (input.Names[c], Rank(p, t => t == c, row => row[c]))));
        page.Markup("</div>");
    }

    private static Ranking Rank(Predictions p, Func<int, bool> positive, Func<double[], double> score) =>
        new(Array.ConvertAll(p.Probabilities!, row => score(row)), Array.ConvertAll(p.Truth, t => positive(t)));

    private static void Pair(HtmlPage page, string of, IEnumerable<(string Name, Ranking Ranking)> all)
    {
        var roc = new Plot($"ROC: {of}", "Sensitivity against false alarms; the further up and left the better; the dashed line is chance.", PlotAxis.Share("1 − specificity"), PlotAxis.Share("sensitivity")).Guide(0, 0, 1, 1);
        var pr = new Plot($"Precision and recall: {of}", "Precision against recall; the further up and right the better.", PlotAxis.Share("recall"), PlotAxis.Share("precision"));
        var colour = 0;
        foreach (var (name, ranking) in all)
        {
            var curve = ranking.Curve();
            var (positives, negatives) = (curve.Count > 0 ? curve[^1].TruePositives : 0, curve.Count > 0 ? curve[^1].FalsePositives : 0);
            var scores = ranking.Score();
            var c = colour++ % 10;
            if (positives == 0 || negatives == 0) continue;
            roc.Line(string.Create(CultureInfo.InvariantCulture, $"{name}: {scores.Auroc:0.000}"), c, curve.Select(x => ((double)x.FalsePositives / negatives, (double)x.TruePositives / positives)).Prepend((0, 0)));
            pr.Line(string.Create(CultureInfo.InvariantCulture, $"{name}: {scores.AveragePrecision:0.000}"), c, curve.Select(x => ((double)x.TruePositives / positives, (double)x.TruePositives / (x.TruePositives + x.FalsePositives))));
        }
        page.Markup(roc.Draw()).Markup(pr.Draw());
    }

    public static void Certainty(HtmlPage page, ReportInput input)
    {
        page.Section("Certainty", "Whether the probabilities can be believed, and what is gained when the least certain images go to a person.", "certainty");
        page.Markup("<div class=\"plots\">");
        Reliability(page, input.Metrics);
        Referral(page, input);
        page.Markup("</div>");
        Sets(page, input);
    }

    private static void Reliability(HtmlPage page, MetricsReport m)
    {
        if (m.Reliability is not { } bins) return;
        var plot = new Plot(string.Create(CultureInfo.InvariantCulture, $"Reliability: calibration error {m.ExpectedCalibrationError:0.000}"),
            "Share of right answers against the probability that the model gave its most probable class; on the dashed line they agree; bars show how many images there are.",
            PlotAxis.Share("probability given"), PlotAxis.Share("share that was right")).Guide(0, 0, 1, 1);
        double most = Math.Max(1, bins.Max(b => b.Count));
        foreach (var b in bins.Where(b => b.Count > 0)) plot.Bar(b.Low, b.High, b.Count / most, 9, faint: true);
        plot.Line("share right", 0, bins.Where(b => b.Count > 0).Select(b => (b.Confidence!.Value, b.Accuracy!.Value)), markers: true);
        page.Markup(plot.Draw());
    }

    private static void Referral(HtmlPage page, ReportInput input)
    {
        var curve = ReferralCurve.Of(input.Predictions!, input.MainDecision);
        var plot = new Plot("Referral: the least certain images to a person", "Scores of the images that the model keeps, against the share that a person grades.", new PlotAxis("share referred to a person", 0, 1, Percent: true), PlotAxis.Share("score of the rest"));
        IEnumerable<(double, double)> Of(Func<ReferralPoint, double?> value) => curve.Points.Where(x => value(x) is not null).Select(x => (x.Referred, value(x)!.Value));
        if (input.Ordered) plot.Line("quadratic weighted kappa", 0, Of(x => x.QuadraticWeightedKappa));
        plot.Line("accuracy", 2, Of(x => x.Accuracy));
        if (curve.Decision is { } decision)
        {
            plot.Line($"sensitivity, {decision}", 1, Of(x => x.Sensitivity));
            plot.Line("sensitivity together with a person who is always right", 3, Of(x => x.SensitivityTogether), dashed: true);
        }
        page.Markup(plot.Draw());
    }

    private static void Sets(HtmlPage page, ReportInput input)
    {
        if (input.Evaluation?.Sets is not { } sets || input.Card?.Decoding.Conformal is not { } spec) return;
        var truth = input.Predictions!.Truth;
        var held = sets.Where((s, i) => s.Contains(truth[i])).Count();
        var interval = Errors.ErrorAnalysis.Wilson(held, sets.Count)!;
        page.Markup("<h3>Sets of grades</h3>").Note(string.Create(CultureInfo.InvariantCulture,
            $"The model file promises that the true grade is in its set of {(spec.Contiguous ? "neighbouring grades" : "classes")} for {spec.Coverage:P0} of images like those it was calibrated on. Here it was for {(double)held / sets.Count:P1} (95 %: {interval.Low:P1} – {interval.High:P1}); a set holds {sets.Average(s => s.Count):0.00} on average."));
        page.Table(["Grades in the set", "#Images", "#Share", "#Held the true one"], sets.Select((s, i) => (s.Count, Held: s.Contains(truth[i]))).GroupBy(x => x.Count).OrderBy(g => g.Key)
            .Select(g => (IReadOnlyList<string>)[Whole(g.Key), Whole(g.Count()), Percent((double)g.Count() / sets.Count), Percent((double)g.Count(x => x.Held) / g.Count())]));
        page.Table([input.Ordered ? "True grade" : "True class", "#Images", "#Held the true one"], Enumerable.Range(0, input.Metrics.Classes).Where(c => truth.Contains(c)).Select(c =>
        {
            bool[] of = [.. sets.Where((_, i) => truth[i] == c).Select(s => s.Contains(c))];
            return (IReadOnlyList<string>)[input.Names[c], Whole(of.Length), Percent((double)of.Count(h => h) / of.Length)];
        }));
    }

    public static void Examples(HtmlPage page, ReportInput input)
    {
        page.Section("Where the network looked", "What the network was given, and Grad-CAM over it: warm colours mark what spoke for the predicted grade. A wrong grade is marked.", "looked");
        page.Gallery(input.Examples.Select(e => (e.Jpeg, "image/jpeg",
            string.Create(CultureInfo.InvariantCulture, $"{e.Name}: true {input.Names[e.Truth]}, predicted {input.Names[e.Predicted]} ({e.Probability:P0})"), e.Truth != e.Predicted)));
    }

    public static void Training(HtmlPage page, ReportInput input)
    {
        var history = input.History;
        page.Section("Training", "Loss of the training images (with augmentation) and of the validation images; then the validation scores.", "training");
        IEnumerable<(double, double)> Of(Func<EpochMetrics, double?> value) => history.Where(e => value(e) is not null).Select(e => ((double)e.Epoch, value(e)!.Value));
        var epochs = PlotAxis.Fit("epoch", history.Select(e => (double)e.Epoch), whole: true);
        page.Markup("<div class=\"plots\">");
        page.Markup(Staged(new Plot("Loss", "Training and validation loss by epoch.", epochs, PlotAxis.Fit("loss", history.SelectMany(e => new[] { e.Loss, e.ValidationLoss ?? double.NaN }).Append(0))))
            .Line("training", 0, Of(e => e.Loss)).Line("validation", 1, Of(e => e.ValidationLoss)).Draw());
        if (history.Any(e => e.QuadraticWeightedKappa is not null || e.Accuracy is not null))
        {
            page.Markup(Staged(new Plot("Validation scores", "Scores of the validation images by epoch.", epochs, PlotAxis.Share("score"))).Line("quadratic weighted kappa", 2, Of(e => e.QuadraticWeightedKappa))
                .Line("accuracy", 3, Of(e => e.Accuracy)).Line("AUC", 4, Of(e => e.Auc)).Line("macro F1", 1, Of(e => e.F1Macro)).Draw());
        }
        page.Markup(Staged(new Plot("Learning rate", "By epoch.", epochs, PlotAxis.Fit("learning rate", history.Select(e => e.LearningRate).Append(0)))).Line("learning rate", 5, Of(e => e.LearningRate)).Draw());
        page.Markup("</div>");

        Plot Staged(Plot plot)
        {
            for (var i = 0; i < history.Count; i++)
                if (history[i].Stage is { } stage && (i == 0 || history[i - 1].Stage != stage)) plot.Mark(history[i].Epoch, stage);
            return plot;
        }
    }

    private static string Whole(int n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("P1", CultureInfo.InvariantCulture);
}
