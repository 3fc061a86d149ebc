using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>A photograph after preprocessing and before normalisation: what augmentation works on and what the network's input is made of.</summary>
/// <param name="Pixels">RGB, size × size.</param>
/// <param name="OriginalToPrepared">Maps original pixel centres (x right, y down) to prepared ones; its inverse brings heat maps and boxes back.</param>
/// <param name="OriginalWidth">Pixels.</param>
/// <param name="OriginalHeight">Pixels.</param>
public sealed record PreparedImage(Image Pixels, AffineTransform OriginalToPrepared, int OriginalWidth, int OriginalHeight, PreprocessingSpec Spec)
{
    /// <summary>The same photograph as the other members of an ensemble see it, each of their preprocessings once; empty for one network, or where all members see the same.</summary>
    public IReadOnlyList<PreparedImage> Others { get; init; } = [];
}
