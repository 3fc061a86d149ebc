using Fovea.Torch.Distributed;

namespace Fovea.Torch;

/// <summary>The activations that <see cref="Functional.BatchNorm(Tensor, Tensor, Tensor, Tensor, Tensor, bool, Activation, Tensor?, double, double)"/> can do in the same pass. The values cross the bridge.</summary>
public enum Activation { None = 0, Relu = 1, Relu6 = 2 }

/// <summary>
/// The mathematics of networks without their weights; names and semantics are torch.nn.functional's.
/// Shape shorthand: N batch, C channels, H and W image plane, K classes.
/// </summary>
public static partial class Functional
{
    /// <summary>Cross-correlation of [N, C, H, W] with [C', C/groups, kH, kW], zero padding.</summary>
    /// <param name="bias">[C'], or none.</param>
    /// <param name="stride">Default 1.</param>
    /// <param name="padding">Zeros on each side; default 0.</param>
    /// <param name="dilation">Default 1.</param>
    /// <returns>[N, C', H', W'] with H' = ⌊(H + 2·padding − dilation·(kH − 1) − 1) / stride⌋ + 1.</returns>
    public static Tensor Conv2d(Tensor x, Tensor weight, Tensor? bias = null, Extent? stride = null, Extent? padding = null, Extent? dilation = null, long groups = 1) =>
        Operators.Conv2d.Call(x, weight, bias, (stride ?? 1).ToArray(), (padding ?? 0).ToArray(), (dilation ?? 1).ToArray(), groups);

    /// <summary>x·weightᵀ + bias over the last dimension; weight is [out, in].</summary>
    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias = null) => Operators.Linear.Call(x, weight, bias);

    /// <summary>Normalises each channel (dimension 1): by the batch's own mean and biased variance in training, by the running ones otherwise.</summary>
    /// <param name="runningMean">[C]; in training it moves in place by <paramref name="momentum"/> towards the batch's.</param>
    /// <param name="runningVariance">[C]; likewise, towards the batch's unbiased variance.</param>
    /// <param name="momentum">Weight of the new value (PyTorch's convention; Keras's momentum is one minus this).</param>
    public static Tensor BatchNorm(Tensor x, Tensor? runningMean, Tensor? runningVariance, Tensor? weight, Tensor? bias, bool training, double momentum = 0.1, double eps = 1e-5) =>
        Operators.BatchNorm.Call(x, weight, bias, runningMean, runningVariance, training, momentum, eps, true);

    /// <summary>
    /// activation(batch norm(x) + residual) as one operator: on the CPU in channels-last memory it takes half the memory traffic of the three, which is where they spend their time.
    /// Elsewhere it is the three.
    /// </summary>
    /// <param name="residual">A shortcut of x's shape, added before the activation.</param>
    public static Tensor BatchNorm(Tensor x, Tensor runningMean, Tensor runningVariance, Tensor weight, Tensor bias, bool training, Activation activation, Tensor? residual = null,
        double momentum = 0.1, double eps = 1e-5) =>
        Operators.BatchNormActivation.Call(x, weight, bias, runningMean, runningVariance, training, momentum, eps, (long)activation, residual);

    /// <summary>Batch normalisation in training by the statistics of all ranks' batches together; the running values move by them. Computed in float32, given back in x's type.</summary>
    /// <exception cref="RankLostException">Another rank is gone.</exception>
    public static Tensor SyncBatchNorm(Tensor x, Tensor runningMean, Tensor runningVariance, Tensor weight, Tensor bias, ProcessGroup ranks, double momentum = 0.1, double eps = 1e-5)
    {
        Tensor? y = null;
        ranks.Collective(() => y = Operators.SyncBatchNorm.Call(x, weight, bias, runningMean, runningVariance, momentum, eps, ranks.Handle.DangerousGetHandle()));
        return y!;
    }

    /// <summary>Normalises over the last dimensions, whose sizes are <paramref name="shape"/>. Computed in the weight's type, given back in x's.</summary>
    public static Tensor LayerNorm(Tensor x, long[] shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
    {
        if (weight is null || weight.Type == x.Type) return Operators.LayerNorm.Call(x, shape, weight, bias, eps);
        using var scope = new TensorScope(); // libtorch 1.13's kernel takes no bfloat16 with float32 weights
        return scope.Keep(Operators.LayerNorm.Call(x.To(weight.Type), shape, weight, bias, eps).To(x.Type));
    }

    /// <summary>Normalises over groups of channels and the plane; C must be a multiple of <paramref name="groups"/>. Computed in the weight's type, given back in x's.</summary>
    public static Tensor GroupNorm(Tensor x, long groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
    {
        if (weight is null || weight.Type == x.Type) return Operators.GroupNorm.Call(x, groups, weight, bias, eps);
        using var scope = new TensorScope();
        return scope.Keep(Operators.GroupNorm.Call(x.To(weight.Type), groups, weight, bias, eps).To(x.Type));
    }

    /// <summary>Zeroes elements with probability <paramref name="p"/> and scales the rest by 1/(1−p); in inference the input itself.</summary>
    public static Tensor Dropout(Tensor x, double p, bool training) => training && p > 0 ? Operators.Dropout.Call(x, p, true) : x;

    /// <summary>As <see cref="Dropout"/>, for whole channels of each sample.</summary>
    public static Tensor Dropout2d(Tensor x, double p, bool training) => training && p > 0 ? Operators.FeatureDropout.Call(x, p, true) : x;

    /// <summary>Maximum over windows. Padding counts as −∞.</summary>
    /// <param name="stride">Default: the kernel.</param>
    /// <param name="ceiling">Round the output size up, so that a last, partial window counts.</param>
    public static Tensor MaxPool2d(Tensor x, Extent kernel, Extent? stride = null, Extent? padding = null, Extent? dilation = null, bool ceiling = false) =>
        Operators.MaxPool2d.Call(x, kernel.ToArray(), (stride ?? kernel).ToArray(), (padding ?? 0).ToArray(), (dilation ?? 1).ToArray(), ceiling);

    /// <summary>Mean over windows.</summary>
    /// <param name="countPadding">Whether the zeros of the padding count in the mean; PyTorch's default is true, Keras's behaviour is false.</param>
    public static Tensor AvgPool2d(Tensor x, Extent kernel, Extent? stride = null, Extent? padding = null, bool ceiling = false, bool countPadding = true) =>
        Operators.AvgPool2d.Call(x, kernel.ToArray(), (stride ?? kernel).ToArray(), (padding ?? 0).ToArray(), ceiling, countPadding);

    /// <summary>Means over a grid of windows of the given size, [N, C, H', W'].</summary>
    public static Tensor AdaptiveAvgPool2d(Tensor x, Extent output) => Operators.AdaptiveAvgPool2d.Call(x, output.ToArray());

    /// <summary>Maxima over a grid of windows of the given size, [N, C, H', W'].</summary>
    public static Tensor AdaptiveMaxPool2d(Tensor x, Extent output)
    {
        using var scope = new TensorScope();
        return scope.Keep(Operators.AdaptiveMaxPool2d.CallMany(2, x, output.ToArray())[0]!);
    }

    /// <summary>Mean over the plane: [N, C, H, W] → [N, C].</summary>
    public static Tensor GlobalAveragePool(Tensor x)
    {
        using var scope = new TensorScope();
        return scope.Keep(AdaptiveAvgPool2d(x, 1).Flatten(1));
    }

    /// <summary>Resizes the plane bilinearly.</summary>
    /// <param name="alignCorners">False (default): pixels are areas, as OpenCV's INTER_LINEAR; true: the corner pixels' centres coincide.</param>
    public static Tensor InterpolateBilinear(Tensor x, Extent size, bool alignCorners = false) =>
        Operators.UpsampleBilinear2d.Call(x, size.ToArray(), alignCorners, Value.None, Value.None);

    /// <summary>Resizes the plane by the nearest pixel, index ⌊i·H/H'⌋.</summary>
    public static Tensor InterpolateNearest(Tensor x, Extent size) => Operators.UpsampleNearest2d.Call(x, size.ToArray(), Value.None, Value.None);

    /// <summary>Pads the plane with a constant.</summary>
    public static Tensor Pad(Tensor x, long left, long right, long top, long bottom, double value = 0) =>
        Operators.ConstantPad.Call(x, new[] { left, right, top, bottom }, value);

    /// <summary>Pads the plane by its mirror image without the edge itself: c b | a b c | b a.</summary>
    public static Tensor PadReflect(Tensor x, long left, long right, long top, long bottom) => Operators.ReflectionPad2d.Call(x, new[] { left, right, top, bottom });

    /// <summary>Pads the plane by its edge: a a | a b c | c c.</summary>
    public static Tensor PadReplicate(Tensor x, long left, long right, long top, long bottom) => Operators.ReplicationPad2d.Call(x, new[] { left, right, top, bottom });

    /// <summary>Pads for TensorFlow's "same" convolution: the output is ⌈size/stride⌉, and an odd number of zeros puts the extra one right and below.</summary>
    public static Tensor PadSame(Tensor x, Extent kernel, Extent stride, double value = 0)
    {
        static long Total(long size, long k, long s) => Math.Max(0, ((size + s - 1) / s - 1) * s + k - size);
        var (v, h) = (Total(x.Size(-2), kernel.Height, stride.Height), Total(x.Size(-1), kernel.Width, stride.Width));
        return v == 0 && h == 0 ? x : Pad(x, h / 2, h - h / 2, v / 2, v - v / 2, value);
    }

    /// <summary>int64 classes [*] → int64 [*, K] of zeros and ones.</summary>
    /// <exception cref="TorchException">A class is negative or not below <paramref name="classes"/>.</exception>
    public static Tensor OneHot(Tensor labels, long classes) => Operators.OneHot.Call(labels, classes);
}
