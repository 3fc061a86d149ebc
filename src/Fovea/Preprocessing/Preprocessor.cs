using Fovea.Acquisition;

namespace Fovea.Preprocessing;

/// <summary>Turns a photograph into the square that a network was trained on.</summary>
public static class Preprocessor
{
    /// <summary>Takes the steps in order. The photograph stays as it is.</summary>
    /// <exception cref="ArgumentException">The specification is impossible.</exception>
    public static PreparedImage Prepare(FundusImage photograph, PreprocessingSpec spec)
    {
        if (spec.Problem() is { } problem) throw new ArgumentException(problem, nameof(spec));
        var pixels = photograph.Pixels;
        var canvas = new Canvas(pixels, spec.Size);
        foreach (var step in spec.Steps) step.Apply(canvas);
        var prepared = canvas.Pixels();
        // A chain that changed nothing must not hand out the photograph itself.
        if (ReferenceEquals(prepared, pixels)) prepared = pixels.Clone();
        return new PreparedImage(prepared, canvas.OriginalToHere, pixels.Width, pixels.Height, spec);
    }
}
