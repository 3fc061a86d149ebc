namespace Fovea.Torch.Serving;

/// <summary>What the serving convolution can do to its result; the values cross the bridge (native/torch/serve_kernels.h).</summary>
internal enum ServingActivation { None = 0, Relu = 1, Relu6 = 2, Silu = 3, Hardswish = 4, Sigmoid = 5, Hardsigmoid = 6 }

/// <summary>
/// A convolution or linear layer with what stands around it: activation(conv(pre(x)) + bias + residual), where pre multiplies by a gate of each image and channel, or is max(0, x·scale + offset).
/// </summary>
internal sealed class FusedConvolution : Step
{
    private static readonly Operator Method = new("fovea::serve_method"), Pack = new("fovea::serve_pack"), Conv = new("fovea::serve_conv"), DepthwiseMean = new("fovea::serve_depthwise_mean");
    private readonly List<(double[] Scale, double[] Offset)> _folded = [];
    private readonly Tensor? _bias;

    private FusedConvolution(Step step, Tensor weight, Tensor? bias, long[] geometry) : base(Conv, [], step.Results)
    {
        (Input, Weight, _bias, Geometry) = (step.Arguments[0].Value, weight, bias, geometry);
    }

    internal const int Product = 0, Winograd = 1, Depthwise = 2;

    /// <summary>The plain weights, as the network holds them.</summary>
    internal new Tensor Weight { get; }

    internal int Input { get; set; }
    internal int Residual { get; set; } = -1;
    internal int Gate { get; set; } = -1;
    internal int Room { get; set; } = -1;
    internal ServingActivation Activation { get; set; }
    internal (Tensor Scale, Tensor Offset)? Before { get; set; }

    /// <summary>A 1×1 convolution whose result only this depthwise one sees: its outputs never lie in memory as a whole. Its input is this one's.</summary>
    internal FusedConvolution? Expansion { get; private set; }

    /// <summary>Itself and the expansion: each has weights of its own.</summary>
    internal IEnumerable<FusedConvolution> Parts => Expansion is null ? [this] : [Expansion, this];

    /// <summary>1×1, stride 1, dense, and nothing before it or added to it.</summary>
    internal bool IsPlainProduct => Geometry.AsSpan(1).SequenceEqual([1L, 1, 1, 1, 0, 0, 1, 1, 1, Product]) && Residual < 0 && Gate < 0 && Room < 0 && Before is null && Results.Length == 1;

    /// <summary>Outputs, kernel, stride, padding, dilation (each height and width), groups, method.</summary>
    internal long[] Geometry { get; }

    internal override IEnumerable<int> Uses => new[] { Input, Residual, Gate, Room }.Where(v => v >= 0);

    /// <summary>The fused form of a recorded convolution or linear layer; null where the kernels have none.</summary>
    internal static FusedConvolution? Of(Step step, IReadOnlyList<long[]> shapes)
    {
        if (step.Weight(1) is not { Type: ScalarType.Float32 } weight || step.Arguments[0].Value is < 0 and _) return null;
        var bias = step.Weight(2);
        if (step.Is("aten::linear"))
            return weight.Dimensions == 2 && shapes[step.Arguments[0].Value].Length == 2 ? new FusedConvolution(step, weight, bias, [weight.Size(0), 1, 1, 1, 1, 0, 0, 1, 1, 1, Product]) : null;
        if (!step.Is("fovea::conv2d") || weight.Dimensions != 4) return null;
        long[] stride = step.Ints(3), padding = step.Ints(4), dilation = step.Ints(5), kernel = [weight.Size(2), weight.Size(3)];
        var groups = step.Int(6);
        var method = (long)Method.CallNumber(weight.Size(1) * groups, weight.Size(0), kernel, stride, dilation, groups);
        return method < 0 ? null : new FusedConvolution(step, weight, bias, [weight.Size(0), .. kernel, .. stride, .. padding, .. dilation, groups, method]);
    }

    /// <summary>A batch norm behind the convolution: y·scale + offset by channel.</summary>
    internal void Fold(double[] scale, double[] offset) => _folded.Add((scale, offset));

    /// <summary>Also gives the mean over the plane, as a second result.</summary>
    internal void GiveMean(int value)
    {
        Op = DepthwiseMean;
        Results = [Results[0], value];
    }

    /// <summary>Takes the convolution that makes the input into itself.</summary>
    internal void Expand(FusedConvolution expansion) => (Expansion, Input) = (expansion, expansion.Input);

    /// <summary>Leaves the network's tensor, whoever holds it, without its values.</summary>
    internal void GiveUpWeight()
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Operators.SetData.Run(Weight, Tensor.Empty(ScalarType.Float32, 0));
    }

    /// <summary>Computes the weights, packs them, and writes the arguments.</summary>
    internal void Finish(List<Tensor> held)
    {
        static Argument Value(int value) => value < 0 ? default : Argument.Of(value);
        static Argument Constant(Tensor? tensor) => tensor is null ? default : new Argument { Constant = tensor };
        var (packed, bias) = Packed(held);
        Argument[] first = [Argument.Of(Input), packed, new Argument { Constant = Geometry }, bias, new Argument { Constant = (long)Activation }];
        Argument[] middle = Op == DepthwiseMean ? [] : [Value(Residual), Value(Gate), Constant(Before?.Scale), Constant(Before?.Offset), Value(Room)];
        var (expansion, added) = Expansion?.Packed(held) ?? default;
        Arguments = Expansion is null ? [.. first, .. middle] : [.. first, .. middle, expansion, added, new Argument { Constant = (long)Expansion.Activation }];
    }

    private (Argument Weight, Argument Bias) Packed(List<Tensor> held)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var outputs = Geometry[0];
        var bias = _bias?.To(ScalarType.Float64).ToArray<double>();
        double[]? scale = null;
        foreach (var (s, o) in _folded)
        {
            scale = [.. (scale ?? Enumerable.Repeat(1d, (int)outputs)).Zip(s, (a, b) => a * b)];
            bias = [.. (bias ?? new double[outputs]).Select((b, i) => b * s[i] + o[i])];
        }
        Argument Keep(Tensor tensor)
        {
            held.Add(tensor.OutliveScopes());
            return new Argument { Constant = tensor };
        }
        return (Keep(scale is null ? Pack.Call(Weight, Geometry[9], Geometry[10]) : Pack.Call(Weight, Geometry[9], Geometry[10], Tensor.From<double>(scale, outputs))),
            bias is null ? default : Keep(Tensor.From<float>([.. bias.Select(b => (float)b)], outputs)));
    }
}
