using Fovea.Detection;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Detection.Scores;
using Fovea.Imaging;

namespace Fovea.Training.Detection;

/// <summary>Runs a detector over whole photographs whose lesions are marked.</summary>
internal static class DetectionEvaluator
{
    /// <summary>Low scores belong to the curves: what is shown to people has a threshold of its own.</summary>
    private const double LeastScore = 0.01;

    /// <param name="images">With boxes.</param>
    /// <param name="done">How many images are done.</param>
    /// <returns>Labels in the card's order; lesions of other kinds are passed over.</returns>
    public static DetectionTable Run(LesionDetector detector, IReadOnlyList<LesionImage> images, Action<int>? done = null, CancellationToken cancel = default)
    {
        var labels = detector.Card.Labels;
        var settings = detector.Card.Detection with { ScoreThreshold = Math.Min(LeastScore, detector.Card.Detection.ScoreThreshold) };
        var results = new List<DetectionImage>();
        foreach (var image in images)
        {
            cancel.ThrowIfCancellationRequested();
            var found = detector.Detect(ImageFile.Read(image.Path), settings, cancel);
            results.Add(new DetectionImage(image.Id, [.. Truth(image, labels)], [.. found.Select(d => new Found(d.Bounds, d.Label - 1, d.Score))], image.Patient));
            done?.Invoke(results.Count);
        }
        return new DetectionTable(labels, results);
    }

    private static IEnumerable<Marked> Truth(LesionImage image, IReadOnlyList<string> labels)
    {
        foreach (var lesion in image.Boxes ?? [])
        {
            var label = LabelOf(lesion.Kind, labels);
            if (label > 0) yield return new Marked(new Box((float)lesion.Bounds.Left, (float)lesion.Bounds.Top, (float)lesion.Bounds.Right, (float)lesion.Bounds.Bottom), label - 1, lesion.Difficult);
        }
    }

    /// <summary>From 1; 0 for a kind that is not looked for.</summary>
    public static int LabelOf(LesionKind kind, IReadOnlyList<string> labels)
    {
        for (var i = 0; i < labels.Count; i++)
            if (labels[i] == kind.Name()) return i + 1;
        return 0;
    }
}
