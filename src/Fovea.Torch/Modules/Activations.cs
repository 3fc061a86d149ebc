namespace Fovea.Torch.Modules;

/// <param name="inPlace">Write over the input: right after a batch norm or convolution, wrong after an operator that keeps its output (see <see cref="Functional.ReluInPlace"/>).</param>
public sealed class Relu(bool inPlace = false) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => inPlace ? Functional.ReluInPlace(x) : Functional.Relu(x);
}

/// <param name="inPlace">As for <see cref="Relu"/>.</param>
public sealed class Relu6(bool inPlace = false) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => inPlace ? Functional.Relu6InPlace(x) : Functional.Relu6(x);
}

public sealed class LeakyRelu(double slope = 0.01) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.LeakyRelu(x, slope);
}

public sealed class Elu(double alpha = 1) : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Elu(x, alpha);
}

public sealed class Hardswish : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Hardswish(x);
}

public sealed class Hardsigmoid : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Hardsigmoid(x);
}

public sealed class Silu : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Silu(x);
}

public sealed class Gelu : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Gelu(x);
}

public sealed class Sigmoid : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Sigmoid(x);
}

public sealed class Tanh : Layer
{
    protected override Tensor Forward(Tensor x, Phase phase) => Functional.Tanh(x);
}
