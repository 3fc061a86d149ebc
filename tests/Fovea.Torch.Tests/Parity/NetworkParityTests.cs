using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;

namespace Fovea.Torch.Tests.Parity;

/// <summary>A small network (convolution, depthwise convolution, batch norm, ReLU6, linear) against the same in PyTorch 1.13.</summary>
public sealed class NetworkParityTests : IClassFixture<LeakCheck>
{
    private static readonly Reference Oracle = new("network");

    private static Sequential Build(bool inPlace)
    {
        var net = new Sequential(
            ("features", new Sequential(new Conv2d(3, 8, 3, 2, 1, bias: false), new BatchNorm2d(8), new Relu6(inPlace),
                new Conv2d(8, 8, 3, 1, 1, groups: 8, bias: false), new BatchNorm2d(8), new Relu6(inPlace), new Conv2d(8, 12, 1))),
            ("pool", new GlobalAveragePool()), ("classifier", new Linear(12, 5)));
        Assert.True(net.LoadState(State("start.")).IsExact);
        return net;
    }

    private static Dictionary<string, StoredTensor> State(string prefix) =>
        Oracle.Arrays.Where(a => a.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(a => a.Key[prefix.Length..], a => a.Value);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Training_TwentySteps_FollowsPyTorch(bool channelsLast, bool inPlace)
    {
        using var net = Build(inPlace);
        if (channelsLast) net.UseChannelsLast();
        using var optimiser = new Sgd(net, 0.05, momentum: 0.9, weightDecay: 1e-4);
        using var scope = new TensorScope();
        var x = channelsLast ? Oracle.Read("x").To(MemoryFormat.ChannelsLast) : Oracle.Read("x");
        var (labels, losses) = (Oracle.Read("labels"), new float[20]);
        for (var step = 0; step < losses.Length; step++)
        {
            using var stepScope = new TensorScope();
            var loss = Functional.CrossEntropy(net.Call(x, Phase.Training), labels);
            optimiser.ZeroGrad();
            loss.Backward();
            optimiser.Step();
            losses[step] = (float)loss.Item();
        }
        // 2e-5, twice the single operators' bound: rounding of twenty steps adds up.
        Oracle.AssertClose("losses", Tensor.From(losses), 2e-5);
        foreach (var (path, tensor) in net.NamedParameters().Concat(net.NamedBuffers())) Oracle.AssertClose("end." + path, tensor, 2e-5);
        Oracle.AssertClose("end_logits", net.Call(x, Phase.Inference), 2e-5);
    }

    [Fact]
    public void Autocast_ForwardAndBackward_AgreesToBFloat16sPrecision()
    {
        using var net = Build(inPlace: false);
        net.UseChannelsLast();
        using var scope = new TensorScope();
        Tensor logits;
        using (new Autocast(true)) logits = net.Call(Oracle.Read("x").To(MemoryFormat.ChannelsLast), Phase.Training);
        Assert.Equal(ScalarType.BFloat16, logits.Type);
        var wide = logits.To(ScalarType.Float32);
        // bfloat16 has 8 bits of mantissa: two roundings of one unit each, 2·2⁻⁸ of the largest value, are allowed.
        Oracle.AssertClose("bf16.logits", wide, 1.0 / 128);
        Functional.CrossEntropy(wide, Oracle.Read("labels")).Backward();
        // A gradient is a sum in which large terms cancel, after five layers of such roundings.
        if (ProcessorFeatures.HasBFloat16)
        {
            foreach (var (path, parameter) in net.NamedParameters()) Oracle.AssertClose("bf16.grad." + path, parameter.Grad!, 0.02);
            return;
        }
        // The fixture was made on a processor that multiplies bfloat16. Where it does not, libtorch adds up in another order: PyTorch 1.13 itself then gives gradients
        // whose distance from the fixture's is 0.017 of their length, half of either's distance from float64 gradients (0.035 and 0.038).
        double apart = 0, length = 0;
        foreach (var (path, parameter) in net.NamedParameters())
        {
            var (own, expected) = (parameter.Grad!.To(ScalarType.Float64).ToArray<double>(), Oracle.Read("bf16.grad." + path).To(ScalarType.Float64).ToArray<double>());
            apart += own.Zip(expected, (a, b) => (a - b) * (a - b)).Sum();
            length += expected.Sum(e => e * e);
        }
        Assert.InRange(Math.Sqrt(apart / length), 0, 0.02);
    }
}
