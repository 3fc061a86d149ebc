using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Evaluation.Explanations;

/// <summary>A photograph as the network was given it, beside the same under the heat map of the predicted grade.</summary>
/// <param name="Image">The image's id in its set.</param>
/// <param name="Probability">Of the predicted grade.</param>
/// <param name="IsFlat">The map is empty: both halves are the photograph, which a page should say.</param>
/// <param name="Jpeg">Twice as wide as high.</param>
public sealed record GalleryPicture(string Image, int Truth, int Predicted, double Probability, bool IsFlat, byte[] Jpeg)
{
    public bool IsRight => Truth == Predicted;
}

/// <summary>Heat maps by image id and by grade, for pages: the galleries of the reference systems, with true and predicted labels.</summary>
public static class ExplanationGallery
{
    /// <summary>Sides of pictures that fit a page, in pixels.</summary>
    public const int DefaultSide = 256;

    /// <summary>The picture of one image of a set.</summary>
    /// <param name="image">Its id.</param>
    /// <param name="side">Height of the picture in pixels; it is twice as wide.</param>
    /// <exception cref="ArgumentException">The set has no such image.</exception>
    public static GalleryPicture Of(GradingModel model, Dataset data, string image, ExplanationOptions? options = null, OverlayStyle? style = null, int side = DefaultSide, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        for (var i = 0; i < data.Samples.Count; i++)
            if (data.Samples[i].Id == image) return Draw(model, data.Read(i), image, data.Samples[i].Label, options ?? new ExplanationOptions(), style, side, cancel);
        throw new ArgumentException($"{data.Name} has no image '{image}'", nameof(image));
    }

    /// <summary>For each true grade some images that were graded right and some that were not, spread over the set, right ones first; the grades in order.</summary>
    /// <param name="predictions">Of images of <paramref name="data"/>, by their ids; they choose the images, the maps are the model's own.</param>
    public static IEnumerable<GalleryPicture> PerGrade(GradingModel model, Dataset data, Predictions predictions, int right = 2, int wrong = 1, ExplanationOptions? options = null, OverlayStyle? style = null,
        int side = DefaultSide, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(predictions);
        var positions = data.Samples.Select((s, i) => (s.Id, i)).ToDictionary(s => s.Id, s => s.i, StringComparer.Ordinal);
        for (var grade = 0; grade < predictions.ClassCount; grade++)
        {
            var rows = Enumerable.Range(0, predictions.Count).Where(r => predictions.Truth[r] == grade).ToArray();
            int[] chosen = [.. Spread([.. rows.Where(r => predictions.Predicted[r] == grade)], right), .. Spread([.. rows.Where(r => predictions.Predicted[r] != grade)], wrong)];
            foreach (var row in chosen)
            {
                cancel.ThrowIfCancellationRequested();
                var id = predictions.Images[row];
                yield return Draw(model, data.Read(positions[id]), id, grade, options ?? new ExplanationOptions(), style, side, cancel);
            }
        }
    }

    private static GalleryPicture Draw(GradingModel model, FundusImage photograph, string id, int truth, ExplanationOptions options, OverlayStyle? style, int side, CancellationToken cancel)
    {
        var prepared = model.Prepare(photograph);
        var prediction = model.Predict([prepared])[0];
        var map = model.Explain(prepared, prediction.Grade, options, cancel);
        var picture = new Image(2 * side, side, 3);
        picture.Paste(prepared.Pixels.Resize(side, side, prepared.Pixels.Width > side ? Interpolation.Area : Interpolation.Linear), 0, 0);
        var overlay = map.IsFlat ? prepared.Pixels : HeatmapOverlay.OnPrepared(map, prepared, style);
        picture.Paste(overlay.Resize(side, side, prepared.Pixels.Width > side ? Interpolation.Area : Interpolation.Linear), side, 0);
        return new GalleryPicture(id, truth, prediction.Grade, prediction.Probabilities[prediction.Grade], map.IsFlat, ImageCodec.Encode(picture, ImageFormat.Jpeg, 86));
    }

    private static int[] Spread(int[] rows, int count) => count >= rows.Length ? rows : [.. Enumerable.Range(0, count).Select(i => rows[(int)((long)i * rows.Length / count)])];
}
