using Fovea.Training.Data;
using Fovea.Training.Inspection.Embedding;

namespace Fovea.Training.Inspection;

/// <summary>An image's place in the plane.</summary>
public sealed record EmbeddedImage(string Image, int Class, double X, double Y);

/// <summary>Images laid out so that those that look alike, or that a network finds alike, lie together (t-SNE).</summary>
/// <param name="Of">What was compared: <c>grey pixels</c>, or the network's name.</param>
/// <param name="Trustworthiness">How far neighbours in the plane were neighbours before: 1 all, 0.5 as by chance.</param>
public sealed record ImageEmbedding(string Of, double Perplexity, double Divergence, double Trustworthiness, IReadOnlyList<EmbeddedImage> Points)
{
    /// <summary>What is used where none is asked for: scikit-learn's default, or as much as the images allow.</summary>
    public const double UsualPerplexity = 30;

    /// <summary>Fewer images lie anyhow.</summary>
    public const int LeastImages = 13;

    private const int Components = 50, Neighbours = 5;

    internal static IEnumerable<ImageEmbedding> Make(Dataset dataset, InspectionPass pass, InspectionOptions options, CancellationToken cancel)
    {
        var chosen = pass.Embedded;
        if (chosen.Length < LeastImages) yield break;
        yield return Of("grey pixels", InspectionPass.GreySide * InspectionPass.GreySide, (row, start, values) =>
        {
            var pixels = pass.Grey[chosen[row]].AsSpan(start, values.Length);
            for (var k = 0; k < values.Length; k++) values[k] = pixels[k] / 255f;
        });
        if (options.Features is { } network)
        {
            yield return Of(network.Name, pass.Features[chosen[0]]!.Length, (row, start, values) => pass.Features[chosen[row]].AsSpan(start, values.Length).CopyTo(values));
        }

        ImageEmbedding Of(string name, int dimensions, RowReader read)
        {
            var vectors = PrincipalComponents.Project(chosen.Length, dimensions, read, Components, options.Seed, cancel);
            var perplexity = options.Perplexity ?? Math.Min(UsualPerplexity, Affinities.MostPerplexity(chosen.Length));
            var plane = TSne.Run(vectors, new TSneOptions { Perplexity = perplexity, Seed = options.Seed }, null, cancel);
            return new ImageEmbedding(name, perplexity, plane.Divergence, Embedding.Trustworthiness.Of(vectors, plane.Points, Neighbours, cancel),
                [.. chosen.Select((at, i) => new EmbeddedImage(dataset.Samples[at].Id, dataset.Samples[at].Label, plane.Points[2 * i], plane.Points[2 * i + 1]))]);
        }
    }
}
