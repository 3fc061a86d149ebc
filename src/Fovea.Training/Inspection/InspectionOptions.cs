namespace Fovea.Training.Inspection;

/// <summary>What an inspection does beyond counting and measuring.</summary>
public sealed record InspectionOptions
{
    /// <summary>Keep a thumbnail of every image (about 3 kB each), for the page.</summary>
    public bool Thumbnails { get; init; }

    /// <summary>Images laid out in the plane: a seeded sample of the readable ones. 0: none.</summary>
    public int EmbedLimit { get; init; }

    /// <summary>Of the embeddings; null: 30, or less where there are few images.</summary>
    public double? Perplexity { get; init; }

    /// <summary>The network whose features are laid out beside the grey pixels; null: none. Stays the caller's.</summary>
    public FeatureExtractor? Features { get; init; }

    /// <summary>Chooses the samples; starts the embeddings.</summary>
    public ulong Seed { get; init; }
}
