using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Torch.Serving;

namespace Fovea.Tests.Models;

/// <summary>A 1×1 convolution and the depthwise one behind it, which serve as one kernel that works strip by strip: maps of many strips, and channels that no vector divides.</summary>
public class ServingExpansionTests
{
    /// <summary>Channels before and behind, height and width, kernel, stride, padding, dilation.</summary>
    public static TheoryData<long, long, long, long, int, int, int, int> Shapes => new()
    {
        { 16, 96, 112, 112, 3, 2, 1, 1 },
        { 24, 144, 57, 101, 3, 1, 1, 1 }, // several strips, and a last one of fewer rows
        { 7, 20, 90, 131, 5, 2, 2, 1 },   // a panel of few channels
        { 8, 33, 64, 200, 5, 1, 2, 1 },
        { 8, 16, 60, 90, 7, 1, 3, 1 },    // a kernel without code of its own
        { 8, 40, 70, 150, 3, 1, 2, 2 },
        { 8, 24, 33, 300, 1, 2, 0, 1 },   // strips that share no rows
        { 8, 16, 9, 9, 3, 1, 3, 1 },      // rows that lie outside altogether
        { 12, 48, 5, 1000, 3, 1, 1, 1 },  // a strip is one row
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_ExpansionAndDepthwise_EqualTheTwoConvolutions(long input, long channels, long height, long width, int kernel, int stride, int padding, int dilation)
    {
        using var expand = new Conv2d(input, channels, 1);
        using var depthwise = new Conv2d(channels, channels, kernel, stride, padding, dilation, groups: channels);
        FormulaWeights.Fill(expand);
        FormulaWeights.Fill(depthwise);
        using var scope = new TensorScope();
        Tensor Forward(Tensor x) => Functional.Silu(depthwise.Call(Functional.Relu6(expand.Call(x, Phase.Inference)), Phase.Inference));
        var x = FormulaWeights.Input(2, input, height, width).To(MemoryFormat.ChannelsLast);
        using var noGrad = new NoGrad();
        using var program = new ServingProgram(y => [Forward(y)], input, height, width);
        Assert.Equal(["fovea::serve_conv"], program.Operators.Keys);
        Assert.Equal(1, program.Operators.Values.Single());
        Check(Forward(x), program, x);
    }

    /// <summary>With the means that squeeze and excitation starts from, whose sums must not depend on who computes them.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_WithMeans_EqualsThePlainForm(long input, long channels, long height, long width, int kernel, int stride, int padding, int dilation)
    {
        using var expand = new Conv2d(input, channels, 1);
        using var depthwise = new Conv2d(channels, channels, kernel, stride, padding, dilation, groups: channels, bias: false);
        using var squeeze = new Conv2d(channels, channels, 1);
        using var project = new Conv2d(channels, 4, 1);
        foreach (var layer in new Module[] { expand, depthwise, squeeze, project }) FormulaWeights.Fill(layer);
        using var scope = new TensorScope();
        Tensor Forward(Tensor x)
        {
            var y = Functional.Silu(depthwise.Call(Functional.Hardswish(expand.Call(x, Phase.Inference)), Phase.Inference));
            return project.Call(y * Functional.Sigmoid(squeeze.Call(Functional.AdaptiveAvgPool2d(y, 1), Phase.Inference)), Phase.Inference);
        }
        var x = FormulaWeights.Input(2, input, height, width).To(MemoryFormat.ChannelsLast);
        using var noGrad = new NoGrad();
        using var program = new ServingProgram(y => [Forward(y)], input, height, width);
        Assert.Equal(1, program.Operators["fovea::serve_depthwise_mean"]);
        Assert.Equal(2, program.Operators["fovea::serve_conv"]);
        Check(Forward(x), program, x);
    }

    /// <summary>Where something else sees the wide map, it must be there.</summary>
    [Fact]
    public void Run_ExpansionSeenByOthers_StaysAConvolution()
    {
        using var expand = new Conv2d(8, 32, 1);
        using var depthwise = new Conv2d(32, 32, 3, padding: 1, groups: 32);
        FormulaWeights.Fill(expand);
        FormulaWeights.Fill(depthwise);
        using var scope = new TensorScope();
        Tensor[] Forward(Tensor x)
        {
            var wide = expand.Call(x, Phase.Inference);
            return [depthwise.Call(wide, Phase.Inference), wide];
        }
        var x = FormulaWeights.Input(1, 8, 20, 20).To(MemoryFormat.ChannelsLast);
        using var noGrad = new NoGrad();
        using var program = new ServingProgram(Forward, 8, 20, 20);
        Assert.Equal(2, program.Operators["fovea::serve_conv"]);
        foreach (var (expected, actual) in Forward(x).Zip(program.Run(x))) ServingNetworkTests.Near(expected, actual, "expansion that others see");
    }

    /// <summary>Near the plain form, and the same to the bit for each image alone and by one thread.</summary>
    private static void Check(Tensor expected, ServingProgram program, Tensor x)
    {
        var served = program.Run(x)[0];
        ServingNetworkTests.Near(expected, served, "expansion");
        var threads = TorchRuntime.Threads;
        TorchRuntime.Threads = 1;
        try
        {
            float[] alone = [.. program.Run(x.Narrow(0, 0, 1))[0].ToArray<float>(), .. program.Run(x.Narrow(0, 1, 1))[0].ToArray<float>()];
            Assert.Equal(served.ToArray<float>(), alone);
        }
        finally
        {
            TorchRuntime.Threads = threads;
        }
    }
}
