using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;

namespace Fovea.Training.Evaluation.Explanations;

/// <summary>How maps are scored.</summary>
/// <param name="Options">How the model is asked.</param>
public sealed record ScoringOptions(ExplanationOptions Options)
{
    /// <summary>Share of the field of view's diameter; default the pointing game's usual 15 pixels of 500.</summary>
    public double Tolerance { get; init; } = 0.03;

    /// <summary>At most so many images, spread evenly over the set; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>At most so many of them also give deletion and insertion curves, 44 forward passes each; 0 for none.</summary>
    public int CurveImages { get; init; } = 40;

    /// <summary>Draws of random weights for the sanity check; 0 leaves it out. Each costs a map an image, the head and every stage.</summary>
    public int Seeds { get; init; } = 1;
}

/// <summary>Scores a model's maps against lesions whose places are known: pointing game, energy, deletion and insertion, and whether random weights take the maps away.</summary>
public static class ExplanationScorer
{
    private sealed record Scored(LesionImage Truth, PreparedImage Prepared, LesionField Field, GradePrediction Prediction, ActivationMap Map)
    {
        // What a healthy verdict on a diseased eye comes from is not on its lesions; asked is what would have spoken for disease.
        public int Explained => Math.Max(1, Prediction.Grade);

        public bool Hits(ActivationMap map) => HeatmapOverlay.PeakInOriginal(map, Prepared) is var (x, y) && Field.IsHit(x, y);
    }

    /// <param name="report">Told what is done and how many of how many.</param>
    /// <exception cref="DatasetException">No image has a lesion.</exception>
    public static ExplanationScores Score(GradingModel model, LesionSet set, ScoringOptions options, Action<string, int, int>? report = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(options);
        var scored = new List<Scored>();
        var marked = set.Images.Where(i => i.Boxes is { Count: > 0 } || i.Masks is { Count: > 0 }).ToArray();
        var chosen = Spread(marked, options.Limit ?? marked.Length);
        for (var i = 0; i < chosen.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            if (ScoreOne(model, chosen[i], options, cancel) is { } one) scored.Add(one);
            report?.Invoke("Explaining", i + 1, chosen.Count);
        }
        if (scored.Count == 0) throw new DatasetException(set.Source, "no photograph with a lesion in its field of view", "Give photographs with marked lesions");
        var layer = options.Options.Method.LooksAtLayer() ? options.Options.Layer ?? model.Layers[^1] : null;
        return new ExplanationScores(
            Path.GetFileName(model.Name), set.Source, options.Options.Method.Name(), layer, scored.Count, options.Tolerance, scored.Count(s => s.Map.IsFlat), scored.Count(s => s.Prediction.Grade == 0),
            Pointing(scored), Pointing([.. scored.Where(s => s.Prediction.Grade > 0)]),
            new MapEnergy(scored.Average(s => s.Field.EnergyShare(s.Map, s.Prepared)), scored.Average(s => s.Field.AreaShare), Others(scored).Average(o => o.Of.Field.EnergyShare(o.Map, o.Of.Prepared))),
            Curves(model, Spread(scored, options.CurveImages), report, cancel), options.Seeds, Randomise(model, scored, options, report, cancel),
            [.. scored.Select(s => new ImageScore(s.Truth.Id, s.Prediction.Grade, s.Explained, s.Map.IsFlat, s.Hits(s.Map), s.Field.NearShare, s.Field.EnergyShare(s.Map, s.Prepared), s.Field.AreaShare))]);
    }

    private static Scored? ScoreOne(GradingModel model, LesionImage truth, ScoringOptions options, CancellationToken cancel)
    {
        var photograph = FundusImage.Read(truth.Path);
        var field = LesionField.Of(photograph, truth, options.Tolerance);
        if (field.LesionCells == 0) return null;
        var prepared = model.Prepare(photograph);
        var prediction = model.Predict([prepared])[0];
        return new Scored(truth, prepared, field, prediction, model.Explain(prepared, Math.Max(1, prediction.Grade), options.Options, cancel));
    }

    private static PointingGame Pointing(IReadOnlyList<Scored> scored) => scored.Count == 0 ? new PointingGame(Share.From(0, 0), double.NaN, double.NaN, double.NaN) : new PointingGame(
        Share.From(scored.Count(s => s.Hits(s.Map)), scored.Count), scored.Average(s => s.Field.NearShare),
        scored.Average(s => s.Field.IsHit(s.Field.Centre.X, s.Field.Centre.Y) ? 1.0 : 0), Others(scored).Average(o => o.Of.Hits(o.Map) ? 1.0 : 0));

    /// <summary>Each image with the map of the next; in a set that is sorted, half a set away, so that it is not the same patient's.</summary>
    private static IEnumerable<(Scored Of, ActivationMap Map)> Others(IReadOnlyList<Scored> scored) =>
        scored.Select((s, i) => (s, scored[(i + Math.Max(1, scored.Count / 2)) % scored.Count].Map));

    private static MeanCurves? Curves(GradingModel model, IReadOnlyList<Scored> scored, Action<string, int, int>? report, CancellationToken cancel)
    {
        // Of an ensemble whose members see different pictures it is not said which pixels of the others go.
        if (scored.Count == 0 || scored[0].Prepared.Others.Count > 0) return null;
        var (curves, random) = (new List<PerturbationCurve>(), new List<PerturbationCurve>());
        foreach (var one in scored)
        {
            cancel.ThrowIfCancellationRequested();
            // What was explained is "at least this grade"; a softmax's probability of the grade alone would also fall when the image looks worse.
            double Probability(GradePrediction p) => p.ProbabilityFrom(one.Explained);
            curves.Add(PerturbationCurve.Of(model, one.Prepared, Probability, PerturbationCurve.Order(one.Map, one.Prepared)));
            random.Add(PerturbationCurve.Of(model, one.Prepared, Probability, PerturbationCurve.RandomOrder(one.Prepared, curves.Count)));
            report?.Invoke("Deleting and inserting", curves.Count, scored.Count);
        }
        static double[] Mean(IEnumerable<IReadOnlyList<double>> all) => [.. Enumerable.Range(0, all.First().Count).Select(i => all.Average(c => c[i]))];
        return new MeanCurves(curves.Count, curves.Average(c => c.DeletionArea), curves.Average(c => c.InsertionArea), random.Average(c => c.DeletionArea), random.Average(c => c.InsertionArea),
            Mean(curves.Select(c => c.Deletion)), Mean(curves.Select(c => c.Insertion)));
    }

    private static List<RandomisedStage> Randomise(GradingModel model, List<Scored> scored, ScoringOptions options, Action<string, int, int>? report, CancellationToken cancel)
    {
        var results = new List<RandomisedStage>();
        if (options.Seeds == 0) return results;
        var stages = new List<string?> { null };
        foreach (var stage in model.Layers.Reverse().Cast<string?>().Prepend(null))
        {
            if (stage is not null) stages.Add(stage);
            var (correlation, energy, hits, flat) = (0.0, 0.0, 0, 0);
            for (var seed = 0; seed < options.Seeds; seed++)
            {
                using var random = model.WithFreshWeights(stages, (ulong)seed + 1);
                foreach (var one in scored)
                {
                    cancel.ThrowIfCancellationRequested();
                    var map = random.Explain(one.Prepared, one.Explained, options.Options, cancel);
                    correlation += RankCorrelation.Of(one.Map.Values, map.Values) ?? 0;
                    energy += one.Field.EnergyShare(map, one.Prepared);
                    if (one.Hits(map)) hits++;
                    if (map.IsFlat) flat++;
                }
            }
            var count = scored.Count * options.Seeds;
            results.Add(new RandomisedStage([.. stages.Select(s => s ?? "head")], correlation / count, Share.From(hits, count), energy / count, flat));
            report?.Invoke("Randomising weights", results.Count, model.Layers.Count + 1);
        }
        return results;
    }

    private static IReadOnlyList<T> Spread<T>(IReadOnlyList<T> all, int count) =>
        count >= all.Count ? all : [.. Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Count / count)])];
}
