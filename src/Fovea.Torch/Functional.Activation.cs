namespace Fovea.Torch;

public static partial class Functional
{
    public static Tensor Relu(Tensor x) => Operators.Relu.Call(x);

    /// <summary>min(max(x, 0), 6).</summary>
    /// <remarks>libtorch 1.13 has no bfloat16 backward of hardtanh on the CPU, so bfloat16 goes through clamp.</remarks>
    public static Tensor Relu6(Tensor x) => x.Type == ScalarType.BFloat16 ? x.Clamp(0, 6) : Operators.Hardtanh.Call(x, 0d, 6d);

    public static Tensor LeakyRelu(Tensor x, double slope = 0.01) => Operators.LeakyRelu.Call(x, slope);

    public static Tensor Elu(Tensor x, double alpha = 1) => Operators.Elu.Call(x, alpha);

    /// <summary>x·relu6(x + 3) / 6.</summary>
    public static Tensor Hardswish(Tensor x) => Operators.Hardswish.Call(x);

    /// <summary>relu6(x + 3) / 6.</summary>
    public static Tensor Hardsigmoid(Tensor x) => Operators.Hardsigmoid.Call(x);

    /// <summary>x·σ(x), also called swish.</summary>
    public static Tensor Silu(Tensor x) => Operators.Silu.Call(x);

    /// <summary>x·Φ(x).</summary>
    /// <param name="approximate">Use the tanh formula instead of the exact one.</param>
    public static Tensor Gelu(Tensor x, bool approximate = false) => Operators.Gelu.Call(x, approximate ? "tanh" : "none");

    public static Tensor Sigmoid(Tensor x) => Operators.Sigmoid.Call(x);

    /// <summary>log σ(x), without the overflow of the two steps.</summary>
    public static Tensor LogSigmoid(Tensor x) => Operators.LogSigmoid.Call(x);

    public static Tensor Tanh(Tensor x) => Operators.Tanh.Call(x);

    /// <summary>log(1 + eˣ).</summary>
    public static Tensor Softplus(Tensor x) => Operators.Softplus.Call(x);

    public static Tensor Softmax(Tensor x, long dim = -1) => Operators.Softmax.Call(x, dim, Value.None);

    public static Tensor LogSoftmax(Tensor x, long dim = -1) => Operators.LogSoftmax.Call(x, dim, Value.None);

    // Written over their input, which spares memory and time after a normalisation: that keeps its own input for the backward pass and not its output.
    // Not after an operator that keeps its output (sigmoid, another activation): libtorch then refuses the backward pass.

    /// <summary><see cref="Relu"/> written over its input. The result shares the input's memory.</summary>
    public static Tensor ReluInPlace(Tensor x) => Operators.ReluInPlace.Call(x);

    /// <summary><see cref="Relu6"/> written over its input where libtorch can differentiate that.</summary>
    public static Tensor Relu6InPlace(Tensor x) => x.Type == ScalarType.BFloat16 ? x.Clamp(0, 6) : Operators.HardtanhInPlace.Call(x, 0d, 6d);
}
