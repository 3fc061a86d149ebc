namespace Fovea.Torch.Modules;

/// <summary>
/// Starting values of weights, drawn from libtorch's generator (<see cref="TorchRuntime.Seed"/>).
/// Fan-in is the number of inputs that one output adds up, fan-out the number of outputs that one input reaches: for [out, in, kH, kW] they are in·kH·kW and out·kH·kW.
/// </summary>
public static class Initialisation
{
    /// <summary>What PyTorch's Conv2d and Linear start with: weight and bias uniform in ±1/√fan-in (kaiming_uniform with a = √5).</summary>
    public static void PyTorchDefault(Tensor weight, Tensor? bias)
    {
        KaimingUniform(weight, Math.Sqrt(5));
        if (bias is null) return;
        var bound = 1 / Math.Sqrt(Fans(weight).In);
        Uniform(bias, -bound, bound);
    }

    /// <summary>Uniform in ±√(6 / ((1 + a²)·fan-in)). He et al. 2015.</summary>
    /// <param name="a">Slope of the leaky ReLU that follows; 0 for ReLU.</param>
    public static void KaimingUniform(Tensor weight, double a = 0)
    {
        var bound = Math.Sqrt(6 / ((1 + a * a) * Fans(weight).In));
        Uniform(weight, -bound, bound);
    }

    /// <summary>Normal with variance 2/fan.</summary>
    /// <param name="fanOut">Count outputs (torchvision's ResNet, MobileNet) instead of inputs.</param>
    public static void KaimingNormal(Tensor weight, bool fanOut = false)
    {
        var (fanIn, fanOutCount) = Fans(weight);
        Normal(weight, 0, Math.Sqrt(2d / (fanOut ? fanOutCount : fanIn)));
    }

    /// <summary>Uniform in ±√(6 / (fan-in + fan-out)): PyTorch's xavier_uniform, Keras's glorot_uniform and default.</summary>
    public static void GlorotUniform(Tensor weight)
    {
        var (fanIn, fanOut) = Fans(weight);
        var bound = Math.Sqrt(6d / (fanIn + fanOut));
        Uniform(weight, -bound, bound);
    }

    /// <summary>Normal with variance 2 / (fan-in + fan-out): PyTorch's xavier_normal.</summary>
    public static void GlorotNormal(Tensor weight)
    {
        var (fanIn, fanOut) = Fans(weight);
        Normal(weight, 0, Math.Sqrt(2d / (fanIn + fanOut)));
    }

    /// <summary>Keras's he_normal: a normal cut at two standard deviations, with variance 2/fan-in after the cut.</summary>
    public static void HeNormal(Tensor weight)
    {
        const double cutDeviation = 0.87962566103423978; // standard deviation of a standard normal cut at ±2
        var std = Math.Sqrt(2d / Fans(weight).In) / cutDeviation;
        TruncatedNormal(weight, 0, std, -2 * std, 2 * std);
    }

    /// <summary>Keras's lecun_normal: as <see cref="HeNormal"/> with variance 1/fan-in.</summary>
    public static void LecunNormal(Tensor weight)
    {
        const double cutDeviation = 0.87962566103423978;
        var std = Math.Sqrt(1d / Fans(weight).In) / cutDeviation;
        TruncatedNormal(weight, 0, std, -2 * std, 2 * std);
    }

    /// <summary>A normal of which only the part between <paramref name="low"/> and <paramref name="high"/> (absolute values) is drawn; PyTorch's trunc_normal_.</summary>
    public static void TruncatedNormal(Tensor weight, double mean = 0, double std = 1, double low = -2, double high = 2)
    {
        if (!WeightCreation.Initialises) return;
        using var noGrad = new NoGrad();
        // Inverse distribution function of a uniform draw; 2Φ(z) − 1 = erf(z/√2).
        weight.UniformInPlace(Erf((low - mean) / std / Math.Sqrt(2)), Erf((high - mean) / std / Math.Sqrt(2)));
        Operators.ErfInvInPlace.Run(weight);
        weight.MulInPlace(std * Math.Sqrt(2));
        Operators.AddInPlaceScalar.Run(weight, mean);
        Operators.ClampInPlace.Run(weight, low, high);
    }

    public static void Uniform(Tensor weight, double low, double high)
    {
        if (!WeightCreation.Initialises) return;
        using var noGrad = new NoGrad();
        weight.UniformInPlace(low, high);
    }

    public static void Normal(Tensor weight, double mean, double std)
    {
        if (!WeightCreation.Initialises) return;
        using var noGrad = new NoGrad();
        weight.NormalInPlace(mean, std);
    }

    public static void Constant(Tensor weight, double value)
    {
        if (!WeightCreation.Initialises) return;
        using var noGrad = new NoGrad();
        weight.FillInPlace(value);
    }

    /// <summary>Draws every convolution and linear layer below a module anew, by the given rule, and sets their biases to zero.</summary>
    /// <example><code>Initialisation.Apply(network, Initialisation.GlorotUniform); // as Keras does</code></example>
    public static void Apply(Module module, Action<Tensor> rule)
    {
        foreach (var (_, part) in module.NamedModules())
        {
            var (weight, bias) = part switch
            {
                Conv2d conv => (conv.Weight, conv.Bias),
                Linear linear => (linear.Weight, linear.Bias),
                _ => (null, null),
            };
            if (weight is not null) rule(weight);
            if (bias is not null) Constant(bias, 0);
        }
    }

    private static (long In, long Out) Fans(Tensor weight)
    {
        var shape = weight.Shape;
        if (shape.Length < 2) throw new ArgumentException($"fans need two dimensions or more, the shape is [{string.Join(", ", shape)}]", nameof(weight));
        var field = 1L;
        foreach (var size in shape.AsSpan(2)) field *= size;
        return (shape[1] * field, shape[0] * field);
    }

    private static double Erf(double x)
    {
        using var scope = new TensorScope();
        return Operators.Erf.Call(Tensor.Scalar(x, ScalarType.Float64)).Item();
    }
}
