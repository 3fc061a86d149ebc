using Fovea.Detection;

namespace Fovea.Training.Detection.Scores;

/// <summary>A thing that is there.</summary>
/// <param name="Bounds">In original pixels.</param>
/// <param name="Label">Index into <see cref="DetectionTable.Labels"/>.</param>
/// <param name="Ignored">Difficult (VOC) or a crowd (COCO): a box on it counts neither as right nor as wrong, and it need not be found.</param>
public readonly record struct Marked(Box Bounds, int Label, bool Ignored = false);

/// <summary>A box that was found.</summary>
/// <param name="Label">Index into <see cref="DetectionTable.Labels"/>.</param>
/// <param name="Score">Finite; the higher, the surer.</param>
public readonly record struct Found(Box Bounds, int Label, double Score);

/// <summary>What is in one image, and what was found in it.</summary>
/// <param name="Group">Images of one group (a patient) are resampled together; null: the image is alone.</param>
public sealed record DetectionImage(string Id, IReadOnlyList<Marked> Truth, IReadOnlyList<Found> Found, string? Group = null);

/// <summary>Truth and findings of a set of images: what every score of detection is made of.</summary>
/// <param name="Labels">Names.</param>
public sealed record DetectionTable(IReadOnlyList<string> Labels, IReadOnlyList<DetectionImage> Images);
