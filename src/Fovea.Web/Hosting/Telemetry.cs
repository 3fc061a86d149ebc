using System.Diagnostics;
using System.Diagnostics.Metrics;
using Fovea.Web.Analysis;

namespace Fovea.Web.Hosting;

/// <summary>What the service counts, under the meter and the activity source <c>Fovea</c>. Nothing of a patient is a label.</summary>
internal sealed class Telemetry : IDisposable
{
    public const string Name = "Fovea";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _images, _uploads, _refused;
    private readonly Histogram<double> _seconds;
    private readonly Histogram<int> _batch;

    public Telemetry()
    {
        _images = _meter.CreateCounter<long>("fovea.images", "{image}", "Images with a result, by outcome.");
        _uploads = _meter.CreateCounter<long>("fovea.uploads", "{image}", "Images accepted.");
        _refused = _meter.CreateCounter<long>("fovea.refused", "{image}", "Files refused at upload, by code.");
        _seconds = _meter.CreateHistogram<double>("fovea.analysis.duration", "s", "From decoding to result.");
        _batch = _meter.CreateHistogram<int>("fovea.analysis.batch", "{image}", "Images graded at once.");
    }

    public ActivitySource Source { get; } = new(Name);

    public void Analysed(IReadOnlyList<NewResult> results)
    {
        _batch.Record(results.Count);
        foreach (var (_, result, _) in results)
        {
            _images.Add(1, new KeyValuePair<string, object?>("outcome", result.Outcome.ToString()));
            _seconds.Record(result.Seconds);
        }
    }

    public void Uploaded(int images) => _uploads.Add(images);

    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));

    public void Dispose()
    {
        _meter.Dispose();
        Source.Dispose();
    }
}
