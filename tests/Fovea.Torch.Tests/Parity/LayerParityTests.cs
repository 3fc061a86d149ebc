using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Torch.Tests.Parity;

/// <summary>Convolutions, pooling, norms and activations against PyTorch 1.13, values and gradients, to 1e-5 of the result's largest magnitude.</summary>
public sealed class LayerParityTests : IClassFixture<LeakCheck>
{
    private static readonly Reference Layers = new("layers");

    private static readonly Dictionary<string, Func<Tensor[], Tensor[]>> Functions = new(StringComparer.Ordinal)
    {
        ["conv_plain"] = t => [Functional.Conv2d(t[0], t[1], t[2])],
        ["conv_stride"] = t => [Functional.Conv2d(t[0], t[1], t[2], 2, 1)],
        ["conv_dilation"] = t => [Functional.Conv2d(t[0], t[1], t[2], padding: 2, dilation: 2)],
        ["conv_groups"] = t => [Functional.Conv2d(t[0], t[1], t[2], padding: 1, groups: 2)],
        ["conv_oblong"] = t => [Functional.Conv2d(t[0], t[1], t[2], (2, 1), (1, 0))],
        ["conv_depthwise"] = t => [Functional.Conv2d(t[0], t[1], null, 2, 1, 1, 4)],
        ["conv_pointwise"] = t => [Functional.Conv2d(t[0], t[1])],
        ["linear"] = t => [Functional.Linear(t[0], t[1], t[2])],
        ["max_pool_plain"] = t => [Functional.MaxPool2d(t[0], 2)],
        ["max_pool_stride"] = t => [Functional.MaxPool2d(t[0], 3, 2, 1)],
        ["max_pool_ceil"] = t => [Functional.MaxPool2d(t[0], 3, 2, ceiling: true)],
        ["max_pool_oblong"] = t => [Functional.MaxPool2d(t[0], (2, 3), (1, 2))],
        ["max_pool_dilation"] = t => [Functional.MaxPool2d(t[0], 2, 2, 0, 2)],
        ["avg_pool_plain"] = t => [Functional.AvgPool2d(t[0], 2)],
        ["avg_pool_stride"] = t => [Functional.AvgPool2d(t[0], 3, 2, 1)],
        ["avg_pool_ceil"] = t => [Functional.AvgPool2d(t[0], 3, 2, ceiling: true)],
        ["avg_pool_oblong"] = t => [Functional.AvgPool2d(t[0], (2, 3), (1, 2))],
        ["avg_pool_exclude"] = t => [Functional.AvgPool2d(t[0], 3, 2, 1, countPadding: false)],
        ["adaptive_avg"] = t => [Functional.AdaptiveAvgPool2d(t[0], (3, 2))],
        ["adaptive_max"] = t => [Functional.AdaptiveMaxPool2d(t[0], (2, 3))],
        ["global_average"] = t => [Functional.GlobalAveragePool(t[0])],
        ["batch_norm_train"] = t =>
        {
            var (mean, variance) = (Layers.Read("running.mean"), Layers.Read("running.var"));
            return [Functional.BatchNorm(t[0], mean, variance, t[1], t[2], training: true), mean, variance];
        },
        ["batch_norm_infer"] = t => [Functional.BatchNorm(t[0], Layers.Read("running.mean"), Layers.Read("running.var"), t[1], t[2], training: false, eps: 1e-3)],
        ["batch_norm_vectors"] = t => [Functional.BatchNorm(t[0], null, null, t[1], t[2], training: true)],
        ["layer_norm"] = t => [Functional.LayerNorm(t[0], [8], t[1], t[2], 1e-6)],
        ["layer_norm_2d"] = t => [Functional.LayerNorm(t[0].Permute(0, 2, 3, 1), [4], t[1], t[2], 1e-6).Permute(0, 3, 1, 2)],
        ["group_norm"] = t => [Functional.GroupNorm(t[0], 2, t[1], t[2])],
        ["relu"] = t => [Functional.Relu(t[0])],
        ["relu6"] = t => [Functional.Relu6(t[0])],
        ["leaky_relu"] = t => [Functional.LeakyRelu(t[0], 0.1)],
        ["elu"] = t => [Functional.Elu(t[0])],
        ["hardswish"] = t => [Functional.Hardswish(t[0])],
        ["hardsigmoid"] = t => [Functional.Hardsigmoid(t[0])],
        ["silu"] = t => [Functional.Silu(t[0])],
        ["gelu"] = t => [Functional.Gelu(t[0])],
        ["gelu_tanh"] = t => [Functional.Gelu(t[0], approximate: true)],
        ["sigmoid"] = t => [Functional.Sigmoid(t[0])],
        ["log_sigmoid"] = t => [Functional.LogSigmoid(t[0])],
        ["tanh"] = t => [Functional.Tanh(t[0])],
        ["softplus"] = t => [Functional.Softplus(t[0])],
        ["softmax"] = t => [Functional.Softmax(t[0], 1)],
        ["log_softmax"] = t => [Functional.LogSoftmax(t[0], 0)],
        ["bilinear_up"] = t => [Functional.InterpolateBilinear(t[0], (13, 10))],
        ["bilinear_down"] = t => [Functional.InterpolateBilinear(t[0], (4, 5))],
        ["bilinear_corners"] = t => [Functional.InterpolateBilinear(t[0], (12, 11), alignCorners: true)],
        ["nearest"] = t => [Functional.InterpolateNearest(t[0], (13, 5))],
        ["pad"] = t => [Functional.Pad(t[0], 1, 2, 3, 0, 0.5)],
        ["pad_reflect"] = t => [Functional.PadReflect(t[0], 1, 2, 3, 1)],
        ["pad_replicate"] = t => [Functional.PadReplicate(t[0], 1, 2, 3, 0)],
    };

    public static TheoryData<string> Cases => new(Functions.Keys);

    public static TheoryData<string> PlaneCases => new(Functions.Keys.Where(k => k.StartsWith("conv_", StringComparison.Ordinal) || k.Contains("pool", StringComparison.Ordinal) || k.Contains("norm", StringComparison.Ordinal)));

    [Fact]
    public void Cases_OfTheOracle_AreAllTested() => Assert.Equal(Layers.Cases, Functions.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Cases))]
    public void Function_OracleInput_GivesPyTorchsValuesAndGradients(string name) => Layers.Check(name, Functions[name], 1e-5);

    [Theory, MemberData(nameof(PlaneCases))]
    public void Function_InputInChannelsLast_GivesTheSame(string name) =>
        Layers.Check(name, t => Functions[name]([.. t.Select(x => x.Dimensions == 4 ? x.To(MemoryFormat.ChannelsLast) : x)]), 1e-5);

    [Theory]
    [InlineData("layer_norm_2d")]
    [InlineData("group_norm")]
    [InlineData("batch_norm_train")]
    public void Module_WithTheOraclesWeights_GivesTheSameAsItsFunction(string name)
    {
        using Layer layer = name switch { "layer_norm_2d" => new LayerNorm2d(4), "group_norm" => new GroupNorm(2, 4), _ => new BatchNorm2d(4) };
        using var scope = new TensorScope();
        var state = new Dictionary<string, StoredTensor> { ["weight"] = Layers.Arrays[name + ".in1"], ["bias"] = Layers.Arrays[name + ".in2"] };
        if (layer is BatchNorm2d) (state["running_mean"], state["running_var"]) = (Layers.Arrays["running.mean"], Layers.Arrays["running.var"]);
        Assert.True(layer.LoadState(state).IsExact);
        Layers.AssertClose(name + ".out0", layer.Call(Layers.Inputs(name)[0], Phase.Training), 1e-5);
    }
}
