namespace Fovea.Training.MadeUp;

/// <summary>
/// Gaussian blur of interleaved RGB floats, the border repeated. Own arithmetic and not OpenCV's, whose float results depend on the vector unit:
/// a seed must paint the same bytes everywhere.
/// </summary>
internal static class FloatBlur
{
    public static void Apply(float[] rgb, int width, int height, double sigma)
    {
        int reach = Math.Max(1, (int)Math.Ceiling(sigma * 2.7));
        float[] kernel = new float[2 * reach + 1];
        double sum = 0;
        for (int i = -reach; i <= reach; i++) sum += PortableMath.Exp(-i * i / (2 * sigma * sigma));
        for (int i = -reach; i <= reach; i++) kernel[i + reach] = (float)(PortableMath.Exp(-i * i / (2 * sigma * sigma)) / sum);

        int stride = width * 3;
        float[] padded = new float[stride + 6 * reach], row = new float[stride];
        for (int y = 0; y < height; y++) // along rows
        {
            Span<float> line = rgb.AsSpan(y * stride, stride);
            line.CopyTo(padded.AsSpan(3 * reach));
            for (int k = 0; k < reach; k++)
            {
                line[..3].CopyTo(padded.AsSpan(3 * k));
                line[^3..].CopyTo(padded.AsSpan(3 * reach + stride + 3 * k));
            }
            Array.Clear(row);
            for (int k = 0; k < kernel.Length; k++) Accumulate(row, padded.AsSpan(3 * k, stride), kernel[k]);
            row.CopyTo(line);
        }
        float[] source = (float[])rgb.Clone();
        for (int y = 0; y < height; y++) // along columns
        {
            Array.Clear(row);
            for (int k = -reach; k <= reach; k++) Accumulate(row, source.AsSpan(Math.Clamp(y + k, 0, height - 1) * stride, stride), kernel[k + reach]);
            row.CopyTo(rgb.AsSpan(y * stride, stride));
        }
    }

    // sum += weight * values. Vector<float> multiplies and adds lane by lane, rounding as scalars do, so its width does not change the result.
    private static void Accumulate(Span<float> sum, ReadOnlySpan<float> values, float weight)
    {
        int lanes = System.Numerics.Vector<float>.Count, i = 0;
        for (; i <= sum.Length - lanes; i += lanes)
        {
            var s = new System.Numerics.Vector<float>(sum[i..]);
            var v = new System.Numerics.Vector<float>(values[i..]);
            (s + v * weight).CopyTo(sum[i..]);
        }
        for (; i < sum.Length; i++) sum[i] += values[i] * weight;
    }
}
