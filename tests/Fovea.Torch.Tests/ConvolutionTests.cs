namespace Fovea.Torch.Tests;

/// <summary>
/// The operator of native/torch/conv.cpp against libtorch's convolution in double precision. Shapes cover channels that do and do not fill the kernels' vectors (16) and blocks (64), outputs
/// that do not fill their tiles (6), strides, paddings, dilations, and sums shared out by images and by outputs. Which kernels of our own are tested depends on the processor: see conv.cpp.
/// </summary>
public sealed class ConvolutionTests : IClassFixture<LeakCheck>
{
    private static readonly Operator Plain = new("conv2d");

    private sealed record Result(double[] Y, double[] Dx, double[] DWeight, double[] DBias);

    private static Result Run(bool plain, ScalarType type, long[] input, long[] weights, long stride, long padding, long dilation, MemoryFormat format = MemoryFormat.ChannelsLast)
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed(11);
        Tensor Leaf(Tensor tensor)
        {
            var leaf = tensor.To(type);
            if (leaf.Shape.Length == 4) leaf = leaf.To(format);
            leaf.RequiresGrad = true;
            return leaf;
        }
        var (x, weight, bias) = (Leaf(Tensor.Randn(input)), Leaf(Tensor.Randn(weights)), Leaf(Tensor.Randn(weights[0])));
        long[] s = [stride, stride], p = [padding, padding], d = [dilation, dilation];
        var y = plain ? Plain.Call(x, weight, bias, s, p, d, 1L) : Functional.Conv2d(x, weight, bias, new Extent(stride, stride), new Extent(padding, padding), new Extent(dilation, dilation));
        y.Backward(Tensor.Randn(y.Shape).To(type));
        return new Result(Numbers(y), Numbers(x.Grad!), Numbers(weight.Grad!), Numbers(bias.Grad!));
    }

    private static double[] Numbers(Tensor tensor) => tensor.To(ScalarType.Float64).ToArray<double>();

    private static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var bound = tolerance * expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= bound, $"[{i}]: {actual[i]:R}, expected {expected[i]:R}");
    }

    // Sums of up to 2000 products in float32: 1e-5 of the largest value.
    [Theory]
    [InlineData(2, 16, 9, 9, 6, 3, 1, 1, 1)]
    [InlineData(3, 64, 14, 14, 64, 3, 1, 1, 1)]
    [InlineData(3, 72, 13, 10, 50, 3, 2, 1, 1)]
    [InlineData(5, 144, 7, 7, 100, 3, 1, 1, 1)]
    [InlineData(1, 20, 11, 12, 7, 5, 1, 2, 1)]
    [InlineData(2, 33, 12, 12, 200, 3, 1, 2, 2)]
    [InlineData(2, 16, 30, 25, 5, 2, 3, 0, 1)]
    [InlineData(1, 16, 2, 2, 1, 3, 1, 1, 1)]
    [InlineData(2, 3, 20, 20, 8, 7, 2, 3, 1)]
    [InlineData(2, 32, 8, 8, 24, 1, 1, 0, 1)]
    [InlineData(3, 16, 7, 9, 64, 3, 1, 1, 1)]  // from here on 3×3, stride 1 and channels of 16: Winograd's kernels, with odd and even sizes,
    [InlineData(1, 48, 20, 13, 32, 3, 1, 0, 1)] // one image,
    [InlineData(4, 32, 6, 8, 96, 3, 1, 2, 1)]   // every padding,
    [InlineData(9, 16, 8, 8, 32, 3, 1, 1, 1)]   // and more tiles than a chunk holds
    [InlineData(2, 64, 31, 33, 64, 3, 1, 1, 1)]
    public void Gradients_Float32_MatchDoublePrecision(long images, long channels, long height, long width, long outputs, long kernel, long stride, long padding, long dilation)
    {
        long[] input = [images, channels, height, width], weights = [outputs, channels, kernel, kernel];
        var expected = Run(true, ScalarType.Float64, input, weights, stride, padding, dilation);
        var actual = Run(false, ScalarType.Float32, input, weights, stride, padding, dilation);
        AssertClose(expected.Y, actual.Y, 1e-5);
        AssertClose(expected.Dx, actual.Dx, 1e-5);
        AssertClose(expected.DWeight, actual.DWeight, 1e-5);
        AssertClose(expected.DBias, actual.DBias, 1e-5);
    }

    /// <summary>With one thread libtorch gives 1×1 kernels to the system's BLAS; they are computed by ours.</summary>
    [Theory]
    [InlineData(3, 144, 11, 7, 24)] // panels that are full and not, rows that do not fill tiles of 6
    [InlineData(2, 24, 5, 5, 5)]
    [InlineData(1, 200, 1, 37, 70)] // a dense layer of 37 rows
    [InlineData(1, 40, 60, 50, 16)] // more rows than a block holds
    [InlineData(1, 12, 6, 6, 8)]    // channels that no kernel of ours takes
    public void Gradients_PointwiseOneThread_MatchDoublePrecision(long images, long channels, long height, long width, long outputs)
    {
        var before = TorchRuntime.Threads;
        try
        {
            TorchRuntime.Threads = 1;
            long[] input = [images, channels, height, width], weights = [outputs, channels, 1, 1];
            var expected = Run(true, ScalarType.Float64, input, weights, 1, 0, 1);
            var actual = Run(false, ScalarType.Float32, input, weights, 1, 0, 1);
            AssertClose(expected.Y, actual.Y, 1e-5);
            AssertClose(expected.Dx, actual.Dx, 1e-5);
            AssertClose(expected.DWeight, actual.DWeight, 1e-5);
            AssertClose(expected.DBias, actual.DBias, 1e-5);
        }
        finally
        {
            TorchRuntime.Threads = before;
        }
    }

    [Fact]
    public void Gradients_OtherThreadCounts_MatchDoublePrecision()
    {
        var before = TorchRuntime.Threads;
        try
        {
            foreach (var (outputs, kernel) in new[] { (40, 3), (64, 3), (40, 1) })
            {
                long[] input = [4, 32, 9, 9], weights = [outputs, 32, kernel, kernel];
                var expected = Run(true, ScalarType.Float64, input, weights, 1, kernel / 2, 1);
                foreach (var threads in new[] { 1, 2, 3, 8 })
                {
                    TorchRuntime.Threads = threads;
                    var actual = Run(false, ScalarType.Float32, input, weights, 1, kernel / 2, 1);
                    AssertClose(expected.Y, actual.Y, 1e-5);
                    AssertClose(expected.Dx, actual.Dx, 1e-5);
                    AssertClose(expected.DWeight, actual.DWeight, 1e-5);
                }
            }
        }
        finally
        {
            TorchRuntime.Threads = before;
        }
    }

    [Theory]
    [InlineData(64, 14, 64)]
    [InlineData(256, 7, 512)]
    public void SecondCall_SameThreads_EqualsTheFirstBitForBit(long channels, long side, long outputs)
    {
        long[] input = [5, channels, side, side], weights = [outputs, channels, 3, 3];
        var (first, second) = (Run(false, ScalarType.Float32, input, weights, 1, 1, 1), Run(false, ScalarType.Float32, input, weights, 1, 1, 1));
        Assert.Equal(first.Y, second.Y);
        Assert.Equal(first.Dx, second.Dx);
        Assert.Equal(first.DWeight, second.DWeight);
    }

    /// <summary>
    /// The errors of each pass as a share of the whole result (root of the sum of squares), over a ResNet's shapes. Winograd's additions cost about one bit more than the plain sum: 5e-6 is an order above both, and
    /// two below what a wrong coefficient or a missed pixel gives.
    /// </summary>
    [Theory]
    [InlineData(2, 64, 28, 64)]
    [InlineData(2, 128, 14, 128)]
    [InlineData(2, 256, 14, 256)]
    [InlineData(8, 512, 7, 512)]
    public void Passes_OfAResNet_KeepFloat32sPrecision(long images, long channels, long side, long outputs)
    {
        long[] input = [images, channels, side, side], weights = [outputs, channels, 3, 3];
        var (expected, actual) = (Run(true, ScalarType.Float64, input, weights, 1, 1, 1), Run(false, ScalarType.Float32, input, weights, 1, 1, 1));
        foreach (var (what, e, a) in new[] { ("forward", expected.Y, actual.Y), ("input", expected.Dx, actual.Dx), ("weights", expected.DWeight, actual.DWeight) })
            Assert.True(Distance([(e, a)]) <= 5e-6, $"{what}: {Distance([(e, a)]):g3}");
    }

    /// <summary>
    /// The gradient of a whole residual network, in float32 with every kernel of our own, against libtorch's operators in float64. Its activation is smooth: behind a rectifier, an input within rounding of zero
    /// may fall on the other side, and one such unit in a million moves a gradient by some 5e-4 whatever convolution is used (docs/decisions/0008-convolutions.md).
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Gradient_WholeSmoothNetwork_MatchesDoublePrecision(int seed)
    {
        var (expected, actual) = (SmoothNetwork(seed, ScalarType.Float64), SmoothNetwork(seed, ScalarType.Float32));
        Assert.Equal(expected.Loss, actual.Loss, 1e-5);
        Assert.True(Distance([.. expected.Gradients.Zip(actual.Gradients)]) <= 1e-5, $"gradient: {Distance([.. expected.Gradients.Zip(actual.Gradients)]):g3}");
    }

    private static double Distance((double[] Expected, double[] Actual)[] pairs) =>
        Math.Sqrt(pairs.Sum(p => p.Expected.Zip(p.Actual, (e, a) => (e - a) * (e - a)).Sum()) / pairs.Sum(p => p.Expected.Sum(e => e * e)));

    // A stem, four residual blocks of two convolutions with batch norm, the third with stride 2, and a linear layer.
    private static (double Loss, double[][] Gradients) SmoothNetwork(int seed, ScalarType type)
    {
        using var scope = new TensorScope();
        TorchRuntime.Seed((ulong)seed);
        var parameters = new List<Tensor>();
        Tensor Make(double scale, params long[] shape)
        {
            var tensor = (Tensor.Randn(shape) * scale).To(type);
            if (shape.Length == 4) tensor = tensor.To(MemoryFormat.ChannelsLast);
            tensor.RequiresGrad = true;
            parameters.Add(tensor);
            return tensor;
        }
        Tensor Convolve(Tensor x, long outputs, long kernel, long stride = 1)
        {
            var weight = Make(1 / Math.Sqrt(x.Shape[1] * kernel * kernel), outputs, x.Shape[1], kernel, kernel);
            var y = type == ScalarType.Float64 ? Plain.Call(x, weight, (Tensor?)null, new[] { stride, stride }, new[] { kernel / 2, kernel / 2 }, new[] { 1L, 1L }, 1L)
                : Functional.Conv2d(x, weight, null, new Extent(stride, stride), new Extent(kernel / 2, kernel / 2));
            return Functional.BatchNorm(y, null, null, null, null, training: true);
        }
        var x = Functional.Softplus(Convolve(Tensor.Randn(4, 3, 48, 48).To(type).To(MemoryFormat.ChannelsLast), 32, 7, 2));
        foreach (var (outputs, stride) in new[] { (32L, 1L), (32L, 1L), (64L, 2L), (64L, 1L) })
        {
            var y = Convolve(Functional.Softplus(Convolve(x, outputs, 3, stride)), outputs, 3);
            x = Functional.Softplus(y + (stride == 1 ? x : Convolve(x, outputs, 1, stride)));
        }
        var loss = Functional.CrossEntropy(Functional.Linear(x.Mean([2, 3]), Make(1, 5, 64)), Tensor.From(new long[] { 0, 1, 2, 3 }));
        loss.Backward();
        return (loss.Item(), [.. parameters.Select(p => Numbers(p.Grad!))]);
    }

    [Fact]
    public void Gradients_ContiguousMemory_MatchDoublePrecision()
    {
        long[] input = [2, 32, 9, 9], weights = [12, 32, 3, 3];
        var expected = Run(true, ScalarType.Float64, input, weights, 1, 1, 1, MemoryFormat.Contiguous);
        AssertClose(expected.DWeight, Run(false, ScalarType.Float32, input, weights, 1, 1, 1, MemoryFormat.Contiguous).DWeight, 1e-5);
    }

    [Fact]
    public void WeightGradient_ByHand()
    {
        // One output, ones everywhere, a 4×4 image with padding 1: the middle tap meets all 16 pixels, an edge's 12, a corner's 9.
        using var scope = new TensorScope();
        var x = Tensor.Ones(1, 16, 4, 4).To(MemoryFormat.ChannelsLast);
        var weight = Tensor.Ones(1, 16, 3, 3).To(MemoryFormat.ChannelsLast);
        weight.RequiresGrad = true;
        Functional.Conv2d(x, weight, padding: 1).Sum().Backward();
        Assert.Equal([9, 12, 9, 12, 16, 12, 9, 12, 9], weight.Grad!.ToArray<float>()[..9]);
    }
}
