using System.Diagnostics;
using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Quality;

namespace Fovea.Web.Analysis;

/// <summary>An image between decoding and grading, or its result where there will be no grade.</summary>
internal sealed record PreparedPhotograph(string Id, long Started, FoundQuality? Quality, PreparedImage? Prepared, IReadOnlyList<FoundLesion>? Lesions, AnalysisResult? Result, ImageKind Kind = ImageKind.Fundus)
{
    /// <summary>Of an image that could not even be decoded.</summary>
    public static PreparedPhotograph Nothing(string id) => new(id, Stopwatch.GetTimestamp(), null, null, null, null);
}

/// <summary>
/// The way of an image from bytes to result, in the two parts that the service runs on different threads. Knows nothing of the service: the same calls are the bare engine of the load test.
/// </summary>
internal sealed class ImageAnalysis
{
    /// <summary>Larger pictures are refused before they are decoded.</summary>
    public const long MostPixels = 60_000_000;

    private readonly Grader _photographs;
    private readonly Grader? _scans;
    private readonly Func<FundusImage, IReadOnlyList<FoundLesion>>? _detector;
    private readonly Func<FundusImage, QualityReport> _judge;

    /// <param name="model">For photographs.</param>
    /// <param name="oct">For OCT scans; null: they are recognised, and said to have no model.</param>
    /// <param name="detector">Marks lesions; null for none.</param>
    /// <param name="judge">Judges the quality of photographs; null for the measures alone.</param>
    public ImageAnalysis(GradingModel model, string version, GradingModel? oct = null, Func<FundusImage, IReadOnlyList<FoundLesion>>? detector = null, Func<FundusImage, QualityReport>? judge = null) =>
        (_photographs, _scans, _detector, _judge) = (new Grader(model, version), oct is null ? null : new Grader(oct, version), detector, judge ?? QualityAssessor.Assess);

    /// <summary>Decodes, judges, and prepares what is good enough. Throws nothing for what a file may hold.</summary>
    public PreparedPhotograph Prepare(string id, byte[] bytes)
    {
        var started = Stopwatch.GetTimestamp();
        FundusImage image;
        try
        {
            image = FundusImage.Decode(bytes, "the image", new DecodeOptions { MaxPixels = MostPixels });
        }
        catch (UnreadableImageException e)
        {
            return new PreparedPhotograph(id, started, null, null, null, None(Outcome.Unreadable, null, e.Message, started));
        }
        if (OctScan.IsOne(image.Pixels))
        {
            return _scans is null
                ? new PreparedPhotograph(id, started, null, null, null, None(Outcome.NoModel, null, "OCT image: no model is configured. A person reads it.", started, ImageKind.Oct), ImageKind.Oct)
                : new PreparedPhotograph(id, started, null, _scans.Model.Prepare(image), null, null, ImageKind.Oct);
        }
        var report = _judge(image);
        var quality = new FoundQuality(report.Gradable, [.. (report.Gradable ? report.Near : report.Problems).Select(p => new FoundProblem(p.Reason, p.Finding, p.Advice))]);
        if (!quality.Gradable) return new PreparedPhotograph(id, started, quality, null, null, None(Outcome.Ungradable, quality, null, started));
        return new PreparedPhotograph(id, started, quality, _photographs.Model.Prepare(image), _detector?.Invoke(image), null);
    }

    /// <summary>Grades and explains a batch, photographs and scans each by their model.</summary>
    /// <param name="batch">Prepared ones without a result.</param>
    /// <param name="leastProbability">Below it a grade is unsure.</param>
    /// <returns>One an image, in their order.</returns>
    public IReadOnlyList<(AnalysisResult Result, StoredMap? Map)> Grade(IReadOnlyList<PreparedPhotograph> batch, double leastProbability)
    {
        var results = new (AnalysisResult, StoredMap?)[batch.Count];
        foreach (var kind in batch.Select((image, i) => (image, i)).GroupBy(b => b.image.Kind))
        {
            var grader = kind.Key == ImageKind.Oct ? _scans! : _photographs;
            foreach (var ((image, i), (prediction, map)) in kind.Zip(grader.Model.PredictAndExplain([.. kind.Select(b => b.image.Prepared!)])))
                results[i] = (ResultOf(grader, image, prediction, leastProbability), map.IsFlat ? null : MapOf(map, image.Prepared!));
        }
        return results;
    }

    /// <summary>The result of an image whose analysis threw.</summary>
    public AnalysisResult Failed(PreparedPhotograph image, string detail) => None(Outcome.Failed, image.Quality, detail, image.Started, image.Kind);

    private static AnalysisResult ResultOf(Grader grader, PreparedPhotograph image, GradePrediction p, double leastProbability)
    {
        var (card, oct) = (grader.Model.Card, image.Kind == ImageKind.Oct);
        var from = card.Decoding.ReferableFrom;
        List<UnsureReason> unsure = [];
        bool Refers(int grade) => oct ? !AnalysisResult.Normal.Equals(card.Classes[grade], StringComparison.OrdinalIgnoreCase) : grade >= from;
        if (p.Set is { Count: > 1 } set && set.Any(Refers) && !set.All(Refers)) unsure.Add(UnsureReason.SetSpansReferral);
        if (p.Probabilities[p.Grade] < leastProbability) unsure.Add(UnsureReason.LowProbability);
        if (image.Quality is { Problems.Count: > 0 }) unsure.Add(UnsureReason.NearUngradable);
        return new AnalysisResult(Outcome.Graded, image.Quality, p.Grade, card.Classes[p.Grade], [.. p.Probabilities.Select(v => Math.Round(v, 6))], Math.Round(p.Score, 6), from,
            p.Set, p.Set is null ? null : card.Decoding.Conformal?.Coverage, unsure, image.Lesions, grader.Used, null, Seconds(image.Started), image.Kind, oct ? card.Classes : null);
    }

    private AnalysisResult None(Outcome outcome, FoundQuality? quality, string? detail, long started, ImageKind kind = ImageKind.Fundus) =>
        new(outcome, quality, null, null, null, null, _photographs.Model.Card.Decoding.ReferableFrom, null, null, [], null, (kind == ImageKind.Oct && _scans is { } scans ? scans : _photographs).Used, detail, Seconds(started), kind);

    private static double Seconds(long started) => Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 4);

    private static StoredMap MapOf(ActivationMap map, PreparedImage prepared)
    {
        var t = prepared.OriginalToPrepared;
        return new StoredMap(map.Width, map.Height, map.ToImage().Pixels, prepared.Pixels.Width, [t.A, t.B, t.Tx, t.C, t.D, t.Ty]);
    }

    private sealed record Grader(GradingModel Model, UsedModel Used)
    {
        public Grader(GradingModel model, string version) : this(model,
            new UsedModel(model.Card.WeightsSha256[..12], Path.GetFileName(model.Name), model.Card.WeightsSha256, model.Card.Architecture, version))
        {
        }
    }
}
