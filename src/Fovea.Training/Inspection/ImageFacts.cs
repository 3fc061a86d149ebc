using Fovea.Quality;

namespace Fovea.Training.Inspection;

/// <summary>What is remembered of one photograph.</summary>
/// <param name="Width">Pixels, upright.</param>
/// <param name="Height">Pixels, upright.</param>
/// <param name="Bytes">Of its file; null where the images are in an array.</param>
public sealed record ImageFacts(int Width, int Height, long? Bytes, QualityReport Quality)
{
    /// <summary>What an image is measured by that has nothing to do with the eye, in the order of tables.</summary>
    internal static readonly (string Name, string Unit, Func<ImageFacts, double?> Of)[] Quantities =
    [
        ("width", "px", f => f.Width), ("height", "px", f => f.Height), ("aspect ratio", "", f => (double)f.Width / f.Height),
        ("width + height", "px", f => f.Width + f.Height), ("file size", "kB", f => f.Bytes / 1000.0),
    ];
}
