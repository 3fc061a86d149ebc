// RoIAlign on a pyramid: each box is looked at on the map whose pixels are fit for its size. Lin et al. 2016, arXiv 1612.03144, eq. 1: level 4 for 224 pixels, one less for half of that.
// Equals torchvision 0.14's MultiScaleRoIAlign. Shape shorthand: L levels, K boxes, C channels.
using Fovea.Torch;

namespace Fovea.Detection;

/// <param name="bins">Bins down and across.</param>
/// <param name="samplingRatio">See <see cref="Functional.RoIAlign"/>.</param>
public sealed class MultiScaleRoIAlign(int bins = 7, int samplingRatio = 2)
{
    private const float CanonicalSize = 224, CanonicalLevel = 4, Epsilon = 1e-6f;

    /// <param name="levels">[N, C, H, W] each, large to small.</param>
    /// <param name="boxes">Of each picture, in pixels of the input.</param>
    /// <param name="picture">The largest picture's size without padding, from which strides are inferred, as powers of two.</param>
    /// <returns>[K, C, bins, bins], the boxes of the first picture first.</returns>
    public Tensor Call(IReadOnlyList<Tensor> levels, IReadOnlyList<IReadOnlyList<Box>> boxes, Extent picture)
    {
        using var scope = new TensorScope();
        double[] scales = [.. levels.Select(level => Math.Pow(2, Math.Round(Math.Log2((double)level.Size(2) / picture.Height))))];
        var (first, last) = ((int)Math.Round(-Math.Log2(scales[0])), (int)Math.Round(-Math.Log2(scales[^1])));
        var rois = new List<float>[levels.Count];
        for (var level = 0; level < levels.Count; level++) rois[level] = [];
        var places = new List<(int Level, int Row)>();
        for (var image = 0; image < boxes.Count; image++)
            foreach (var box in boxes[image])
            {
                var level = levels.Count == 1 ? 0 : LevelOf(box, first, last) - first;
                places.Add((level, rois[level].Count / 5));
                rois[level].AddRange([image, box.Left, box.Top, box.Right, box.Bottom]);
            }
        if (places.Count == 0) return scope.Keep(Tensor.Zeros(0, levels[0].Size(1), bins, bins));

        var (parts, starts, count) = (new List<Tensor>(), new int[levels.Count], 0);
        for (var level = 0; level < levels.Count; level++)
        {
            starts[level] = count;
            var k = rois[level].Count / 5;
            if (k == 0) continue;
            count += k;
            parts.Add(Functional.RoIAlign(levels[level], Tensor.From<float>([.. rois[level]], k, 5), scales[level], bins, samplingRatio));
        }
        if (parts.Count == 1) return scope.Keep(parts[0]);
        var order = Tensor.From<long>([.. places.Select(p => (long)starts[p.Level] + p.Row)]).To(parts[0].Device);
        return scope.Keep(Tensor.Cat([.. parts]).IndexSelect(0, order));
    }

    private static int LevelOf(in Box box, int first, int last)
    {
        var level = MathF.Floor(CanonicalLevel + MathF.Log2(MathF.Sqrt(box.Area) / CanonicalSize) + Epsilon);
        return (int)Math.Clamp(level, first, last);
    }
}
