namespace Fovea.Torch.Modules;

/// <summary>Two-dimensional convolution with <c>weight</c> [out, in/groups, kH, kW] and, unless refused, <c>bias</c> [out]. Starts with PyTorch's initialisation.</summary>
public sealed class Conv2d : Layer
{
    private readonly Extent _stride, _padding, _dilation;

    /// <param name="stride">Default 1.</param>
    /// <param name="padding">Zeros on each side; default 0.</param>
    /// <param name="dilation">Default 1.</param>
    /// <param name="groups">Divides both channel counts; equal to <paramref name="input"/> for a depthwise convolution.</param>
    public Conv2d(long input, long output, Extent kernel, Extent? stride = null, Extent? padding = null, Extent? dilation = null, long groups = 1, bool bias = true)
    {
        if (groups < 1 || input % groups != 0 || output % groups != 0)
            throw new ArgumentException($"{groups} groups do not divide {input} input and {output} output channels", nameof(groups));
        (Kernel, _stride, _padding, _dilation, Groups) = (kernel, stride ?? 1, padding ?? 0, dilation ?? 1, groups);
        Weight = AddParameter("weight", WeightCreation.Empty(output, input / groups, kernel.Height, kernel.Width));
        if (bias) Bias = AddParameter("bias", WeightCreation.Empty(output));
        Initialisation.PyTorchDefault(Weight, Bias);
    }

    public Tensor Weight { get; }
    public Tensor? Bias { get; }
    public Extent Kernel { get; }
    public Extent Stride => _stride;
    public Extent Padding => _padding;
    public Extent Dilation => _dilation;
    public long Groups { get; }

    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Conv2d(x, Weight, Bias, _stride, _padding, _dilation, Groups);
}

/// <summary>A fully connected layer: <c>weight</c> [out, in], <c>bias</c> [out]. Starts with PyTorch's initialisation.</summary>
public sealed class Linear : Layer
{
    public Linear(long input, long output, bool bias = true)
    {
        Weight = AddParameter("weight", WeightCreation.Empty(output, input));
        if (bias) Bias = AddParameter("bias", WeightCreation.Empty(output));
        Initialisation.PyTorchDefault(Weight, Bias);
    }

    public Tensor Weight { get; }
    public Tensor? Bias { get; }

    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Linear(x, Weight, Bias);
}
