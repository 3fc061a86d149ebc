using Fovea.Training.Data;
using Fovea.Training.Inspection.Page;

namespace Fovea.Training.Inspection;

/// <summary>Inspects a data set: one pass over its images, then everything that can be said of them.</summary>
public sealed class Inspector
{
    private readonly Dataset _dataset;
    private readonly InspectionOptions _options;
    private readonly InspectionPass _pass;

    private Inspector(Dataset dataset, InspectionOptions options, InspectionPass pass, CancellationToken cancel)
    {
        (_dataset, _options, _pass) = (dataset, options, pass);
        var duplicates = Duplicates.Of([.. dataset.Samples.Select(s => s.Id)], pass.Prints, cancel);
        Inspection = DatasetInspection.Of(dataset, pass.Facts, duplicates, pass.Unreadable);
    }

    /// <summary>What was found; with the embeddings once they are made.</summary>
    public DatasetInspection Inspection { get; private set; }

    /// <summary>Images that the embeddings will show; 0 where there are fewer than <see cref="ImageEmbedding.LeastImages"/>.</summary>
    public int Embedded => _pass.Embedded.Length < ImageEmbedding.LeastImages ? 0 : _pass.Embedded.Length;

    /// <summary>Reads every image and draws the conclusions.</summary>
    /// <param name="progress">Images read so far, from any thread.</param>
    public static Inspector Read(Dataset dataset, InspectionOptions options, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        new(dataset, options, InspectionPass.Run(dataset, options, progress, cancel), cancel);

    /// <summary>What can be said without embeddings and page.</summary>
    public static DatasetInspection Inspect(Dataset dataset, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        Read(dataset, new InspectionOptions(), progress, cancel).Inspection;

    /// <summary>Lays the chosen images out in the plane, by their grey pixels and by the network's features where there is one.</summary>
    /// <exception cref="ArgumentException">Too few readable images for the perplexity asked for.</exception>
    public void Embed(CancellationToken cancel = default) =>
        Inspection = Inspection with { Embeddings = [.. ImageEmbedding.Make(_dataset, _pass, _options, cancel)] };

    /// <summary>The page, self-contained; needs the thumbnails of <see cref="InspectionOptions.Thumbnails"/> to show pictures.</summary>
    public string ToHtml() => InspectionPage.Make(_dataset, Inspection, _pass, _options.Seed);
}
