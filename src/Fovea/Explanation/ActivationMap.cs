using Fovea.Imaging;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>Where in the network's input a decision came from, on the coarse grid of one layer or on that of the input's pixels.</summary>
/// <param name="Width">Cells.</param>
/// <param name="Height">Cells.</param>
/// <param name="Values">Row-major from the top left, 0 … 1 with 1 at the largest; all 0 when the map is flat.</param>
/// <param name="IsFlat">Nothing stands out: no cell speaks for the target, or all do alike. Such a map explains nothing and should not be shown as if it did.</param>
public sealed record ActivationMap(int Width, int Height, IReadOnlyList<float> Values, bool IsFlat)
{
    /// <summary>Relative differences below this are rounding, not regions.</summary>
    private const float FlatContrast = 1e-5f;

    /// <summary>Divides by the maximum, and finds maps that are constant or nowhere positive.</summary>
    /// <param name="values">Row-major, 0 or more.</param>
    /// <exception cref="NotFiniteNumberException">A value is NaN or infinite.</exception>
    public static ActivationMap FromRaw(int width, int height, ReadOnlySpan<float> values)
    {
        if (width < 1 || height < 1 || values.Length != width * height) throw new ArgumentException($"{values.Length} values do not make a map of {width} × {height}", nameof(values));
        var (min, max) = (float.PositiveInfinity, 0f);
        foreach (var value in values)
        {
            if (!float.IsFinite(value)) throw new NotFiniteNumberException("the gradients of the network are not numbers");
            (min, max) = (Math.Min(min, value), Math.Max(max, value));
        }
        var scaled = new float[values.Length];
        // A single cell is constant by nature (images of the smallest size), which is flat as well.
        if (max <= 0 || max - min <= FlatContrast * max) return new ActivationMap(width, height, scaled, true);
        for (var i = 0; i < scaled.Length; i++) scaled[i] = values[i] / max;
        return new ActivationMap(width, height, scaled, false);
    }

    /// <summary>One map an image; what is below 0, because it speaks against the target, becomes 0.</summary>
    /// <param name="maps">[N, h, w].</param>
    /// <exception cref="NotFiniteNumberException">A value is NaN or infinite.</exception>
    internal static IReadOnlyList<ActivationMap> FromRaw(Tensor maps)
    {
        var (height, width) = ((int)maps.Size(1), (int)maps.Size(2));
        var values = Functional.Relu(maps).To(ScalarType.Float32).ToArray<float>();
        return [.. Enumerable.Range(0, (int)maps.Size(0)).Select(i => FromRaw(width, height, values.AsSpan(i * width * height, width * height)))];
    }

    /// <summary>The centre of the cell with the largest value, the first in row-major order of several; (0, 0) is the map's top left corner and (1, 1) its bottom right one. Null for a flat map.</summary>
    public (double X, double Y)? Peak()
    {
        if (IsFlat) return null;
        var best = 0;
        for (var i = 1; i < Values.Count; i++)
            if (Values[i] > Values[best]) best = i;
        return ((best % Width + 0.5) / Width, (best / Width + 0.5) / Height);
    }

    /// <summary>The map as a grey image of its own size, 255 for 1.</summary>
    public Image ToImage()
    {
        var image = new Image(Width, Height, 1);
        for (var i = 0; i < Values.Count; i++) image.Pixels[i] = (byte)MathF.Round(Math.Clamp(Values[i], 0, 1) * 255);
        return image;
    }
}
