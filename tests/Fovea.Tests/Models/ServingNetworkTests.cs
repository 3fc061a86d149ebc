using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;
using Fovea.Torch.Serving;

namespace Fovea.Tests.Models;

/// <summary>The form that serves against the plain one, which equals torchvision's (<see cref="NetworkParityTests"/>).</summary>
public class ServingNetworkTests
{
    /// <summary>Float32 keeps 7 digits; folding rounds each weight once more, Winograd's sums are of other terms, over up to 200 layers.</summary>
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => [.. ModelCatalog.Entries.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Call_EveryNetwork_EqualsThePlainForm(string name)
    {
        NetworkParityTests.SkipByDay(name);
        var input = Parity.Network(name).Cases[0].Input;
        using var network = NetworkParityTests.Build(name, 7, input);
        using var serving = new ServingNetwork(network);
        foreach (var images in new[] { 1L, 3L }) Compare(network, serving, FormulaWeights.Input(images, input[1], input[2], input[3]));
    }

    /// <summary>All but what no rule knows: DenseNet's last norm follows a joined map.</summary>
    [Theory]
    [InlineData("resnet18", 0)]
    [InlineData("mobilenet_v2", 0)]
    [InlineData("mobilenet_v3_large", 0)]
    [InlineData("efficientnet_b0", 0)]
    [InlineData("densenet121", 1)]
    public void Operators_OfTheForm_AreFused(string name, int norms)
    {
        using var network = NetworkParityTests.Build(name, 5, [1, 3, 64, 64]);
        using var program = new ServingProgram(x => [network.Call(x, Phase.Inference).Logits], 3, 64, 64);
        int Count(string operators) => program.Operators.GetValueOrDefault(operators);
        Assert.Equal(norms, Count("fovea::batch_norm_act"));
        Assert.All(["aten::relu", "aten::silu", "aten::hardswish", "aten::hardtanh", "aten::sigmoid", "aten::hardsigmoid", "aten::mul.Tensor", "aten::add.Tensor", "aten::cat", "fovea::conv2d", "aten::linear"],
            o => Assert.Equal(0, Count(o)));
        Assert.True(Count("fovea::serve_conv") > 15);
    }

    [Fact]
    public void Call_AfterTrainingSteps_EqualsThePlainForm()
    {
        using var network = NetworkParityTests.Build("mobilenet_v2", 5, [2, 3, 64, 64]);
        network.UseChannelsLast();
        using (var optimiser = new Sgd(network, 0.01, momentum: 0.9))
            for (var step = 0; step < 2; step++)
            {
                using var scope = new TensorScope();
                optimiser.ZeroGrad();
                Functional.CrossEntropy(network.Call(FormulaWeights.Input(4, 3, 64, 64), Phase.Training).Logits, Tensor.From([0L, 1, 2, 3])).Backward();
                optimiser.Step();
            }
        using var serving = new ServingNetwork(network);
        Compare(network, serving, FormulaWeights.Input(2, 3, 64, 64));
        Compare(network, serving, FormulaWeights.Input(2, 3, 96, 64)); // another size is another form
    }

    [Theory]
    [InlineData(PoolingKind.AverageMax)]
    [InlineData(PoolingKind.Gem)]
    [InlineData(PoolingKind.Pyramid)]
    public void Call_HeadOfARecipe_EqualsThePlainForm(PoolingKind pooling)
    {
        var head = new HeadSpec(HeadKind.Ordinal, 5) { Pooling = pooling, Hidden = [new HiddenLayer(16, 0.1, BatchNorm: true)] };
        using var network = ModelCatalog.Create("resnet18_small", NetworkOptions.For(head));
        FormulaWeights.Fill(network);
        using var serving = new ServingNetwork(network);
        Compare(network, serving, FormulaWeights.Input(2, 3, 32, 32));
    }

    [Fact]
    public void Call_LargeBatch_EqualsImageByImageToTheBit()
    {
        using var network = NetworkParityTests.Build("efficientnet_b0", 5, [1, 3, 32, 32]);
        using var serving = new ServingNetwork(network);
        using var scope = new TensorScope();
        var images = ServingNetwork.MaxBatch + 3L;
        var x = FormulaWeights.Input(images, 3, 32, 32);
        var together = serving.Call(x).Logits.ToArray<float>();
        Assert.Equal(5 * images, together.Length);
        for (var i = 0; i < images; i += 7) Assert.Equal(together[(5 * i)..(5 * i + 5)], serving.Call(x.Narrow(0, i, 1)).Logits.ToArray<float>());
        Assert.Equal([0, 5], serving.Call(x.Narrow(0, 0, 0)).Logits.Shape);
    }

    [Fact]
    public async Task Call_HundredConcurrentRequests_AnswerAsSerialOnesToTheBit()
    {
        using var network = NetworkParityTests.Build("mobilenet_v3_large", 5, [1, 3, 48, 48]);
        using var serving = new ServingNetwork(network);
        float[] Ask(int i)
        {
            using var scope = new TensorScope();
            return serving.Call(FormulaWeights.Input(1, 3, 48, 48) * (1 + i)).Logits.ToArray<float>();
        }
        var serial = Enumerable.Range(0, 100).Select(Ask).ToArray();
        Assert.Equal(100, serial.Select(s => s[0]).Distinct().Count()); // questions of their own
        var threads = Enumerable.Range(0, 100).Select(i => Task.Factory.StartNew(() => Ask(i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Assert.Equal(serial, await Task.WhenAll(threads));
    }

    /// <summary>Derivatives of the logits by the features: of the head's operators as they were, over the serving form's features.</summary>
    [Theory]
    [InlineData("mobilenet_v2")]
    [InlineData("densenet121")]
    [InlineData("vgg11")]
    public void CallCut_Features_HaveThePlainFormsDerivatives(string name)
    {
        using var network = NetworkParityTests.Build(name, 5, [1, 3, 64, 64]);
        network.RequireGrad(false);
        using var serving = new ServingNetwork(network);
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(2, 3, 64, 64).To(MemoryFormat.ChannelsLast);
        Tensor Derivative(NetworkOutput output)
        {
            using var enableGrad = new EnableGrad();
            return Gradient.Of(output.Logits.Narrow(1, 2, 1).Sum(), [output.Stages[0].Value])[0]!;
        }
        Near(Derivative(network.CallCutAt(x, network.StageNames[^1])), Derivative(serving.CallCut(x)), name);
    }

    [Fact]
    public void Call_WrongSize_NamesTheNetwork()
    {
        using var serving = new ServingNetwork(ModelCatalog.Create("resnet18", new NetworkOptions(5)), owns: true);
        using var scope = new TensorScope();
        Assert.StartsWith("resnet18: ", Assert.Throws<ArgumentException>(() => serving.Call(Tensor.Zeros(1, 3, 20, 20))).Message, StringComparison.Ordinal);
    }

    private static void Compare(Network network, ServingNetwork serving, Tensor x)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var expected = network.Call(x, Phase.Inference, withStages: true);
        var last = x.To(MemoryFormat.ChannelsLast);
        var actual = serving.Call(last);
        Near(expected.Logits, actual.Logits, $"{network.Name} logits");
        Assert.Equal(network.StageNames[^1], Assert.Single(actual.Stages).Name);
        Near(expected.Stages[^1].Value, actual.Stages[0].Value, $"{network.Name} features");
        Near(expected.Logits, serving.CallCut(last).Logits, $"{network.Name} logits, cut");
        using var program = new ServingProgram(y => [.. network.Call(y, Phase.Inference, withStages: true).Stages.Select(s => s.Value)], x.Shape.AsSpan(1));
        foreach (var ((name, e), a) in expected.Stages.Zip(program.Run(last))) Near(e, a, $"{network.Name} {name}");
    }

    internal static void Near(Tensor expected, Tensor actual, string what)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        float[] e = expected.ToArray<float>(), a = actual.ToArray<float>();
        var error = e.Zip(a, (p, q) => Math.Abs((double)p - q)).Max() / e.Max(v => Math.Abs((double)v));
        Assert.True(error <= Tolerance, $"{what}: relative error {error:g3}");
    }
}
