using Fovea.Acquisition;
using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>Turns a photograph into the square that a network was trained on.</summary>
public static class Preprocessor
{
    /// <exception cref="ArgumentException">The specification is impossible.</exception>
    public static PreparedImage Prepare(FundusImage photograph, PreprocessingSpec spec)
    {
        if (spec.Problem() is { } problem) throw new ArgumentException(problem, nameof(spec));
        var pixels = photograph.Pixels;
        return spec.Kind switch
        {
            PreprocessingKind.Plain => Resized(photograph.Pixels, new PixelBox(0, 0, pixels.Width, pixels.Height), spec),
            PreprocessingKind.FieldOfView => FieldOfView(pixels, spec),
            PreprocessingKind.BenGraham => BenGraham(pixels, spec),
            _ => BenGrahamTight(pixels, spec),
        };
    }

    private static PreparedImage Resized(Image pixels, PixelBox box, PreprocessingSpec spec)
    {
        var cropped = box.Covers(pixels) ? pixels : pixels.Crop(box.X, box.Y, box.Width, box.Height);
        // Area averaging when shrinking: bilinear would skip pixels and let microaneurysms flicker.
        var kind = box.Width >= spec.Size && box.Height >= spec.Size ? Interpolation.Area : Interpolation.Linear;
        var transform = AffineTransform.Translation(-box.X, -box.Y).Then(AffineTransform.ForResize(box.Width, box.Height, spec.Size, spec.Size));
        return new PreparedImage(cropped.Resize(spec.Size, spec.Size, kind), transform, pixels.Width, pixels.Height, spec);
    }

    private static PreparedImage FieldOfView(Image pixels, PreprocessingSpec spec)
    {
        var box = BorderCrop.FieldOfView(pixels, spec.Tolerance);
        var side = Math.Max(box.Width, box.Height);
        var (left, top) = ((side - box.Width) / 2, (side - box.Height) / 2);
        var square = new Image(side, side, 3);
        square.Paste(pixels.Crop(box.X, box.Y, box.Width, box.Height), left, top);
        var prepared = Resized(square, new PixelBox(0, 0, side, side), spec);
        return prepared with
        {
            OriginalToPrepared = AffineTransform.Translation(left - box.X, top - box.Y).Then(prepared.OriginalToPrepared),
            OriginalWidth = pixels.Width,
            OriginalHeight = pixels.Height,
        };
    }

    private static PreparedImage BenGraham(Image pixels, PreprocessingSpec spec)
    {
        var (cropped, crop) = BorderCrop.AnyBright(pixels, spec.Tolerance, swapped: true);
        // Bilinear whatever the scale, as the case study did.
        var square = cropped.Resize(spec.Size, spec.Size);
        DiscMask.Apply(square);
        var transform = crop.Then(AffineTransform.ForResize(cropped.Width, cropped.Height, spec.Size, spec.Size));
        return new PreparedImage(SubtractLocalMean(square, spec.Sigma), transform, pixels.Width, pixels.Height, spec);
    }

    private static PreparedImage BenGrahamTight(Image pixels, PreprocessingSpec spec)
    {
        var square = pixels.Resize(spec.Size, spec.Size);
        var (cropped, first) = BorderCrop.AnyBright(square, spec.Tolerance, swapped: true);
        if (ReferenceEquals(cropped, square)) cropped = square.Clone(); // DiscMask works in place
        DiscMask.Apply(cropped);
        // By now the replication had turned its BGR into RGB, so that the second crop weighs the colours rightly.
        var (disc, second) = BorderCrop.AnyBright(cropped, spec.Tolerance, swapped: false);
        var transform = AffineTransform.ForResize(pixels.Width, pixels.Height, spec.Size, spec.Size).Then(first).Then(second)
            .Then(AffineTransform.ForResize(disc.Width, disc.Height, spec.Size, spec.Size));
        return new PreparedImage(SubtractLocalMean(disc, spec.Sigma).Resize(spec.Size, spec.Size), transform, pixels.Width, pixels.Height, spec);
    }

    private static Image SubtractLocalMean(Image image, double sigma) => Image.AddWeighted(image, 4, image.GaussianBlur(sigma), -4, 128);
}
