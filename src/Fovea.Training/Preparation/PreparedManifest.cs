using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fovea.Preprocessing;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Recipes;

namespace Fovea.Training.Preparation;

/// <summary>One image of a prepared set.</summary>
/// <param name="Row">Its row in <c>images.npy</c>.</param>
/// <param name="Group">Position of the first image of the same patient or picture; these belong on one side of every split.</param>
/// <param name="Bytes">Length of the file it came from; 0 where it came out of an array.</param>
/// <param name="Source">SHA-256 of the file, or of the pixels where it came out of an array.</param>
/// <param name="Pixels">SHA-256 of the row and its thumbnail.</param>
/// <param name="Width">Of the photograph, upright.</param>
/// <param name="OriginalToPrepared">x' = m0·x + m1·y + m2, y' = m3·x + m4·y + m5 between pixel centres.</param>
public sealed record PreparedEntry(string Id, int Row, int Label, int Group, long Bytes, string Source, string Pixels, int Width, int Height, IReadOnlyList<double> OriginalToPrepared);

/// <summary>An image that could not be prepared, and why.</summary>
public sealed record SkippedEntry(string Id, int Label, string Reason);

/// <summary><c>manifest.json</c> of a prepared set: what its rows are, and what was done to them. Written last, so that what it describes is whole.</summary>
public sealed record PreparedManifest
{
    internal const int CurrentFormat = 1;
    private const long MaxBytes = 1L << 30;

    public required int Format { get; init; }

    /// <summary>As it was named.</summary>
    public required string Data { get; init; }
    public required int Size { get; init; }
    public required IReadOnlyList<PreprocessingStep> Steps { get; init; }
    public required DecodeScale Decoding { get; init; }

    /// <summary>SHA-256 of what decides the pixels beside the source: steps, size, decoding.</summary>
    public required string Chain { get; init; }

    /// <summary>SHA-256 of the samples' names, labels and patients, in order.</summary>
    public required string Samples { get; init; }
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>In the order of the data and of the rows.</summary>
    public required IReadOnlyList<PreparedEntry> Images { get; init; }
    public required IReadOnlyList<SkippedEntry> Skipped { get; init; }

    internal static string ChainOf(PreprocessingSpec spec, DecodeScale decoding) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { Revision = 1, spec.Size, spec.Steps, decoding }, RecipeFile.Options))));

    /// <summary>Null where there is none.</summary>
    /// <exception cref="DatasetException">It is no manifest of this version.</exception>
    internal static PreparedManifest? Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return null;
        if (file.Length > MaxBytes) throw Damaged(path, null);
        PreparedManifest manifest;
        try
        {
            using var stream = file.OpenRead();
            manifest = JsonSerializer.Deserialize<PreparedManifest>(stream, RecipeFile.Options) ?? throw Damaged(path, null);
        }
        catch (JsonException e)
        {
            throw Damaged(path, e);
        }
        if (manifest.Format != CurrentFormat) throw new DatasetException(path, $"its format is {manifest.Format}, this version of Fovea reads {CurrentFormat}", "Prepare the data anew in another folder");
        for (var i = 0; i < manifest.Images.Count; i++)
        {
            var entry = manifest.Images[i];
            if (entry.Row != i || entry.Label < 0 || entry.Label >= manifest.Classes.Count || entry.OriginalToPrepared.Count != 6) throw Damaged(path, null);
        }
        return manifest;
    }

    internal void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, RecipeFile.Options));

    private static DatasetException Damaged(string path, Exception? inner) => new(path, "not a manifest of prepared images", "Delete the folder and prepare the data anew", inner);
}
