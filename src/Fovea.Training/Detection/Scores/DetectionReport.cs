using System.Text.Json;
using Fovea.Training.Metrics;

namespace Fovea.Training.Detection.Scores;

/// <summary>How scores are made.</summary>
public sealed record DetectionScoreOptions
{
    /// <summary>The surest boxes of a label and image that count. COCO's own is 100, fewer than some eyes have lesions.</summary>
    public int MostBoxes { get; init; } = 1000;

    /// <summary>Bootstrap resamples by image (or group); 0 leaves the intervals out.</summary>
    public int Resamples { get; init; } = 1000;

    public ulong Seed { get; init; }
}

/// <summary>Scores by one rule of what counts as a hit.</summary>
/// <param name="Rule"><c>iou0.1</c>, <c>iou0.3</c>, <c>iou0.5</c> or <c>centreHit</c>.</param>
/// <param name="AveragePrecision">COCO's, at 101 recalls.</param>
/// <param name="Sensitivity">At <see cref="DetectionReport.FalsePositivesPerImage"/>.</param>
/// <param name="F1">The best of all thresholds; precision, recall and threshold are those of it. Threshold null: nothing was found.</param>
public sealed record HitScores(string Rule, double? AveragePrecision, double[]? Sensitivity, double? F1, double? Precision, double? Recall, double? Threshold);

/// <summary>The scores of one label.</summary>
/// <param name="Truth">Things that are there and count.</param>
/// <param name="Images">Images with one.</param>
/// <param name="Ap">COCO's: the mean over IoU 0.50, 0.55 … 0.95.</param>
/// <param name="Ap50">COCO's at IoU 0.50.</param>
/// <param name="VocAp50">PASCAL VOC's since 2010, at IoU 0.50.</param>
/// <param name="ApSmall">As <paramref name="Ap"/>, of things below 32² pixels.</param>
/// <param name="ApMedium">From 32² to below 96².</param>
/// <param name="ApLarge">From 96².</param>
/// <param name="ImageAuc">How well the surest box of an image tells whether it has one: the area under the ROC curve.</param>
public sealed record LabelScores(string Label, long Truth, int Images, double? Ap, double? Ap50, double? Ap75, double? VocAp50, double? ApSmall, double? ApMedium, double? ApLarge, double? ImageAuc,
    IReadOnlyList<HitScores> Hits);

/// <summary>Every score of a detector on a set. Null means not defined: nothing of the kind is there. Names in JSON are these in camel case.</summary>
/// <param name="FalsePositivesPerImage">Where sensitivities are given.</param>
/// <param name="Mean">Means over the labels that occur: ap, ap50, ap75, vocAp50, apSmall, apMedium, apLarge, imageAuc, ap of each rule, and froc of each rule (over the seven rates).</param>
/// <param name="Intervals">By name: <c>LABEL.ap50</c>, <c>mean.ap50</c>, <c>LABEL.centreHit.sensitivity8</c> …</param>
public sealed record DetectionReport(int Images, IReadOnlyList<LabelScores> Labels, IReadOnlyList<double> FalsePositivesPerImage, IReadOnlyDictionary<string, double?> Mean,
    IReadOnlyDictionary<string, Interval> Intervals, int MostBoxes, int Resamples)
{
    private static readonly HitRule[] Rules = [new(0.1), new(0.3), new(0.5), HitRule.CentreHit];
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="ArgumentException">There is no image.</exception>
    public static DetectionReport Compute(DetectionTable table, DetectionScoreOptions? options = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        options ??= new DetectionScoreOptions();
        if (table.Images.Count == 0) throw new ArgumentException("scores need images", nameof(table));
        var matched = new Matched[table.Labels.Count];
        Parallel.For(0, matched.Length, new ParallelOptions { CancellationToken = cancel }, i => matched[i] = new Matched(table, i, options.MostBoxes));
        int[] once = [.. Enumerable.Repeat(1, table.Images.Count)];
        var mean = matched.Where(m => m.Totals(once) > 0).SelectMany(m => m.Figures(once)).GroupBy(f => f.Name).ToDictionary(g => g.Key, g => g.Average(f => f.Value));
        var groups = table.Images.Select((image, i) => image.Group ?? $"\0{i}").ToArray();
        var numbers = groups.Distinct().Select((g, i) => (g, i)).ToDictionary(p => p.g, p => p.i);
        string[] names = [.. Named(once).Select(f => f.Name)];
        var drawn = Bootstrap.Draw([.. groups.Select(g => numbers[g])], numbers.Count, options.Resamples, options.Seed, names.Length, (weights, scores) =>
        {
            var m = 0;
            foreach (var (_, value) in Named([.. weights])) scores[m++] = value ?? double.NaN;
        }, cancel);
        var intervals = new Dictionary<string, Interval>();
        for (var m = 0; m < names.Length; m++)
            if (Bootstrap.IntervalOf(drawn[m]) is { } interval) intervals[names[m]] = interval;
        return new DetectionReport(table.Images.Count, [.. matched.Select(m => m.Scores(once))], RankedBoxes.FrocRates, mean, intervals, options.MostBoxes, options.Resamples);

        IEnumerable<(string Name, double? Value)> Named(int[] weights)
        {
            var all = matched.Select(m => (m.Label, Figures: m.Figures(weights).ToArray())).ToArray();
            foreach (var (label, figures) in all)
                foreach (var (name, value) in figures) yield return ($"{label}.{name}", value);
            for (var i = 0; i < all[0].Figures.Length; i++) yield return ($"mean.{all[0].Figures[i].Name}", all.Select(a => a.Figures[i].Value).Average());
        }
    }

    /// <summary>One label's boxes, matched by every rule, once; scores under weights are then one pass each.</summary>
    private sealed class Matched
    {
        private readonly RankedBoxes[] _overlaps, _small, _medium, _large, _hits;
        private readonly RankedBoxes _voc;
        private readonly Ranking _images;
        private readonly int _imagesWithOne;

        public Matched(DetectionTable table, int label, int most)
        {
            Label = table.Labels[label];
            HitRule[] coco = [.. Enumerable.Range(0, 10).Select(i => new HitRule((50 + 5 * i) / 100.0))];
            RankedBoxes[] Of(AreaRange area) => [.. coco.Select(rule => BoxMatching.Coco(table, label, rule, area, most))];
            (_overlaps, _small, _medium, _large) = (Of(AreaRange.All), Of(AreaRange.Small), Of(AreaRange.Medium), Of(AreaRange.Large));
            _hits = [.. Rules.Select(rule => BoxMatching.Coco(table, label, rule, AreaRange.All, most))];
            _voc = BoxMatching.Voc(table, label, 0.5, most);
            bool[] has = [.. table.Images.Select(image => image.Truth.Any(t => t.Label == label && !t.Ignored))];
            _images = new Ranking([.. table.Images.Select(image => image.Found.Where(f => f.Label == label).Select(f => f.Score).DefaultIfEmpty(0).Max())], has);
            _imagesWithOne = has.Count(h => h);
        }

        public string Label { get; }

        public long Totals(int[] weights) => _voc.Totals(weights).Positives;

        private static double? Over(RankedBoxes[] thresholds, int[] weights) => thresholds.Select(t => t.AveragePrecision(weights)).Average();

        private double? ImageAuc(int[] weights) => _images.Score(weights).Auroc;

        public IEnumerable<(string Name, double? Value)> Figures(int[] weights)
        {
            yield return ("ap", Over(_overlaps, weights));
            yield return ("ap50", _overlaps[0].AveragePrecision(weights));
            yield return ("ap75", _overlaps[5].AveragePrecision(weights));
            yield return ("vocAp50", _voc.AreaUnderEnvelope(weights));
            yield return ("apSmall", Over(_small, weights));
            yield return ("apMedium", Over(_medium, weights));
            yield return ("apLarge", Over(_large, weights));
            yield return ("imageAuc", ImageAuc(weights));
            for (var i = 0; i < Rules.Length; i++)
            {
                var froc = _hits[i].Froc(weights);
                var best = _hits[i].BestF1(weights);
                yield return ($"{Rules[i].Name}.ap", _hits[i].AveragePrecision(weights));
                yield return ($"{Rules[i].Name}.froc", froc?.Average());
                yield return ($"{Rules[i].Name}.sensitivity1", froc?[3]);
                yield return ($"{Rules[i].Name}.sensitivity8", froc?[6]);
                yield return ($"{Rules[i].Name}.f1", best?.F1);
                yield return ($"{Rules[i].Name}.precision", best?.Precision);
                yield return ($"{Rules[i].Name}.recall", best?.Recall);
            }
        }

        public LabelScores Scores(int[] once) => new(Label, Totals(once), _imagesWithOne, Over(_overlaps, once), _overlaps[0].AveragePrecision(once), _overlaps[5].AveragePrecision(once),
            _voc.AreaUnderEnvelope(once), Over(_small, once), Over(_medium, once), Over(_large, once), ImageAuc(once),
            [.. Rules.Select((rule, i) =>
            {
                var best = _hits[i].BestF1(once);
                return new HitScores(rule.Name, _hits[i].AveragePrecision(once), _hits[i].Froc(once), best?.F1, best?.Precision, best?.Recall,
                    best is { Threshold: < double.PositiveInfinity } b ? b.Threshold : null);
            })]);
    }
}
