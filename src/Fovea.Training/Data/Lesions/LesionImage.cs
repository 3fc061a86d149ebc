using Fovea.Imaging;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Data.Lesions;

/// <summary>A lesion marked by a box.</summary>
/// <param name="Bounds">
/// Pixels of the whole upright photograph, x right, y down; the edges are those of pixels (0 to width), the box within them and not empty. Its
/// <see cref="MarkedBox.Kind"/> is the <see cref="LesionKind"/>, so that the augmenter carries it along.
/// </param>
public sealed record LesionBox(MarkedBox Bounds)
{
    public LesionKind Kind => (LesionKind)Bounds.Kind;

    /// <summary>Hard to see, says the annotator: to be left out of scores, counted neither as found nor as missed.</summary>
    public bool Difficult { get; init; }

    /// <summary>The lesion reaches beyond the box: the annotator says so, or the photograph's edge cut the box off.</summary>
    public bool Truncated { get; init; }
}

/// <summary>One photograph with its lesions marked by boxes, by masks, or by both.</summary>
/// <param name="Id">Unique in its set and stable: the file name without its ending.</param>
/// <param name="Path">The image file.</param>
/// <param name="Width">Pixels of the upright photograph.</param>
/// <param name="Height">Pixels of the upright photograph.</param>
public sealed record LesionImage(string Id, string Path, int Width, int Height)
{
    /// <summary>Null where the image has no annotation; empty where it has one without lesions.</summary>
    public IReadOnlyList<LesionBox>? Boxes { get; init; }

    /// <summary>The mask file of each kind. In a set with masks of a kind, an image without one has no such lesion; null where the set has no masks.</summary>
    public IReadOnlyDictionary<LesionKind, string>? Masks { get; init; }

    /// <summary>The mask file of the optic disc; null: none.</summary>
    public string? DiscMask { get; init; }

    public SamplePart Part { get; init; }

    /// <summary>Images of one patient, which a split keeps on one side; null: nothing is known of it.</summary>
    public string? Patient { get; init; }

    /// <summary>One channel of the photograph's size, 255 inside and 0 outside. Published masks are red, white or palettes: what is not black is inside.</summary>
    /// <param name="path">One of <see cref="Masks"/>, or <see cref="DiscMask"/>.</param>
    /// <exception cref="UnreadableImageException">Not an image.</exception>
    /// <exception cref="DatasetException">Of another size than the photograph.</exception>
    public Image ReadMask(string path)
    {
        var mask = ImageFile.Read(path, DecodeOptions.Default with { Grey = true });
        return mask.Width == Width && mask.Height == Height ? mask.Threshold(1)
            : throw new DatasetException(path, $"the mask has {mask.Width}x{mask.Height} pixels, its photograph {Width}x{Height}", "Use masks and photographs of the same size");
    }

    /// <summary>Its boxes as an annotation file, for <see cref="VocFile.Write"/>.</summary>
    public VocAnnotation ToVoc() => new(System.IO.Path.GetFileName(Path), Width, Height,
        [.. (Boxes ?? []).Select(box => new VocObject(box.Kind.Name(), box.Bounds) { Difficult = box.Difficult, Truncated = box.Truncated })]);
}

/// <summary>Photographs with marked lesions.</summary>
/// <param name="Source">As the user named it.</param>
/// <param name="Images">In order of their ids.</param>
/// <param name="Warnings">One line each, for the user: boxes clipped or left out, images without marks.</param>
public sealed record LesionSet(string Source, IReadOnlyList<LesionImage> Images, IReadOnlyList<string> Warnings);
