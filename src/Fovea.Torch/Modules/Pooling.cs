namespace Fovea.Torch.Modules;

/// <param name="stride">Default: the kernel.</param>
/// <param name="ceiling">Round the output size up.</param>
public sealed class MaxPool2d(Extent kernel, Extent? stride = null, Extent? padding = null, Extent? dilation = null, bool ceiling = false) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.MaxPool2d(x, kernel, stride, padding, dilation, ceiling);
}

/// <param name="stride">Default: the kernel.</param>
/// <param name="countPadding">Whether the padding's zeros count in the mean (PyTorch's default).</param>
public sealed class AvgPool2d(Extent kernel, Extent? stride = null, Extent? padding = null, bool ceiling = false, bool countPadding = true) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.AvgPool2d(x, kernel, stride, padding, ceiling, countPadding);
}

/// <summary>[N, C, H, W] → [N, C, h, w] for a fixed output size.</summary>
public sealed class AdaptiveAvgPool2d(Extent output) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.AdaptiveAvgPool2d(x, output);
}

/// <summary>[N, C, H, W] → [N, C], the mean over the plane.</summary>
public sealed class GlobalAveragePool : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.GlobalAveragePool(x);
}

/// <summary>Joins the dimensions from <paramref name="start"/> on; default: all but the batch.</summary>
public sealed class Flatten(long start = 1) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => x.Flatten(start);
}

/// <summary>Hands its input through: a placeholder that keeps the numbering of a <see cref="Sequential"/>.</summary>
public sealed class Identity : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => x;
}

/// <summary>Drops single elements in training; see <see cref="Functional.Dropout"/>.</summary>
/// <param name="p">Probability of dropping, 0…1.</param>
public sealed class Dropout(double p = 0.5) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Dropout(x, p, phase == Phase.Training);
}

/// <summary>Drops whole channels in training.</summary>
/// <param name="p">Probability of dropping, 0…1.</param>
public sealed class Dropout2d(double p = 0.5) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Dropout2d(x, p, phase == Phase.Training);
}
