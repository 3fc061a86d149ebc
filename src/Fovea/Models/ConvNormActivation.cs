// The triple that most networks since 2015 are made of, as torchvision's Conv2dNormActivation names it: "0" the convolution, "1" the batch norm.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>What follows a batch norm.</summary>
internal enum Nonlinearity { None, Relu, Relu6, Silu, Hardswish }

/// <summary>A convolution without bias that keeps the size (for stride 1), batch norm, and a nonlinearity.</summary>
internal sealed class ConvNormActivation : Layer
{
    private readonly Conv2d _conv;
    private readonly BatchNorm2d _norm;
    private readonly Nonlinearity _nonlinearity;

    public ConvNormActivation(int input, int output, int kernel, int stride = 1, int groups = 1, Nonlinearity then = Nonlinearity.Relu, double eps = 1e-5, double momentum = 0.1)
    {
        _conv = Add("0", new Conv2d(input, output, kernel, stride, padding: (kernel - 1) / 2, groups: groups, bias: false));
        _norm = Add("1", new BatchNorm2d(output, eps, momentum));
        _nonlinearity = then;
    }

    protected override Tensor Forward(Tensor x, Phase phase) => Run(_conv.Call(x, phase), phase, null);

    /// <summary>With a shortcut that is added before the nonlinearity.</summary>
    public Tensor Call(Tensor x, Phase phase, Tensor? residual)
    {
        using var scope = new TensorScope();
        return scope.Keep(Run(_conv.Call(x, phase), phase, residual));
    }

    private Tensor Run(Tensor y, Phase phase, Tensor? residual) => _nonlinearity switch
    {
        Nonlinearity.Relu => _norm.Call(y, phase, Activation.Relu, residual),
        Nonlinearity.Relu6 => _norm.Call(y, phase, Activation.Relu6, residual),
        Nonlinearity.Silu => Functional.Silu(_norm.Call(y, phase, Activation.None, residual)),
        Nonlinearity.Hardswish => Functional.Hardswish(_norm.Call(y, phase, Activation.None, residual)),
        _ => _norm.Call(y, phase, Activation.None, residual),
    };
}

/// <summary>
/// Scales each channel by a number in [0, 1] that two 1×1 convolutions make of all channels' means. Hu et al. 2017, arXiv 1709.01507, figure 1.
/// </summary>
internal sealed class SqueezeExcitation : Layer
{
    private readonly Conv2d _fc1, _fc2;
    private readonly Func<Tensor, Tensor> _activation, _gate;

    /// <param name="activation">δ of equation 3, after the first convolution.</param>
    /// <param name="gate">σ, after the second.</param>
    public SqueezeExcitation(int channels, int squeezed, Func<Tensor, Tensor> activation, Func<Tensor, Tensor> gate)
    {
        _fc1 = Add("fc1", new Conv2d(channels, squeezed, 1));
        _fc2 = Add("fc2", new Conv2d(squeezed, channels, 1));
        (_activation, _gate) = (activation, gate);
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var mean = Functional.AdaptiveAvgPool2d(x, 1);                                            // [N, C, 1, 1]
        return x * _gate(_fc2.Call(_activation(_fc1.Call(mean, phase)), phase));
    }
}

/// <summary>Deep Networks with Stochastic Depth. Huang et al. 2016, arXiv 1603.09382.</summary>
internal static class StochasticDepth
{
    /// <summary>While training, zeroes a block's result for whole images with probability <paramref name="p"/> and scales the others by 1/(1−p).</summary>
    /// <param name="x">[N, C, H, W], the branch beside the shortcut.</param>
    public static Tensor Drop(Tensor x, double p, Phase phase)
    {
        if (phase != Phase.Training || p == 0) return x;
        var survives = (Tensor.Rand(x.Size(0), 1, 1, 1) >= p).To(x.Type);
        return x * (survives / (1 - p)).To(x.Device);
    }
}
