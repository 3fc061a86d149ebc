using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Explanation;

/// <summary>Occlusion: what of y is lost when a window of the image is covered. Zeiler, Fergus 2013, arXiv 1311.2901, section 4.2.</summary>
public static class Occlusion
{
    /// <summary>
    /// For each pixel the mean of y(x) − y(x covered) over the windows that it lies in. Windows start at the multiples of the stride until the far edge is covered, where they are cut off.
    /// Windows in which cover and image are the same are not computed.
    /// </summary>
    /// <param name="x">[1, C, H, W], normalised.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N]; see <see cref="ExplanationTarget"/>.</param>
    /// <param name="cover">What a window shows instead; of x's shape.</param>
    /// <param name="window">Side of the windows in input pixels.</param>
    /// <param name="stride">From one window to the next, in input pixels; at most the window, or pixels would lie in none.</param>
    /// <returns>Row-major [H, W], of both signs: above 0 where covering lowers y.</returns>
    /// <exception cref="ArgumentException">x is not one image that the network takes, or the cover of another shape.</exception>
    public static float[] Of(Network network, Tensor x, Func<Tensor, Tensor> target, Tensor cover, int window, int stride, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(cover);
        PixelGradients.RequireOneImage(x);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, stride);
        if (!cover.Shape.SequenceEqual(x.Shape)) throw new ArgumentException($"the cover is [{string.Join(", ", cover.Shape)}], the image [{string.Join(", ", x.Shape)}]", nameof(cover));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var (height, width) = ((int)x.Size(2), (int)x.Size(3));
        var differs = (x - cover).Abs().Amax([0, 1]).To(ScalarType.Float32).ToArray<float>();
        var windows = new List<(int X, int Y, int Width, int Height, bool Changes)>();
        foreach (var top in Starts(height, window, stride))
            foreach (var left in Starts(width, window, stride))
            {
                var (w, h) = (Math.Min(window, width - left), Math.Min(window, height - top));
                windows.Add((left, top, w, h, Enumerable.Range(top, h).Any(row => differs.AsSpan(row * width + left, w).ContainsAnyExcept(0f))));
            }
        var lost = new float[windows.Count];
        var whole = target(network.Call(x, Phase.Inference).Logits).Item();
        int[] changing = [.. Enumerable.Range(0, windows.Count).Where(i => windows[i].Changes)];
        foreach (var some in changing.Chunk(PixelGradients.Chunk))
        {
            cancel.ThrowIfCancellationRequested();
            using var chunk = new TensorScope();
            var batch = x.Expand(some.Length, x.Size(1), height, width).Clone();
            for (var i = 0; i < some.Length; i++)
            {
                var (left, top, w, h, _) = windows[some[i]];
                batch.Narrow(0, i, 1).Narrow(2, top, h).Narrow(3, left, w).CopyInPlace(cover.Narrow(2, top, h).Narrow(3, left, w));
            }
            var y = target(network.Call(batch, Phase.Inference).Logits).To(ScalarType.Float64).ToArray<double>();
            for (var i = 0; i < some.Length; i++) lost[some[i]] = (float)(whole - y[i]);
        }
        return Means(windows, lost, width, height);
    }

    private static float[] Means(List<(int X, int Y, int Width, int Height, bool Changes)> windows, float[] lost, int width, int height)
    {
        var (sum, count) = (new float[width * height], new int[width * height]);
        for (var i = 0; i < windows.Count; i++)
        {
            var (left, top, w, h, _) = windows[i];
            for (var row = top; row < top + h; row++)
                for (var column = left; column < left + w; column++)
                {
                    sum[row * width + column] += lost[i];
                    count[row * width + column]++;
                }
        }
        for (var i = 0; i < sum.Length; i++) sum[i] /= count[i];
        return sum;
    }

    private static IEnumerable<int> Starts(int side, int window, int stride)
    {
        var start = 0;
        yield return start;
        while (start + window < side) yield return start += stride;
    }
}
