using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Training.Data;

namespace Fovea.Training.Evaluation.Report;

/// <summary>Draws the pictures of a report, small enough that hundreds fit into one file.</summary>
public sealed class ReportPictures(GradingModel model, Dataset data)
{
    private const int Side = 208, ThumbSide = 76, Quality = 82;

    private readonly Dictionary<string, string> _thumbs = new(StringComparer.Ordinal);

    /// <summary>What the network was given, and where it saw what speaks for a grade, side by side, as JPEG.</summary>
    /// <param name="id">Of the data set.</param>
    public byte[] Panel(string id, int grade)
    {
        var prepared = model.Prepare(data.Read(data.Find(id)!.Value));
        var map = model.Explain(prepared, grade);
        var overlay = map.IsFlat ? prepared.Pixels : HeatmapOverlay.OnPrepared(map, prepared);
        var panel = new Image(2 * Side, Side, 3);
        panel.Paste(prepared.Pixels.Resize(Side, Side), 0, 0);
        panel.Paste(overlay.Resize(Side, Side), Side, 0);
        return ImageCodec.Encode(panel, ImageFormat.Jpeg, Quality);
    }

    /// <summary>A small picture as a data address; made once.</summary>
    public string Thumb(string id)
    {
        if (_thumbs.TryGetValue(id, out var made)) return made;
        var prepared = model.Prepare(data.Read(data.Find(id)!.Value));
        return _thumbs[id] = Address(ImageCodec.Encode(prepared.Pixels.Resize(ThumbSide, ThumbSide), ImageFormat.Jpeg, 72));
    }

    internal static string Address(byte[] jpeg) => $"data:image/jpeg;base64,{Convert.ToBase64String(jpeg)}";
}
