using Fovea.Detection;
using Fovea.Training.Detection.Scores;

namespace Fovea.Training.Tests.Detection;

public class DetectionScoresTests
{
    private static readonly DetectionScoreOptions Plain = new() { Resamples = 0 };

    private static Marked Truth(float x, float side = 10, int label = 0, bool ignored = false) => new(new Box(x, 0, x + side, side), label, ignored);

    private static Found Box(float x, double score, float side = 10, int label = 0) => new(new Box(x, 0, x + side, side), label, score);

    private static DetectionTable Table(params DetectionImage[] images) => new(["microaneurysm"], images);

    private static LabelScores Scores(params DetectionImage[] images) => DetectionReport.Compute(Table(images), Plain, TestContext.Current.CancellationToken).Labels[0];

    /// <summary>
    /// Four things, boxes by score: right, wrong, right, right, and one thing never found. Recall 1/4, 1/4, 2/4, 3/4 with precision 1, 1/2, 2/3, 3/4; the envelope is 1 up to recall 1/4, then 3/4 up to
    /// 3/4, then nothing. Of COCO's recalls 0 … 1 in steps of 0.01, 26 are at most 0.25, 50 more at most 0.75: AP = (26·1 + 50·0.75) / 101. The area: 0.25·1 + 0.5·0.75 = 0.625.
    /// </summary>
    [Fact]
    public void Compute_FourThingsThreeFound_HasApWorkedByHand()
    {
        var s = Scores(new DetectionImage("a", [Truth(0), Truth(100), Truth(200), Truth(300)], [Box(0, 0.9), Box(50, 0.8), Box(100, 0.7), Box(200, 0.6)]));
        Assert.Equal((26 + 50 * 0.75) / 101, s.Ap50!.Value, 1e-12);
        Assert.Equal(s.Ap50.Value, s.Ap!.Value, 1e-12); // the right ones lie exactly: every IoU is 1
        Assert.Equal(0.625, s.VocAp50!.Value, 1e-12);
        Assert.Equal((4, 1), (s.Truth, s.Images));
        Assert.Equal(s.Ap50.Value, s.ApSmall!.Value, 1e-12);
        Assert.Null(s.ApLarge); // none is there
    }

    /// <summary>The box is shifted by 2 of 10 pixels: IoU 8/12 = 0.667, right at 0.50, 0.55, 0.60, 0.65 and wrong at the other six thresholds.</summary>
    [Fact]
    public void Compute_ShiftedBox_CountsUpToItsOverlap()
    {
        var s = Scores(new DetectionImage("a", [Truth(0)], [Box(2, 0.5)]));
        Assert.Equal(1, s.Ap50!.Value, 1e-12);
        Assert.Equal(0, s.Ap75!.Value, 1e-12);
        Assert.Equal(0.4, s.Ap!.Value, 1e-12);
    }

    [Fact]
    public void Compute_SecondBoxOnOneThing_IsWrong()
    {
        // right, wrong (the thing is taken): the envelope stays 1 up to recall 1
        Assert.Equal(1, Scores(new DetectionImage("a", [Truth(0)], [Box(0, 0.9), Box(0, 0.8)])).Ap50!.Value, 1e-12);
        var s = Scores(new DetectionImage("a", [Truth(0), Truth(100)], [Box(0, 0.9), Box(1, 0.8), Box(100, 0.7)]));
        // recall 1/2 at precision 1, then 1 at 2/3: 51 recalls at 1, 50 at 2/3
        Assert.Equal((51 + 50 * 2.0 / 3) / 101, s.Ap50!.Value, 1e-12);
    }

    [Fact]
    public void Compute_DifficultThing_CountsNeitherWay()
    {
        var with = Scores(new DetectionImage("a", [Truth(0), Truth(100, ignored: true)], [Box(100, 0.95), Box(100, 0.94), Box(0, 0.9)]));
        Assert.Equal((1, 1.0, 1.0), (with.Truth, with.Ap50, with.VocAp50));
    }

    /// <summary>A large thing of 100 × 100 and a small one of 10 × 10: for "small" the large one and its box count nothing.</summary>
    [Fact]
    public void Compute_Areas_LeaveOutTheOthers()
    {
        var s = Scores(new DetectionImage("a", [Truth(0), Truth(200, 100)], [Box(0, 0.5), Box(200, 0.9, 100), Box(600, 0.95, 100)]));
        Assert.Equal(1, s.ApSmall!.Value, 1e-12); // the wrong one is large
        Assert.Equal(0.5, s.ApLarge!.Value, 1e-12); // wrong, right: precision 1/2 throughout
        Assert.Null(s.ApMedium);
    }

    /// <summary>
    /// Two images, four things. By score: right, wrong, right, wrong, wrong, right. Up to 1/8, 1/4 wrong per image of two none may be wrong: sensitivity 1/4. At 1/2 one may: 2/4; at 1 two: 2/4; at 2
    /// (four) and more all: 3/4.
    /// </summary>
    [Fact]
    public void Compute_Froc_IsSensitivityAtFalsePositives()
    {
        var s = Scores(
            new DetectionImage("a", [Truth(0), Truth(100)], [Box(0, 0.9), Box(50, 0.8), Box(100, 0.7)]),
            new DetectionImage("b", [Truth(0), Truth(100)], [Box(50, 0.6), Box(200, 0.5), Box(100, 0.4)]));
        var hit = s.Hits.Single(h => h.Rule == "iou0.5");
        Assert.Equal([0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 0.75], hit.Sensitivity!);
        // F1 = 2·right / (found + 4): 2/5, 2/6, 4/7, 4/8, 4/9, 6/10: the last is best
        Assert.Equal((0.6, 0.5, 0.75, 0.4), (hit.F1!.Value, hit.Precision!.Value, hit.Recall!.Value, hit.Threshold!.Value));
    }

    [Fact]
    public void Compute_EqualScores_StandOrFallTogether()
    {
        var hit = Scores(new DetectionImage("a", [Truth(0)], [Box(50, 0.5), Box(0, 0.5)])).Hits.Single(h => h.Rule == "iou0.5");
        // Below one false positive an image neither may be taken.
        Assert.Equal([0, 0, 0, 1, 1, 1, 1], hit.Sensitivity!);
    }

    [Fact]
    public void Compute_CentreHit_AsksForTheCentreAlone()
    {
        var s = Scores(new DetectionImage("a", [Truth(0, 40)], [Box(15, 0.5, 4)]));
        Assert.Equal(1, s.Hits.Single(h => h.Rule == "centreHit").AveragePrecision!.Value, 1e-12);
        Assert.Equal(0, s.Hits.Single(h => h.Rule == "iou0.1").AveragePrecision!.Value, 1e-12); // 16 of 1600 pixels
        Assert.Equal(0, Scores(new DetectionImage("a", [Truth(0, 40)], [Box(38, 0.5, 4)])).Hits.Single(h => h.Rule == "centreHit").AveragePrecision!.Value); // its centre is at 40, the edge
    }

    /// <summary>The image with a lesion scores 0.4; of the two without, one has 0.6 and one nothing: it beats one of two.</summary>
    [Fact]
    public void Compute_ImageAuc_RanksImagesByTheirSurestBox()
    {
        var s = Scores(new DetectionImage("a", [Truth(0)], [Box(0, 0.4)]), new DetectionImage("b", [], [Box(0, 0.6)]), new DetectionImage("c", [], []));
        Assert.Equal(0.5, s.ImageAuc!.Value, 1e-12);
    }

    [Fact]
    public void Compute_Intervals_HoldTheFigureAndRepeat()
    {
        var images = Enumerable.Range(0, 20).Select(i => new DetectionImage($"{i}", [Truth(0)], i % 4 == 0 ? [Box(50, 0.5 + 0.01 * i)] : [Box(0, 0.3 + 0.02 * i)])).ToArray();
        var options = new DetectionScoreOptions { Resamples = 200, Seed = 3 };
        var a = DetectionReport.Compute(Table(images), options, TestContext.Current.CancellationToken);
        var interval = a.Intervals["microaneurysm.ap50"];
        Assert.InRange(a.Labels[0].Ap50!.Value, interval.Low, interval.High);
        Assert.True(interval.High - interval.Low > 0.05);
        Assert.Equal(a.Intervals, DetectionReport.Compute(Table(images), options, TestContext.Current.CancellationToken).Intervals);
        // Twenty copies of one patient are one sample: no width.
        var one = DetectionReport.Compute(Table([.. images.Select(i => i with { Group = "p" })]), options, TestContext.Current.CancellationToken).Intervals["microaneurysm.ap50"];
        Assert.Equal(one.Low, one.High);
    }

    [Fact]
    public void Compute_TextAndJson_NameEveryLabel()
    {
        var report = DetectionReport.Compute(new DetectionTable(["microaneurysm", "soft_exudate"], [new DetectionImage("a", [Truth(0)], [Box(0, 0.9)])]), new DetectionScoreOptions { Resamples = 10 }, TestContext.Current.CancellationToken);
        var text = DetectionText.Of(report);
        Assert.Contains("soft_exudate", text, StringComparison.Ordinal);
        Assert.Equal(1, report.Mean["ap50"]!.Value, 1e-12); // soft exudates, which do not occur, are no part of it
        using var json = System.Text.Json.JsonDocument.Parse(report.ToJson());
        Assert.Equal(1, json.RootElement.GetProperty("labels")[0].GetProperty("ap50").GetDouble());
    }
}
