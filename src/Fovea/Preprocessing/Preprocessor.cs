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
            _ => BenGraham(pixels, spec),
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
        var box = BorderCrop.AnyBright(pixels, spec.Tolerance);
        var cropped = box.Covers(pixels) ? pixels : pixels.Crop(box.X, box.Y, box.Width, box.Height);
        var transform = AffineTransform.Translation(-box.X, -box.Y).Then(AffineTransform.ForResize(box.Width, box.Height, spec.Size, spec.Size));
        // Bilinear whatever the scale, as the case study did.
        var square = cropped.Resize(spec.Size, spec.Size);
        DiscMask.Apply(square);
        var result = Image.AddWeighted(square, 4, square.GaussianBlur(spec.Sigma), -4, 128);
        return new PreparedImage(result, transform, pixels.Width, pixels.Height, spec);
    }
}
