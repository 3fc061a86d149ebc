using Fovea.Training.Evaluation;
using Fovea.Training.Evaluation.Errors;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Evaluation;

public sealed class ErrorAnalysisTests
{
    [Fact]
    public void Of_Grades_DiseaseCalledHealthyFirstAndTheFarthestFirstAmongThem()
    {
        // (true, predicted): 1→0, 3→0, 4→2, 0→1, 1→2, and one right.
        var analysis = ErrorAnalysis.Of(Table(5, [1, 3, 4, 0, 1, 2], [0, 0, 2, 1, 2, 2]), ordered: true);
        Assert.Equal(
            [(ErrorKind.DiseaseCalledHealthy, 3, 0), (ErrorKind.DiseaseCalledHealthy, 1, 0), (ErrorKind.UnderGraded, 4, 2), (ErrorKind.OverGraded, 1, 2), (ErrorKind.HealthyCalledDiseased, 0, 1)],
            analysis.Cells.Select(c => (c.Kind, c.Truth, c.Predicted)));
        Assert.Equal([(0, 1, 1, 0), (1, 2, 2, 1), (2, 1, 0, 0), (3, 1, 1, 1), (4, 1, 1, 1)], analysis.Classes.Select(c => (c.Class, c.Images, c.Wrong, c.Lower)));
    }

    [Fact]
    public void Of_OctClasses_KnowsHealthyAndUrgentByName()
    {
        var table = new Predictions(4, ["a", "b", "c", "d"], [0, 0, 2, 3], [3, 2, 1, 2]) { ClassNames = ["CNV", "DME", "DRUSEN", "NORMAL"] };
        Assert.Equal([ErrorKind.DiseaseCalledHealthy, ErrorKind.UnderGraded, ErrorKind.OverGraded, ErrorKind.HealthyCalledDiseased], ErrorAnalysis.Of(table, ordered: false).Cells.Select(c => c.Kind));
    }

    [Fact]
    public void Of_Probabilities_TheSurestErrorFirst()
    {
        double[][] p = [[.6, .4], [.1, .9], [.45, .55], [.2, .8]];
        var analysis = ErrorAnalysis.Of(new Predictions(2, ["a", "b", "c", "d"], [1, 0, 0, 1], [0, 1, 1, 1], p), ordered: true);
        Assert.Equal([1, 0, 2], analysis.MostConfident);
    }

    [Fact]
    public void Of_Facts_GroupsByWhatDiffers()
    {
        EvaluatedImage[] images = [.. Enumerable.Range(0, 6).Select(i => new EvaluatedImage($"{i}", i < 2 ? "blurred" : "good", 640, 480, "one", i % 2 == 0 ? "left" : "right"))];
        var analysis = ErrorAnalysis.Of(Table(5, [0, 1, 2, 3, 4, 0], [1, 1, 2, 3, 4, 0]), ordered: true, images);
        Assert.Equal([("quality", "good", 4, 0), ("quality", "blurred", 2, 1), ("eye", "left", 3, 1), ("eye", "right", 3, 0)], analysis.Groups.Select(g => (g.By, g.Value, g.Images, g.Wrong)));
    }

    // Wilson 1927 for 1 of 10, as statsmodels' proportion_confint(1, 10, method="wilson") has it: 0.01787621, 0.40415002.
    [Fact]
    public void Wilson_OneOfTen_AsPublished()
    {
        var interval = ErrorAnalysis.Wilson(1, 10)!;
        Assert.Equal(0.01787621, interval.Low, 7);
        Assert.Equal(0.40415002, interval.High, 7);
        Assert.Null(ErrorAnalysis.Wilson(0, 0));
    }

    // Labels 0,0,0,1,1,1. Means of p(label): class 0 (.9 + .8 + .2)/3 = .6333, class 1 (.9 + .7 + .6)/3 = .7333.
    // Image 2 has p(1) = .8 ≥ .7333 and p(0) = .2 < .6333: confidently 1, labelled 0. Images 4 (.7) and 5 (.6) are confident of nothing.
    // Joint [2 1][0 1]: of class 0 a third is doubted, of class 1 nothing: noise 1/3 · 3/6.
    [Fact]
    public void Audit_ByHand_DoubtsTheOneLabel()
    {
        double[][] p = [[.9, .1], [.8, .2], [.2, .8], [.1, .9], [.3, .7], [.4, .6]];
        var audit = ConfidentLearning.Audit(new Predictions(2, ["a", "b", "c", "d", "e", "f"], [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 1], p));
        Assert.Equal(1.9 / 3, audit.Thresholds[0]!.Value, 12);
        Assert.Equal([[2, 1], [0, 1]], audit.Joint);
        Assert.Equal([new LabelIssue(2, 1, .2 - .8)], audit.Issues);
        Assert.Equal(1 / 6.0, audit.NoiseShare, 12);
    }

    // 400 images of which 20 labels are moved; the model is right about the true class mostly.
    [Fact]
    public void Audit_MovedLabels_AreFoundFirst()
    {
        var random = new SeededRandom(5);
        int[] truth = [.. Enumerable.Range(0, 400).Select(i => i % 4)], label = [.. truth.Select((t, i) => i < 20 ? (t + 2) % 4 : t)];
        double[][] p = [.. truth.Select(t =>
        {
            var z = Enumerable.Range(0, 4).Select(c => Math.Exp(random.NextNormal() + (c == t ? 5 : 0))).ToArray();
            return z.Select(v => v / z.Sum()).ToArray();
        })];
        var issues = ConfidentLearning.Audit(new Predictions(4, [.. truth.Select((_, i) => $"{i}")], label, truth, p)).Issues;
        Assert.InRange(issues.Take(20).Count(i => i.Row < 20), 17, 20);
        Assert.All(issues.Where(i => i.Row < 20), i => Assert.True(i.Suggested != label[i.Row]));
    }

    [Fact]
    public void FeatureNeighbours_ByAngle_NearestFirstWithoutItself()
    {
        float[][] features = [[1, 0], [0, 1], [2, 0.1f], [1, 1], [0, 0]];
        Assert.Equal([2, 3], FeatureNeighbours.Of(features, 0, 2).Select(n => n.Row));
        Assert.Equal(Math.Sqrt(0.5), FeatureNeighbours.Of(features, 0, 2)[1].Similarity, 6);
    }

    // Ten images, certainty falling with the row, the last two wrong: referring a fifth leaves no error; of 6 positives the two wrong ones are missed alone and found by people.
    [Fact]
    public void ReferralCurve_ErrorsAmongTheLeastCertain_VanishAsTheyAreReferred()
    {
        int[] truth = [0, 1, 0, 1, 0, 1, 0, 1, 1, 1], predicted = [0, 1, 0, 1, 0, 1, 0, 1, 0, 0];
        double[][] p = [.. predicted.Select((c, i) => c == 0 ? (double[])[0.95 - 0.04 * i, 0.05 + 0.04 * i] : [0.05 + 0.04 * i, 0.95 - 0.04 * i])];
        var curve = ReferralCurve.Of(new Predictions(2, [.. truth.Select((_, i) => $"{i}")], truth, predicted, p), new Decision("sick", "sick", [1]));
        var all = curve.Points[0];
        Assert.Equal((10, 0.8, 0.6667, 0.6667), (all.Kept, all.Accuracy, Math.Round(all.Sensitivity!.Value, 4), Math.Round(all.SensitivityTogether!.Value, 4)));
        var fifth = curve.Points.Single(x => x.Kept == 8);
        Assert.Equal((0.2, 1.0, 1.0, 1.0), (Math.Round(fifth.Referred, 12), fifth.Accuracy, fifth.Sensitivity, fifth.SensitivityTogether));
    }

    private static Predictions Table(int classes, int[] truth, int[] predicted) => new(classes, [.. truth.Select((_, i) => $"{i}")], truth, predicted);
}
