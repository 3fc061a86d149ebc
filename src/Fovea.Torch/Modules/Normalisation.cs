using Fovea.Torch.Distributed;

namespace Fovea.Torch.Modules;

/// <summary>
/// Batch normalisation of [N, C, H, W] or [N, C]: parameters <c>weight</c> and <c>bias</c>, buffers <c>running_mean</c>, <c>running_var</c>, <c>num_batches_tracked</c>.
/// Training normalises by the batch and moves the running values; inference uses them.
/// </summary>
public sealed class BatchNorm2d : Layer
{
    /// <param name="momentum">Weight of the newest batch in the running values (Keras's 0.99 is 0.01 here).</param>
    public BatchNorm2d(long channels, double eps = 1e-5, double momentum = 0.1)
    {
        (Eps, Momentum) = (eps, momentum);
        Weight = AddParameter("weight", Tensor.Ones(channels));
        Bias = AddParameter("bias", Tensor.Zeros(channels));
        RunningMean = AddBuffer("running_mean", Tensor.Zeros(channels));
        RunningVariance = AddBuffer("running_var", Tensor.Ones(channels));
        BatchesTracked = AddBuffer("num_batches_tracked", Tensor.Scalar(0, ScalarType.Int64));
    }

    public double Eps { get; }

    /// <summary>Weight of the newest batch in the running values.</summary>
    public double Momentum { get; set; }

    public Tensor Weight { get; }
    public Tensor Bias { get; }
    public Tensor RunningMean { get; }
    public Tensor RunningVariance { get; }

    /// <summary>int64 scalar: training batches seen. Only counted, never read.</summary>
    public Tensor BatchesTracked { get; }

    /// <summary>True for a frozen layer: it normalises by its running values while training too, and leaves them as they are. Default false.</summary>
    public bool KeepsStatistics { get; set; }

    /// <summary>The processes by whose batches together it normalises while training (torch.nn.SyncBatchNorm); null (default): by this process's alone.</summary>
    public ProcessGroup? Ranks { get; set; }

    protected override Tensor Forward(Tensor x, Phase phase) => Call(x, phase, Activation.None);

    /// <summary>activation(norm(x) + residual) in one operator, faster than one after the other.</summary>
    /// <param name="residual">A shortcut of x's shape, added before the activation.</param>
    public Tensor Call(Tensor x, Phase phase, Activation activation, Tensor? residual = null)
    {
        var measures = phase == Phase.Training && !KeepsStatistics;
        if (measures) Operators.AddInPlaceScalar.Run(BatchesTracked, 1L);
        var y = measures && Ranks is not null ? Synchronised(x, Ranks, activation, residual)
            : Functional.BatchNorm(x, RunningMean, RunningVariance, Weight, Bias, measures, activation, residual, Momentum, Eps);
        LayerObserver.Current?.Invoke(this, y);
        return y;
    }

    private Tensor Synchronised(Tensor x, ProcessGroup ranks, Activation activation, Tensor? residual)
    {
        using var scope = new TensorScope();
        var y = Functional.SyncBatchNorm(x, RunningMean, RunningVariance, Weight, Bias, ranks, Momentum, Eps);
        if (residual is not null) y += residual;
        return scope.Keep(activation switch { Activation.Relu => Functional.Relu(y), Activation.Relu6 => Functional.Relu6(y), _ => y });
    }
}

/// <summary>Layer normalisation over the last dimensions: <c>weight</c> and <c>bias</c> of their sizes.</summary>
public sealed class LayerNorm : Layer
{
    private readonly long[] _shape;
    private readonly double _eps;

    public LayerNorm(long[] shape, double eps = 1e-5)
    {
        (_shape, _eps) = (shape, eps);
        Weight = AddParameter("weight", Tensor.Ones(shape));
        Bias = AddParameter("bias", Tensor.Zeros(shape));
    }

    public LayerNorm(long features, double eps = 1e-5) : this([features], eps) { }

    public Tensor Weight { get; }
    public Tensor Bias { get; }

    protected override Tensor Forward(Tensor x, Phase phase) => Functional.LayerNorm(x, _shape, Weight, Bias, _eps);
}

/// <summary>Layer normalisation over the channels of [N, C, H, W], at each pixel (torchvision's ConvNeXt).</summary>
public sealed class LayerNorm2d : Layer
{
    private readonly double _eps;

    public LayerNorm2d(long channels, double eps = 1e-6)
    {
        _eps = eps;
        Weight = AddParameter("weight", Tensor.Ones(channels));
        Bias = AddParameter("bias", Tensor.Zeros(channels));
    }

    public Tensor Weight { get; }
    public Tensor Bias { get; }

    // In channels-last memory the permutation is free.
    protected override Tensor Forward(Tensor x, Phase phase) =>
        Functional.LayerNorm(x.Permute(0, 2, 3, 1), Weight.Shape, Weight, Bias, _eps).Permute(0, 3, 1, 2);
}

/// <summary>Group normalisation of [N, C, …]: <c>weight</c> and <c>bias</c> [C].</summary>
public sealed class GroupNorm : Layer
{
    private readonly long _groups;
    private readonly double _eps;

    public GroupNorm(long groups, long channels, double eps = 1e-5)
    {
        if (groups < 1 || channels % groups != 0) throw new ArgumentException($"{groups} groups do not divide {channels} channels", nameof(groups));
        (_groups, _eps) = (groups, eps);
        Weight = AddParameter("weight", Tensor.Ones(channels));
        Bias = AddParameter("bias", Tensor.Zeros(channels));
    }

    public Tensor Weight { get; }
    public Tensor Bias { get; }

    protected override Tensor Forward(Tensor x, Phase phase) => Functional.GroupNorm(x, _groups, Weight, Bias, _eps);
}
