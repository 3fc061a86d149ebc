using Fovea.Torch.Interop;

namespace Fovea.Torch;

/// <summary>Inside it nothing is recorded for differentiation, on this thread. <c>using var _ = new NoGrad();</c></summary>
public readonly ref struct NoGrad : IDisposable
{
    private readonly int _before;

    public NoGrad() => _before = NativeMethods.ftorch_grad_mode(0);

    public void Dispose() => _ = NativeMethods.ftorch_grad_mode(_before);
}

/// <summary>Turns recording on inside a <see cref="NoGrad"/> block: Grad-CAM needs gradients where serving has none.</summary>
public readonly ref struct EnableGrad : IDisposable
{
    private readonly int _before;

    public EnableGrad() => _before = NativeMethods.ftorch_grad_mode(1);

    public void Dispose() => _ = NativeMethods.ftorch_grad_mode(_before);
}

/// <summary>
/// Inside it libtorch runs convolutions and matrix products in a narrower type (bfloat16) and keeps losses and norms in float32; on this thread.
/// Backward passes run outside of it.
/// </summary>
public readonly ref struct Autocast : IDisposable
{
    private readonly bool _cuda;
    private readonly int _before;
    private readonly bool _active;

    /// <param name="enabled">False makes the block do nothing, so that one code path serves both.</param>
    public Autocast(bool enabled, ScalarType type = ScalarType.BFloat16, Device device = default)
    {
        if (!enabled) return;
        (_active, _cuda) = (true, device.IsCuda);
        NativeMethods.ftorch_autocast(1, (int)type, _cuda ? 1 : 0, out _before);
    }

    public void Dispose()
    {
        if (_active && _before == 0) NativeMethods.ftorch_autocast(0, (int)ScalarType.BFloat16, _cuda ? 1 : 0, out _);
    }
}

public static class Gradient
{
    /// <summary>Derivatives of the sum of <paramref name="output"/> with respect to each input, without touching any <see cref="Tensor.Grad"/>.</summary>
    /// <param name="keepGraph">Keep the recorded graph for another call.</param>
    /// <returns>One tensor an input, of its shape; null where the output does not depend on it.</returns>
    public static unsafe Tensor?[] Of(Tensor output, ReadOnlySpan<Tensor> inputs, bool keepGraph = false)
    {
        using var scope = new TensorScope();
        var scalar = output.Elements == 1 ? output : output.Sum();
        var handles = stackalloc nint[inputs.Length];
        var gradients = stackalloc nint[inputs.Length];
        var held = 0;
        var outputHandle = scalar.Acquire();
        try
        {
            for (; held < inputs.Length; held++) handles[held] = inputs[held].Acquire();
            NativeMethods.ftorch_gradients(&outputHandle, 1, handles, inputs.Length, keepGraph ? 1 : 0, 0, gradients);
        }
        finally
        {
            for (var i = 0; i < held; i++) inputs[i].Release();
            scalar.Release();
        }
        var result = new Tensor?[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
            if (gradients[i] != 0) result[i] = scope.Keep(new Tensor(gradients[i]));
        return result;
    }
}
