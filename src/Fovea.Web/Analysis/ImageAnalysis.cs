using System.Diagnostics;
using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Quality;

namespace Fovea.Web.Analysis;

/// <summary>A photograph between decoding and grading, or its result where there will be no grade.</summary>
internal sealed record PreparedPhotograph(string Id, long Started, FoundQuality? Quality, PreparedImage? Prepared, IReadOnlyList<FoundLesion>? Lesions, AnalysisResult? Result);

/// <summary>
/// The way of a photograph from bytes to result, in the two parts that the service runs on different threads. Knows nothing of the service: the same calls are the bare engine of the load test.
/// </summary>
internal sealed class ImageAnalysis
{
    /// <summary>Larger pictures are refused before they are decoded.</summary>
    public const long MostPixels = 60_000_000;

    private readonly GradingModel _model;
    private readonly UsedModel _used;
    private readonly Func<FundusImage, IReadOnlyList<FoundLesion>>? _detector;

    /// <param name="detector">Marks lesions; null for none.</param>
    public ImageAnalysis(GradingModel model, string version, Func<FundusImage, IReadOnlyList<FoundLesion>>? detector = null)
    {
        (_model, _detector) = (model, detector);
        var card = model.Card;
        _used = new UsedModel(card.WeightsSha256[..12], Path.GetFileName(model.Name), card.WeightsSha256, card.Architecture, version);
    }

    public UsedModel Model => _used;

    /// <summary>Decodes, judges, and prepares what is good enough. Throws nothing for what a file may hold.</summary>
    public PreparedPhotograph Prepare(string id, byte[] bytes)
    {
        var started = Stopwatch.GetTimestamp();
        FundusImage photograph;
        try
        {
            photograph = FundusImage.Decode(bytes, "the image", new DecodeOptions { MaxPixels = MostPixels });
        }
        catch (UnreadableImageException e)
        {
            return new PreparedPhotograph(id, started, null, null, null, None(Outcome.Unreadable, null, e.Message, started));
        }
        var quality = QualityOf(QualityAssessor.Assess(photograph));
        if (!quality.Gradable) return new PreparedPhotograph(id, started, quality, null, null, None(Outcome.Ungradable, quality, null, started));
        return new PreparedPhotograph(id, started, quality, _model.Prepare(photograph), _detector?.Invoke(photograph), null);
    }

    /// <summary>Grades and explains a batch.</summary>
    /// <param name="batch">Prepared ones without a result.</param>
    /// <param name="leastProbability">Below it a grade is unsure.</param>
    public IReadOnlyList<(AnalysisResult Result, StoredMap? Map)> Grade(IReadOnlyList<PreparedPhotograph> batch, double leastProbability)
    {
        var read = _model.PredictAndExplain([.. batch.Select(b => b.Prepared!)]);
        return [.. batch.Zip(read, (b, r) => (ResultOf(b, r.Prediction, leastProbability), r.Map.IsFlat ? null : MapOf(r.Map, b.Prepared!)))];
    }

    /// <summary>The result of an image whose analysis threw.</summary>
    public AnalysisResult Failed(PreparedPhotograph photograph, string detail) => None(Outcome.Failed, photograph.Quality, detail, photograph.Started);

    private AnalysisResult ResultOf(PreparedPhotograph photograph, GradePrediction p, double leastProbability)
    {
        var from = _model.Card.Decoding.ReferableFrom;
        List<UnsureReason> unsure = [];
        if (p.Set is { Count: > 1 } set && set.Any(g => g >= from) && set.Any(g => g < from)) unsure.Add(UnsureReason.SetSpansReferral);
        if (p.Probabilities[p.Grade] < leastProbability) unsure.Add(UnsureReason.LowProbability);
        return new AnalysisResult(Outcome.Graded, photograph.Quality, p.Grade, _model.Card.Classes[p.Grade], [.. p.Probabilities.Select(v => Math.Round(v, 6))], Math.Round(p.Score, 6), from,
            p.Set, p.Set is null ? null : _model.Card.Decoding.Conformal?.Coverage, unsure, photograph.Lesions, _used, null, Seconds(photograph.Started));
    }

    private AnalysisResult None(Outcome outcome, FoundQuality? quality, string? detail, long started) =>
        new(outcome, quality, null, null, null, null, _model.Card.Decoding.ReferableFrom, null, null, [], null, _used, detail, Seconds(started));

    private static double Seconds(long started) => Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 4);

    private static FoundQuality QualityOf(QualityReport report) => new(report.Gradable, [.. report.Problems.Select(p => new FoundProblem(p.Reason, p.Finding, p.Advice))]);

    private static StoredMap MapOf(ActivationMap map, PreparedImage prepared)
    {
        var t = prepared.OriginalToPrepared;
        return new StoredMap(map.Width, map.Height, map.ToImage().Pixels, prepared.Pixels.Width, [t.A, t.B, t.Tx, t.C, t.D, t.Ty]);
    }
}
