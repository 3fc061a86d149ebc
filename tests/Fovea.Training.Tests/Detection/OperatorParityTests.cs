using Fovea.Detection;
using Fovea.Tests.Models;
using Fovea.Torch;

namespace Fovea.Training.Tests.Detection;

/// <summary>RoIAlign, non-maximum suppression, IoU and anchors against torchvision 0.14 (oracle/detection.py) and against numbers worked by hand.</summary>
public class OperatorParityTests
{
    private static readonly DetectionFixtures.Operators Expected = DetectionFixtures.Read<DetectionFixtures.Operators>("operators");

    public static TheoryData<int> RoiCases => [.. Enumerable.Range(0, 5)];

    /// <summary>In float64 the two differ by the order of sums alone; in float32 by its seven digits, on values and gradients of order 1.</summary>
    [Theory]
    [MemberData(nameof(RoiCases))]
    public void RoIAlign_TorchvisionsCases_EqualsForwardAndGradient(int number)
    {
        var one = Expected.RoiAlign[number];
        var boxes = DetectionFixtures.Boxes($"rois{number}", 12, 17 / one.Scale, 13 / one.Scale);
        boxes[0] = new Box(-8, -8, (float)(17 / one.Scale + 21), (float)(13 / one.Scale + 21));
        boxes[1] = new Box(3, 3, 3.2f, 3.1f);
        foreach (var (type, tolerance) in new[] { (ScalarType.Float64, 1e-7), (ScalarType.Float32, 2e-5) })
            foreach (var format in new[] { MemoryFormat.Contiguous, MemoryFormat.ChannelsLast })
            {
                using var scope = new TensorScope();
                var x = Tensor.From<double>([.. FormulaWeights.Noise($"map{number}", 2 * 5 * 13 * 17).Select(u => 2 * u - 1)], 2, 5, 13, 17).To(type).To(format).Detach();
                x.RequiresGrad = true;
                var rois = Tensor.From<double>([.. boxes.SelectMany((b, i) => new double[] { i % 2, b.Left, b.Top, b.Right, b.Bottom })], 12, 5).To(type);
                if (number is 1 or 3 && type == ScalarType.Float64) PinSmallBox(rois); // the oracle's second box is double
                var y = Functional.RoIAlign(x, rois, one.Scale, one.Bins, one.Ratio, one.Aligned);
                Near(one.Output, y, tolerance, $"case {number}, {type}, output");
                var dy = Tensor.From<double>([.. FormulaWeights.Noise($"dy{number}", y.Elements).Select(u => 2 * u - 1)], y.Shape).To(type);
                (y * dy).Sum().Backward();
                Near(one.Gradient, x.Grad!, tolerance, $"case {number}, {type}, gradient");
            }
    }

    private static void PinSmallBox(Tensor rois)
    {
        using var scope = new TensorScope();
        var values = rois.ToArray<double>();
        (values[8], values[9]) = (3.2, 3.1);
        rois.CopyFrom<double>(values);
    }

    /// <summary>
    /// A map of 4 × 4 whose value is x + 10·y at each pixel's centre; by bilinear sampling it is that everywhere between. Aligned, the box from pixel edge 1 to 3 has bins of one pixel,
    /// sampled once in the middle, which is the centre of pixels (1, 1), (2, 1), (1, 2), (2, 2).
    /// </summary>
    [Fact]
    public void RoIAlign_RampAligned_GivesThePixelsInTheBox()
    {
        using var scope = new TensorScope();
        var x = Tensor.From<float>([.. Enumerable.Range(0, 16).Select(i => (float)(i % 4 + 10 * (i / 4)))], 1, 1, 4, 4);
        var y = Functional.RoIAlign(x, Tensor.From<float>([0, 1, 1, 3, 3], 1, 5), 1, 2, 1, aligned: true);
        Assert.Equal([11f, 12, 21, 22], y.ToArray<float>());
        // Twice the stride: edges 2 to 6 of the picture are edges 1 to 3 of the map.
        Assert.Equal([11f, 12, 21, 22], Functional.RoIAlign(x, Tensor.From<float>([0, 2, 2, 6, 6], 1, 5), 0.5, 2, 1, aligned: true).ToArray<float>());
        // Unaligned, edge 1 lies on the centre of pixel 1: samples half a pixel further, (1.5, 1.5) and so on.
        Assert.Equal([16.5f, 17.5f, 26.5f, 27.5f], Functional.RoIAlign(x, Tensor.From<float>([0, 1, 1, 3, 3], 1, 5), 1, 2, 1).ToArray<float>());
    }

    [Fact]
    public void RoIAlign_ForeignImageOrInfiniteBox_IsRefused()
    {
        using var scope = new TensorScope();
        var x = Tensor.Zeros(1, 2, 4, 4);
        Assert.Contains("image 1", Assert.Throws<TorchException>(() => Functional.RoIAlign(x, Tensor.From<float>([1, 0, 0, 2, 2], 1, 5), 1, 2)).Message, StringComparison.Ordinal);
        Assert.Throws<TorchException>(() => Functional.RoIAlign(x, Tensor.From<float>([0, 0, 0, float.NaN, 2], 1, 5), 1, 2));
        Assert.Throws<TorchException>(() => Functional.RoIAlign(x, Tensor.From<float>([0, 0, 0, 1e9f, 2], 1, 5), 1, 2));
        Assert.Equal([0, 2, 3, 3], Functional.RoIAlign(x, Tensor.Zeros(0, 5), 1, 3).Shape);
    }

    /// <summary>Scores in sixteenths on whole pixels: ties in score and in IoU everywhere, so the order and the comparison must be the same, too.</summary>
    [Fact]
    public void Greedy_ThousandSetsWithTies_KeepsWhatTorchvisionKeeps()
    {
        Assert.Equal(1000, Expected.Nms.Count);
        for (var i = 0; i < 1000; i++)
        {
            var u = FormulaWeights.Noise($"nms{i}", 2 + 80 * 6);
            var count = 1 + (int)(u[0] * 80);
            var threshold = new[] { 0, 0.3, 0.5, 0.7 }[(int)(u[1] * 4)];
            var boxes = new DetectedBox[count];
            for (var j = 0; j < count; j++)
            {
                var row = u.AsSpan(2 + j * 6, 6);
                var (x, y) = (MathF.Floor((float)(row[0] * 40)), MathF.Floor((float)(row[1] * 40)));
                boxes[j] = new DetectedBox(new Box(x, y, x + 1 + (float)Math.Floor(row[2] * 24), y + 1 + (float)Math.Floor(row[3] * 24)), (int)(row[5] * 3), (float)(Math.Floor(row[4] * 16) / 16));
            }
            var kept = NonMaximumSuppression.Greedy(boxes, threshold);
            var hash = 2166136261u;
            var taken = new bool[count];
            foreach (var box in kept)
            {
                // Boxes may be twins; the first that is not taken yet is the one.
                var index = Enumerable.Range(0, count).First(j => !taken[j] && boxes[j] == box);
                taken[index] = true;
                hash = (hash ^ (uint)index) * 16777619u;
            }
            Assert.True(Expected.Nms[i][0] == kept.Length && (uint)Expected.Nms[i][1] == hash, $"set {i}: {kept.Length} kept, torchvision keeps {Expected.Nms[i][0]}");
        }
    }

    [Fact]
    public void IntersectionOverUnion_FormulaBoxes_EqualsTorchvision()
    {
        var (a, b) = (DetectionFixtures.Boxes("ioua", 6, 50, 40), DetectionFixtures.Boxes("ioub", 5, 50, 40));
        for (var i = 0; i < 6; i++)
            for (var j = 0; j < 5; j++) Assert.Equal(Expected.Iou[i][j], a[i].IntersectionOverUnion(b[j]), 1e-6);
        // 2 × 2 pixels shared of 16 + 9 − 4
        Assert.Equal(4f / 21, new Box(0, 0, 4, 4).IntersectionOverUnion(new Box(2, 2, 5, 5)), 1e-7);
        Assert.Equal(0, new Box(0, 0, 4, 4).IntersectionOverUnion(new Box(4, 0, 8, 4))); // half-open: they touch and share nothing
    }

    [Fact]
    public void Cell_TorchvisionsSizes_AreTheSameAnchors()
    {
        var layout = new AnchorLayout([[32], [8, 12]], [[0.5f, 1, 2], [0.6f, 1, 1.6f]]);
        for (var level = 0; level < 2; level++)
            Assert.Equal(Expected.Cells[level], layout.Cell(level).Select(b => new[] { b.Left, b.Top, b.Right, b.Bottom }));
        var grid = new AnchorGrid(layout.Cell(1), (3, 4), (8, 16));
        Assert.Equal(3 * 4 * 6, grid.Count);
        // place (y 2, x 3), anchor 1: 48 to the right, 16 down
        Assert.Equal(layout.Cell(1)[1].Moved(48, 16), grid[(2 * 4 + 3) * 6 + 1]);
    }

    internal static void Near(Parity.Sampled expected, Tensor actual, double tolerance, string what)
    {
        using var scope = new TensorScope();
        Assert.Equal(expected.Shape, actual.Shape);
        var values = actual.Detach().To(ScalarType.Float64).ToArray<double>();
        var largest = expected.Sample.Max(v => Math.Abs((double)v));
        for (var i = 0; i < expected.Sample.Length; i++)
        {
            var error = Math.Abs(values[(long)i * values.Length / expected.Sample.Length] - expected.Sample[i]);
            Assert.True(error <= tolerance * Math.Max(largest, 1e-30), $"{what}: element {i} is off by {error / largest:g3}");
        }
        Assert.True(Math.Abs(Math.Sqrt(values.Sum(v => v * v)) / expected.Norm - 1) <= tolerance, $"{what}: norm");
    }
}
