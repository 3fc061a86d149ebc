using Fovea.Explanation;
using Fovea.Models;
using Fovea.Tests.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Tests.Explanation;

public class GradCamTests
{
    /// <summary>Gradients through up to 50 layers in float32, divided by the map's maximum, which sums terms of both signs.</summary>
    private const double Tolerance = 1e-4;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Parity.GradCam.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_FormulaWeights_EqualsPyTorch(int index)
    {
        var expected = Parity.GradCam[index];
        var head = new HeadSpec(expected.Target.Kind, expected.Target.Classes);
        Assert.Equal(expected.Outputs, head.Outputs);
        using var network = ModelCatalog.Create(expected.Network, new NetworkOptions(head.Outputs));
        FormulaWeights.Fill(network);
        network.RequireGrad(false);
        network.UseChannelsLast();
        using var noGrad = new NoGrad(); // as when serving
        using var scope = new TensorScope();
        var map = GradCam.Of(network, FormulaWeights.Input(1, 3, 96, 128), ExplanationTarget.For(head, expected.Target.Grade), expected.Layer)[0];
        Assert.Equal((expected.Shape[0], expected.Shape[1]), (map.Height, map.Width));
        Assert.Equal(expected.Max == 0, map.IsFlat);
        Assert.All(expected.Map.Zip(map.Values), v => Assert.Equal(v.First, v.Second, Tolerance));
    }

    [Fact]
    public void Of_DefaultLayer_IsTheLastStage()
    {
        using var network = new Toy(scaleOfFirst: 1, scaleOfSecond: -1);
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(1, 3, 4, 4);
        Assert.Equal(GradCam.Of(network, x, z => z.Sum(), "features")[0].Values, GradCam.Of(network, x, z => z.Sum())[0].Values);
    }

    [Fact]
    public void Of_LinearToy_IsTheMapByHand()
    {
        // Features: channel 0 = red, channel 1 = green. y = 3·mean(red) − 2·mean(green) over 2×2 cells, so ∂y/∂A is 3/4 and −2/4 everywhere,
        // the weights are their means, and the map is relu(0.75·red − 0.5·green): cells 0.75·4 = 3, 0.75·2 − 0.5·1 = 1, −0.5·2 → 0, 0.75·1 − 0.5·1 = 0.25; divided by 3.
        using var network = new Toy(scaleOfFirst: 3, scaleOfSecond: -2);
        using var scope = new TensorScope();
        var x = Tensor.From([4f, 2, 0, 1, /* green */ 0, 1, 2, 1, /* blue */ 9, 9, 9, 9], 1, 3, 2, 2);
        var map = GradCam.Of(network, x, logits => logits.Sum())[0];
        Assert.False(map.IsFlat);
        Assert.Equal(new double[] { 1, 1 / 3.0, 0, 0.25 / 3 }, map.Values.Select(v => (double)v), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Of_MirroredInput_MirrorsTheMapOfTheToy()
    {
        using var network = new Toy(scaleOfFirst: 3, scaleOfSecond: -2);
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(1, 3, 5, 7);
        var map = GradCam.Of(network, x, z => z.Sum())[0];
        var mirrored = GradCam.Of(network, x.Flip(3), z => z.Sum())[0];
        for (var i = 0; i < 35; i++) Assert.Equal(map.Values[i], mirrored.Values[i / 7 * 7 + 6 - i % 7], 1e-6f);
    }

    [Fact]
    public void Of_NothingSpeaksForTheTarget_IsReportedFlat()
    {
        using var network = new Toy(scaleOfFirst: -1, scaleOfSecond: -1);
        using var scope = new TensorScope();
        var map = GradCam.Of(network, Tensor.Ones(1, 3, 4, 4), z => z.Sum())[0];
        Assert.True(map.IsFlat);
        Assert.All(map.Values, v => Assert.Equal(0, v));
    }

    [Fact]
    public void Of_EqualEverywhere_IsReportedFlat()
    {
        using var network = new Toy(scaleOfFirst: 1, scaleOfSecond: 1);
        using var scope = new TensorScope();
        Assert.True(GradCam.Of(network, Tensor.Ones(1, 3, 4, 4), z => z.Sum())[0].IsFlat);
    }

    [Fact]
    public void Of_TargetThatDependsOnNothing_IsReportedFlat()
    {
        using var network = new Toy(scaleOfFirst: 0, scaleOfSecond: 0);
        using var scope = new TensorScope();
        Assert.True(GradCam.Of(network, FormulaWeights.Input(1, 3, 4, 4), z => z.Sum())[0].IsFlat);
    }

    [Fact]
    public void Of_UnknownLayer_NamesTheLayers()
    {
        using var network = new Toy(1, 1);
        using var scope = new TensorScope();
        Assert.Contains("features", Assert.Throws<ArgumentException>(() => GradCam.Of(network, Tensor.Ones(1, 3, 4, 4), z => z.Sum(), "stage9")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromRaw_NaN_Throws() => Assert.Throws<NotFiniteNumberException>(() => ActivationMap.FromRaw(2, 1, [1, float.NaN]));

    [Fact]
    public void For_OrdinalGrades_SumsTheBitsThatSpeakForThem()
    {
        using var scope = new TensorScope();
        var logits = Tensor.From([1f, 10, 100, 1000], 1, 4);
        double Of(int grade, bool alwaysOn) => ExplanationTarget.For(new HeadSpec(HeadKind.Ordinal, alwaysOn ? 4 : 5) { AlwaysOnBit = alwaysOn }, grade)(logits).Item();
        Assert.Equal([-1, 1, 11, 111, 1111], Enumerable.Range(0, 5).Select(g => Of(g, false)));
        Assert.Equal([-10, 10, 110, 1110], Enumerable.Range(0, 4).Select(g => Of(g, true)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(5, false));
    }

    /// <summary>Hands its first two channels through and adds up their means, scaled.</summary>
    private sealed class Toy : Network
    {
        public Toy(double scaleOfFirst, double scaleOfSecond) => UseHead(new NetworkOptions(1), 2, "none", () => new Sum(scaleOfFirst, scaleOfSecond));

        public override IReadOnlyList<string> StageNames => ["input", "features"];

        protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages)
        {
            stages.Mark("input", x * 1);
            return stages.Mark("features", x.Narrow(1, 0, 2) * 1);
        }

        private sealed class Sum(double first, double second) : Layer
        {
            protected override Tensor Forward(Tensor x, Phase phase)
            {
                var means = x.Mean([2, 3]);
                return means.Narrow(1, 0, 1) * first + means.Narrow(1, 1, 1) * second;
            }
        }
    }
}
