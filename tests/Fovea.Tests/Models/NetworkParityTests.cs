using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Tests.Models;

/// <summary>Every network of the catalogue against torchvision or a PyTorch version of it (oracle/models.py), on weights with batch-norm statistics far from 0 and 1.</summary>
public class NetworkParityTests
{
    /// <summary>Float32 keeps 7 digits; channels-last and contiguous convolutions sum in another order, over up to 50 layers.</summary>
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => [.. ModelCatalog.Entries.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_FormulaWeights_EqualsTheOracle(string name) => Compare(name, channelsLast: false);

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_ChannelsLast_EqualsTheOracle(string name) => Compare(name, channelsLast: true);

    private static void Compare(string name, bool channelsLast)
    {
        var expected = Parity.Fixture.Networks.Single(n => n.Network == name);
        using var network = ModelCatalog.Create(name, new NetworkOptions(expected.Outputs));
        Assert.Equal(expected.Parameters, network.ParameterCount);
        FormulaWeights.Fill(network);
        if (channelsLast) network.UseChannelsLast();
        using var noGrad = new NoGrad();
        Assert.Equal(2, expected.Cases.Count);
        foreach (var one in expected.Cases)
        {
            using var scope = new TensorScope();
            var input = FormulaWeights.Input(one.Input);
            var output = network.Call(channelsLast ? input.To(MemoryFormat.ChannelsLast) : input, Phase.Inference, withStages: true);
            Near(one.Logits, output.Logits.ToArray<float>(), $"{name} logits");
            Assert.Equal(network.StageNames, output.Stages.Select(s => s.Name));
            Assert.Equal(one.Stages.Count, output.Stages.Count);
            foreach (var (stage, value) in output.Stages)
            {
                var wanted = one.Stages[stage];
                Assert.Equal(wanted.Shape, value.Shape);
                var values = value.ToArray<float>();
                Near(wanted.Sample, [.. Enumerable.Range(0, 64).Select(i => values[(long)i * values.Length / 64])], $"{name} {stage}");
                Assert.Equal(1, Math.Sqrt(values.Sum(v => (double)v * v)) / wanted.Norm, Tolerance);
            }
        }
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
        var expected = Parity.Fixture.SqueezenetImageNet;
        Near(expected.Logits, network.Call(FormulaWeights.Input(expected.Input), Phase.Inference).Logits.ToArray<float>(), "squeezenet1_1 ImageNet");
    }

    [Fact]
    public void Call_WithoutStages_GivesNone()
    {
        using var network = ModelCatalog.Create("resnet18_small", new NetworkOptions(5));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Assert.Empty(network.Call(FormulaWeights.Input(1, 3, 28, 28), Phase.Inference).Stages);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Call_Training_ReachesEveryParameter(string name)
    {
        using var network = ModelCatalog.Create(name, new NetworkOptions(5) { Dropout = 0, SignedLogits = true });
        FormulaWeights.Fill(network);
        using var scope = new TensorScope();
        network.Call(FormulaWeights.Input(2, 3, 48, 48), Phase.Training).Logits.Square().Sum().Backward();
        Assert.All(network.NamedParameters(), p => Assert.True(p.Tensor.Grad is { } g && g.Abs().Sum().Item() > 0, $"{name}: {p.Path} has no gradient"));
    }

    [Fact]
    public void BaselineCnn_FiveOutputs_HasTheCaseStudysParameters()
    {
        using var network = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5));
        Assert.Equal(186_037, network.ParameterCount);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Create_MinimumInput_GivesFiniteLogits(string name)
    {
        var entry = ModelCatalog.Find(name);
        using var network = entry.Create(new NetworkOptions(3));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var logits = network.Call(FormulaWeights.Input(1, 3, entry.MinimumInput, entry.MinimumInput), Phase.Inference).Logits;
        Assert.Equal([1, 3], logits.Shape);
        Assert.All(logits.ToArray<float>(), v => Assert.True(float.IsFinite(v)));
        Assert.NotEmpty(network.HeadParameters());
        Assert.Equal(network.NamedParameters().Count(), network.HeadParameters().Count() + network.BackboneParameters().Count());
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

    /// <summary>The largest difference relative to the largest expected value.</summary>
    private static void Near(float[] expected, float[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var error = expected.Zip(actual, (e, a) => Math.Abs((double)e - a)).Max() / expected.Max(e => Math.Abs((double)e));
        Assert.True(error <= Tolerance, $"{what}: relative error {error:g3}");
    }
}
