namespace Fovea.Torch.Optimisation;

/// <summary>Bounds on gradients, applied between the backward pass and the step.</summary>
public static class GradientClipping
{
    /// <summary>Scales all gradients by one factor so that their joint Euclidean norm is at most <paramref name="maximum"/> (factor maximum / (norm + 10⁻⁶), as PyTorch).</summary>
    /// <returns>The norm before clipping; 0 without any gradient. Where it is not finite, nothing has been scaled and the step is better left out.</returns>
    public static double ClipNorm(ReadOnlySpan<Tensor> parameters, double maximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximum);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var gradients = Gradients(parameters);
        if (gradients.Length == 0) return 0;
        var norm = Tensor.Stack(Foreach.Norm(gradients)).Norm().Item();
        var factor = maximum / (norm + 1e-6);
        if (double.IsFinite(norm) && factor < 1) Foreach.MulInPlace(gradients, factor);
        return norm;
    }

    /// <summary>Cuts every element of every gradient to ±<paramref name="bound"/>.</summary>
    public static void ClipValue(ReadOnlySpan<Tensor> parameters, double bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        foreach (var gradient in Gradients(parameters)) Operators.ClampInPlace.Run(gradient, -bound, bound);
    }

    private static Tensor[] Gradients(ReadOnlySpan<Tensor> parameters)
    {
        var gradients = new List<Tensor>(parameters.Length);
        foreach (var parameter in parameters)
            if (parameter.Grad is { } gradient) gradients.Add(gradient);
        return [.. gradients];
    }
}
