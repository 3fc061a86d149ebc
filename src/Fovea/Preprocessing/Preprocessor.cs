using Fovea.Acquisition;
using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>How much of a JPEG is decoded before it is shrunk.</summary>
public enum DecodeScale
{
    /// <summary>Every pixel.</summary>
    Exact,

    /// <summary>Half, quarter or eighth scale, as long as the field of view keeps the prepared size. docs/preprocessing.md has the difference.</summary>
    Fast,
}

/// <summary>Turns a photograph into the square that a network was trained on.</summary>
public static class Preprocessor
{
    /// <summary>Takes the steps in order. The photograph stays as it is.</summary>
    /// <exception cref="ArgumentException">The specification is impossible.</exception>
    public static PreparedImage Prepare(FundusImage photograph, PreprocessingSpec spec)
    {
        if (spec.Problem() is { } problem) throw new ArgumentException(problem, nameof(spec));
        var canvas = new Canvas(photograph.Pixels, spec.Size);
        foreach (var step in spec.Steps) step.Apply(canvas);
        var prepared = canvas.Pixels();
        // A chain that changed nothing must not hand out the photograph itself.
        if (ReferenceEquals(prepared, photograph.Pixels)) prepared = prepared.Clone();
        var scale = 1.0 / photograph.Reduction;
        var reduced = new AffineTransform(scale, 0, scale / 2 - 0.5, 0, scale, scale / 2 - 0.5);
        return new PreparedImage(prepared, reduced.Then(canvas.OriginalToHere), photograph.OriginalWidth, photograph.OriginalHeight, spec);
    }

    /// <summary>Decodes a photograph with as many pixels as the steps need.</summary>
    /// <param name="bytes">Of the file.</param>
    /// <param name="name">What an error message calls it.</param>
    /// <param name="buffer">Memory for the pixels; the photograph is good until it is used again.</param>
    /// <exception cref="UnreadableImageException">Not an image that Fovea grades.</exception>
    public static FundusImage Decode(ReadOnlySpan<byte> bytes, string name, PreprocessingSpec spec, DecodeScale scale, PixelBuffer? buffer = null)
    {
        if (scale == DecodeScale.Exact) return FundusImage.Decode(bytes, name, new DecodeOptions { Buffer = buffer });
        var needed = spec.Steps.OfType<ResizeStep>().Select(s => s.Side ?? spec.Size).Append(spec.Size).Max();
        var options = new DecodeOptions { MinSide = needed, Buffer = buffer };
        var photograph = FundusImage.Decode(bytes, name, options);
        if (photograph.Reduction == 1) return photograph;
        // Much black around the retina: what is left of it must not be enlarged.
        var seen = FieldOfView.Bright(photograph.Pixels);
        var shorter = Math.Max(1, Math.Min(seen.Width, seen.Height));
        if (shorter >= needed) return photograph;
        var side = (long)needed * Math.Min(photograph.Pixels.Width, photograph.Pixels.Height) / shorter + 1;
        return FundusImage.Decode(bytes, name, options with { MinSide = (int)Math.Min(side, int.MaxValue) });
    }
}
