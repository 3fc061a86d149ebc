using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;

namespace Fovea.Training.Evaluation.Explanations;

/// <summary>How the probability of the explained grade changes while an image is taken away or put back, in the order of a map. Petsiuk, Das, Saenko 2018, arXiv 1806.07421.</summary>
/// <param name="Deletion">The probability after each share of the pixels was blurred, the highest of the map first; from the whole image to none of it. A good map makes it fall early.</param>
/// <param name="Insertion">Likewise while they are put back into the blurred image. A good map makes it rise early.</param>
public sealed record PerturbationCurve(IReadOnlyList<double> Deletion, IReadOnlyList<double> Insertion)
{
    /// <summary>Area under the deletion curve, 0 … 1; the lower the better.</summary>
    public double DeletionArea => Area(Deletion);

    /// <summary>Area under the insertion curve, 0 … 1; the higher the better.</summary>
    public double InsertionArea => Area(Insertion);

    private static double Area(IReadOnlyList<double> curve) => curve.Zip(curve.Skip(1), (a, b) => (a + b) / 2).Sum() / (curve.Count - 1);

    /// <summary>The curve of one image. What stands for a pixel that is away is its neighbourhood, blurred until no lesion is left.</summary>
    /// <param name="probability">Of the explained grade, from the decoded prediction.</param>
    /// <param name="order">The order of the prepared image's pixels, the first to go first; see <see cref="Order"/>.</param>
    /// <param name="steps">Equal shares in which the pixels go.</param>
    public static PerturbationCurve Of(GradingModel model, PreparedImage prepared, Func<GradePrediction, double> probability, IReadOnlyList<int> order, int steps = 10)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(prepared);
        ArgumentNullException.ThrowIfNull(order);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        var blurred = prepared.Pixels.GaussianBlur(0.08 * prepared.Pixels.Width);
        var (without, with) = (prepared.Pixels.Clone(), blurred.Clone());
        var (deleted, inserted) = (new List<PreparedImage>(), new List<PreparedImage>());
        var done = 0;
        for (var step = 0; step <= steps; step++)
        {
            for (var until = (int)((long)order.Count * step / steps); done < until; done++)
            {
                var at = 3 * order[done];
                blurred.Pixels.AsSpan(at, 3).CopyTo(without.Pixels.AsSpan(at));
                prepared.Pixels.Pixels.AsSpan(at, 3).CopyTo(with.Pixels.AsSpan(at));
            }
            deleted.Add(prepared with { Pixels = without.Clone() });
            inserted.Add(prepared with { Pixels = with.Clone() });
        }
        return new PerturbationCurve([.. model.Predict(deleted).Select(probability)], [.. model.Predict(inserted).Select(probability)]);
    }

    /// <summary>The pixels that are not black, from the map's highest to its lowest; equal ones from the top left.</summary>
    public static int[] Order(ActivationMap map, PreparedImage prepared)
    {
        var heat = HeatmapOverlay.InPrepared(map, prepared);
        return [.. Pixels(prepared.Pixels).OrderByDescending(i => heat.Pixels[i])];
    }

    /// <summary>The same pixels in a random order: what a map without any knowledge gives.</summary>
    public static int[] RandomOrder(PreparedImage prepared, int seed)
    {
        var pixels = Pixels(prepared.Pixels).ToArray();
        new Random(seed).Shuffle(pixels);
        return pixels;
    }

    private static IEnumerable<int> Pixels(Image image) =>
        Enumerable.Range(0, image.Width * image.Height).Where(i => image.Pixels[3 * i] > 20 || image.Pixels[3 * i + 1] > 20 || image.Pixels[3 * i + 2] > 20);
}
