using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Tests.Models;

/// <summary>Every network of the catalogue against torchvision or a PyTorch version of it (oracle/models.py), on weights with batch-norm statistics far from 0 and 1.</summary>
public class NetworkParityTests
{
    /// <summary>Float32 keeps 7 digits; channels-last and contiguous convolutions sum in another order, over up to 150 layers.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>While training, batch norms divide by deviations of few places, and each layer passes on the rounding of those before: 1.2e-4 after the 151 norms of resnet152.</summary>
    private static double TrainingTolerance(string name) => name == "resnet152" ? 5e-4 : 1e-4;

    /// <summary>Float64 keeps 15 digits; fixtures are compared in float32.</summary>
    private const double ExactTolerance = 1e-6;

    /// <summary>More of families that another member stands for, seconds each.</summary>
    private static readonly HashSet<string> Nightly =
        ["vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg19", "vgg19_bn", "aptos_alexnet", "resnet101", "se_resnext101_32x4d", "densenet169", "densenet201", "efficientnet_b2", "efficientnet_b3", "efficientnet_b5"];

    public static TheoryData<string> Names => [.. ModelCatalog.Entries.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_FormulaWeights_EqualsTheOracle(string name)
    {
        SkipByDay(name);
        var expected = Parity.Network(name);
        using var network = Build(name, expected.Outputs, expected.Cases[0].Input);
        Assert.Equal(expected.Parameters, network.ParameterCount);
        foreach (var channelsLast in new[] { false, true })
        {
            if (channelsLast) network.UseChannelsLast();
            foreach (var one in expected.Cases) Compare(network, one, channelsLast);
        }
    }

    /// <summary>
    /// In float64 on both sides: a unit at the kink of its rectifier flips with float32's last digit, which moves gradients of the first layer by a thousandth between two equal networks.
    /// Float32 in channels-last memory, with its own kernels, is compared in what is continuous: the loss and the running statistics.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Backward_OneStep_EqualsTheOracle(string name)
    {
        SkipByDay(name);
        if (name == "inception_v3") SkipAllButNightly();
        var expected = Parity.Network(name);
        var step = expected.Training;
        Assert.True(step.Gradients.Count >= 2, $"{name}: gradients of the first and the last layer are wanted");
        using (var network = Build(name, expected.Outputs, step.Input))
        {
            network.To(ScalarType.Float64);
            using var scope = new TensorScope();
            var loss = Loss(network, expected, FormulaWeights.Input(step.Input).To(ScalarType.Float64));
            loss.Backward();
            Assert.Equal(1, loss.Item() / step.Loss, ExactTolerance);
            var parameters = network.NamedParameters().ToDictionary(p => p.Path, p => p.Tensor);
            foreach (var (path, gradient) in step.Gradients) Near(gradient, parameters[path].Grad!, ExactTolerance, $"{name}: gradient of {path}");
            CompareStatistics(network, step, ExactTolerance);
            Assert.All(network.NamedParameters(), p => Assert.True(p.Tensor.Grad is { } g && g.Abs().Sum().Item() > 0, $"{name}: {p.Path} has no gradient"));
        }
        using (var network = Build(name, expected.Outputs, step.Input))
        {
            network.UseChannelsLast();
            using var noGrad = new NoGrad();
            using var scope = new TensorScope();
            Assert.Equal(1, Loss(network, expected, FormulaWeights.Input(step.Input).To(MemoryFormat.ChannelsLast)).Item() / step.Loss, TrainingTolerance(name));
            CompareStatistics(network, step, TrainingTolerance(name));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Call_MinimumInput_GivesFiniteLogitsAndNotBelow(string name)
    {
        SkipByDay(name);
        var entry = ModelCatalog.Find(name);
        var side = entry.MinimumInput;
        using var network = entry.Create(new NetworkOptions(3) { InputChannels = 1, InputSize = side });
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var logits = network.Call(FormulaWeights.Input(1, 1, side, side), Phase.Inference).Logits;
        Assert.Equal([1, 3], logits.Shape);
        Assert.All(logits.ToArray<float>(), v => Assert.True(float.IsFinite(v)));
        Assert.NotEmpty(network.HeadParameters());
        Assert.Equal(network.NamedParameters().Count(), network.HeadParameters().Count() + network.BackboneParameters().Count());
        var e = Assert.Throws<ArgumentException>(() => network.Call(FormulaWeights.Input(1, 1, side - 1, side + 9), Phase.Inference));
        Assert.StartsWith($"{name}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Forward_RealSqueezeNetFromPth_EqualsTorchvision()
    {
        var path = TestPaths.Data("weights/squeezenet1_1_imagenet.pth");
        using var network = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(1000));
        var report = PretrainedWeights.Load(network, "squeezenet1_1", path);
        Assert.Empty(report.FreshHead);
        Assert.Equal(52, report.Loaded);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var expected = Parity.SqueezenetImageNet;
        Near(expected.Logits, network.Call(FormulaWeights.Input(expected.Input), Phase.Inference).Logits.ToArray<float>(), Tolerance, "squeezenet1_1 ImageNet");
    }

    [Fact]
    public void Call_WithoutStages_GivesNone()
    {
        using var network = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Assert.Empty(network.Call(FormulaWeights.Input(1, 3, 28, 28), Phase.Inference).Stages);
    }

    [Fact]
    public void Call_StochasticDepth_DropsWholeBranchesWhileTrainingOnly()
    {
        using var network = ModelCatalog.Create("efficientnet_b0", new NetworkOptions(5) { Dropout = 0, StochasticDepth = 0.9 });
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(2, 3, 64, 64);
        float[] Logits(Phase phase) => network.Call(x, phase).Logits.ToArray<float>();
        Assert.NotEqual(Logits(Phase.Training), Logits(Phase.Training));
        Assert.Equal(Logits(Phase.Inference), Logits(Phase.Inference));
    }

    [Fact]
    public void SqueezeNet_SignedLogits_MayBeNegative()
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        foreach (var signed in new[] { false, true })
        {
            using var network = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(7) { SignedLogits = signed });
            FormulaWeights.Fill(network);
            var logits = network.Call(FormulaWeights.Input(1, 3, 64, 64), Phase.Inference).Logits.ToArray<float>();
            Assert.Equal(signed, logits.Any(v => v < 0));
        }
    }

    [Fact]
    public void Create_UnknownName_NamesTheNearest()
    {
        var e = Assert.Throws<UnknownModelException>(() => ModelCatalog.Create("restnet18", new NetworkOptions(5)));
        Assert.Equal("restnet18: no network has this name. Did you mean resnet18? `fovea models list` shows them all.", e.Message);
    }

    internal static Network Build(string name, int outputs, long[] input)
    {
        using (WeightCreation.Uninitialised())
        {
            var network = ModelCatalog.Create(name, new NetworkOptions(outputs) { Dropout = 0, StochasticDepth = 0, InputSize = (input[2], input[3]) });
            FormulaWeights.Fill(network);
            return network;
        }
    }

    private static void Compare(Network network, Parity.Case one, bool channelsLast)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var input = FormulaWeights.Input(one.Input);
        var output = network.Call(channelsLast ? input.To(MemoryFormat.ChannelsLast) : input, Phase.Inference, withStages: true);
        Near(one.Logits, output.Logits.ToArray<float>(), Tolerance, $"{network.Name} logits");
        Assert.Null(output.Auxiliary);
        Assert.Equal(network.StageNames, output.Stages.Select(s => s.Name));
        Assert.Equal(one.Stages.Count, output.Stages.Count);
        foreach (var (stage, value) in output.Stages) Near(one.Stages[stage], value, Tolerance, $"{network.Name} {stage}");
    }

    private static Tensor Loss(Network network, Parity.NetworkCase expected, Tensor input)
    {
        var labels = Tensor.From([.. Enumerable.Range(0, (int)expected.Training.Input[0]).Select(i => 3L * i % expected.Outputs)]);
        var output = network.Call(input, Phase.Training);
        var loss = Functional.CrossEntropy(output.Logits, labels);
        return output.Auxiliary is { } auxiliary ? loss + Functional.CrossEntropy(auxiliary, labels) * Network.AuxiliaryWeight : loss;
    }

    private static void CompareStatistics(Network network, Parity.TrainingStep step, double tolerance)
    {
        var buffers = network.NamedBuffers().ToDictionary(p => p.Path, p => p.Tensor);
        foreach (var (path, statistic) in step.Statistics) Near(statistic, buffers[path], tolerance, $"{network.Name}: {path}");
    }

    internal static void SkipByDay(string name)
    {
        if (Nightly.Contains(name)) SkipAllButNightly();
    }

    private static void SkipAllButNightly()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is null) Assert.Skip("seconds long, and another of its family is tested by day; FOVEA_NIGHTLY=1 runs it");
    }

    private static void Near(Parity.Sampled expected, Tensor actual, double tolerance, string what)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        var values = actual.To(ScalarType.Float32).ToArray<float>();
        var count = expected.Sample.Length;
        Near(expected.Sample, [.. Enumerable.Range(0, count).Select(i => values[(long)i * values.Length / count])], tolerance, what);
        Assert.True(Math.Abs(Math.Sqrt(values.Sum(v => (double)v * v)) / expected.Norm - 1) <= tolerance, $"{what}: norm");
    }

    /// <summary>The largest difference relative to the largest expected value.</summary>
    private static void Near(float[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var error = expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Max() / expected.Max(e => Math.Abs((double)e));
        Assert.True(error <= tolerance, $"{what}: relative error {error:g3}");
    }
}
