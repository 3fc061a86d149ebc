using Fovea.Imaging;

namespace Fovea.Training.Augmentation;

/// <summary>Applies an <see cref="AugmentationSpec"/>, except for mixing, which needs a batch. A pure function of the image and the key, whatever the order of the workers.</summary>
public sealed class Augmenter(AugmentationSpec spec)
{
    private readonly bool _hasFilters = !(spec.Blur.IsOff && spec.Sharpen.IsOff && spec.Emboss.IsOff && spec.Jpeg.IsOff);

    /// <param name="image">RGB.</param>
    /// <returns>A new image of the same size; the same one where the specification changes nothing.</returns>
    public Image Apply(Image image, in AugmentationKey key) => Apply(image, [], null, key).Image;

    /// <summary>An image with what is marked in it.</summary>
    /// <param name="image">RGB.</param>
    /// <param name="mask">Of the image's size, one channel; its values are never blended. Null: none.</param>
    /// <param name="leastShare">A box of which less than this share of its area is left inside the picture is dropped, 0–1.</param>
    public AugmentedImage Apply(Image image, IReadOnlyList<MarkedBox> boxes, Image? mask, in AugmentationKey key, double leastShare = 0.25)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(boxes);
        if (image.Channels != 3) throw new ArgumentException("Augmentation works on RGB images.", nameof(image));
        if (mask is not null && (mask.Channels != 1 || mask.Width != image.Width || mask.Height != image.Height))
            throw new ArgumentException($"The mask is not a grey image of {image.Width}x{image.Height}.", nameof(mask));
        var scratch = new AugmentationScratch(image.Width, image.Height);
        var result = new Image(image.Width, image.Height, 3);
        Apply(image.Pixels, result.Pixels, key, scratch);
        var warp = scratch.Warp;
        if (warp.IsIdentity) return new AugmentedImage(image.HasSamePixels(result) ? image : result, boxes, mask);
        MarkedBox[] moved = [.. boxes.Select(b => b.Moved(warp, image.Width, image.Height, leastShare)).OfType<MarkedBox>()];
        if (mask is null) return new AugmentedImage(result, moved, null);
        var movedMask = new Image(mask.Width, mask.Height, 1);
        // What comes into view belongs to no lesion, whatever fills the image there.
        warp.Apply(mask.Pixels, movedMask.Pixels, new PixelShape(mask.Width, mask.Height, 1), scratch.Map(warp), Interpolation.Nearest, Border.Constant);
        return new AugmentedImage(result, moved, movedMask);
    }

    /// <summary>From pixels to pixels, [y, x, RGB]; allocates nothing.</summary>
    /// <param name="scratch">Of the image's size, used by one thread at a time. Afterwards it holds the warp that was drawn.</param>
    internal void Apply(ReadOnlySpan<byte> source, Span<byte> result, in AugmentationKey key, AugmentationScratch scratch)
    {
        var (shape, random) = (scratch.Shape, scratch.Random);
        scratch.Warp.Draw(spec, key, random, shape.Width, shape.Height);
        if (scratch.Warp.IsIdentity) source.CopyTo(result);
        else scratch.Warp.Apply(source, result, shape, scratch.Map(scratch.Warp), Interpolation.Linear, spec.Fill);

        if (_hasFilters && Value(spec.Blur, AugmentationKind.Blur, key, random) is { } sigma) BorrowedPixels.GaussianBlur(scratch.Copy(result), result, shape, sigma);
        scratch.Colour.Draw(spec, key, random);
        if (!scratch.Colour.IsIdentity) scratch.Colour.Apply(result);
        if (_hasFilters)
        {
            if (Value(spec.Sharpen, AugmentationKind.Sharpen, key, random) is { } sharp) BorrowedPixels.Filter(scratch.Copy(result), result, shape, Kernels.Sharpen((float)sharp, scratch.Kernel));
            if (Value(spec.Emboss, AugmentationKind.Emboss, key, random) is { } relief) BorrowedPixels.Filter(scratch.Copy(result), result, shape, Kernels.Emboss((float)relief, scratch.Kernel));
        }
        if (Value(spec.Noise, AugmentationKind.Noise, key, random) is { } deviation) GaussianNoise.Add(result, (float)deviation, random);
        if (_hasFilters && Value(spec.Jpeg, AugmentationKind.Jpeg, key, random) is { } loss)
            BorrowedPixels.JpegRoundTrip(scratch.Copy(result), result, shape, Math.Clamp(100 - (int)Math.Round(loss), 1, 100));
        if (Value(spec.Cutout, AugmentationKind.Cutout, key, random) is { } share) Cut(result, shape, share, random);
    }

    private static double? Value(Strength strength, AugmentationKind kind, in AugmentationKey key, SeededRandom random) =>
        strength.IsOff ? null : strength.Draw(key.Restart(random, kind));

    private static void Cut(Span<byte> pixels, PixelShape shape, double share, SeededRandom random)
    {
        var side = (int)Math.Round(share * Math.Min(shape.Width, shape.Height));
        var (left, top) = (random.NextInt(shape.Width - side + 1), random.NextInt(shape.Height - side + 1));
        for (var y = top; y < top + side; y++) pixels.Slice((y * shape.Width + left) * 3, side * 3).Clear();
    }
}

/// <summary>An augmented image and what is marked in it.</summary>
/// <param name="Boxes">Those still in the picture.</param>
public sealed record AugmentedImage(Image Image, IReadOnlyList<MarkedBox> Boxes, Image? Mask);

/// <summary>Memory that one worker uses again for each image of one size, and what was drawn for the last.</summary>
internal sealed class AugmentationScratch(int width, int height)
{
    private byte[]? _copy;
    private float[]? _map;

    internal PixelShape Shape { get; } = new(width, height, 3);
    internal SeededRandom Random { get; } = new(0);
    internal ImageWarp Warp { get; } = new();
    internal ColourChange Colour { get; } = new();
    internal float[] Kernel { get; } = new float[9];

    /// <summary>The pixels in other memory, for an operation that cannot work in place.</summary>
    internal ReadOnlySpan<byte> Copy(ReadOnlySpan<byte> pixels)
    {
        _copy ??= new byte[Shape.Length];
        pixels.CopyTo(_copy);
        return _copy;
    }

    internal Span<float> Map(ImageWarp warp) => warp.IsDistorted ? _map ??= new float[2 * Shape.Width * Shape.Height] : default;
}
