using Fovea.Explanation;
using Fovea.Models;
using Fovea.Tests.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Tests.Explanation;

/// <summary>Integrated gradients, SmoothGrad, gradient SHAP and occlusion against PyTorch (oracle/explanations.py), and their axioms.</summary>
public class PixelAttributionTests
{
    /// <summary>Float64 networks on both sides; Fovea's shares along a path are float32 numbers, good to 6e-8.</summary>
    private const double Tolerance = 1e-6;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, ExplanationParity.Pixels.Count)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_Networks_EqualPyTorch(int index)
    {
        var expected = ExplanationParity.Pixels[index];
        using var network = Build(expected.Network);
        network.To(ScalarType.Float64);
        using var scope = new TensorScope();
        Tensor Named(string name, long count, double divisor) => FormulaWeights.Named(name, [count, .. expected.Input.Skip(1)]).To(ScalarType.Float64) / divisor;
        var (x, baseline) = (Named("input", 1, 1), Named("baseline", 1, 4));
        var target = ExplanationTarget.For(new HeadSpec(expected.Target.Kind, expected.Target.Classes), expected.Target.Grade);
        using (new NoGrad())
        {
            Assert.Equal(expected.Y, target(network.Call(x, Phase.Inference).Logits).Item(), 1e-9);
            Assert.Equal(expected.YBaseline, target(network.Call(baseline, Phase.Inference).Logits).Item(), 1e-9);
        }
        Compare(expected.IntegratedGradients, IntegratedGradients.Of(network, x, target, baseline, expected.Steps).ToArray<double>());
        Compare(expected.SmoothGrad, SmoothGrad.Of(network, x, target, Named("noise", 5, 8)).ToArray<double>());
        Compare(expected.GradientShap, GradientShap.Of(network, x, target, Named("baselines", 3, 4), [.. expected.Samples.Select(s => ((int)s[0], s[1]))]).ToArray<double>());
        // Losses come back as float32.
        Compare(expected.Occlusion, [.. Occlusion.Of(network, x, target, baseline, expected.Window, expected.Stride, TestContext.Current.CancellationToken).Select(v => (double)v)]);
    }

    [Fact]
    public void IntegratedGradients_ManySteps_AddUpToWhatTheImageChanged()
    {
        // The axiom of completeness (Sundararajan et al. 2017, proposition 1).
        using var network = Build("squeezenet1_1");
        network.To(ScalarType.Float64);
        using var scope = new TensorScope();
        var (x, baseline) = (FormulaWeights.Input(1, 3, 48, 48).To(ScalarType.Float64), FormulaWeights.Named("baseline", 1, 3, 48, 48).To(ScalarType.Float64) / 4);
        var target = ExplanationTarget.For(new HeadSpec(HeadKind.Softmax, 5), 1);
        double Y(Tensor image)
        {
            using var noGrad = new NoGrad();
            return target(network.Call(image, Phase.Inference).Logits).Item();
        }
        var changed = Y(x) - Y(baseline);
        var (few, many) = (Missing(4), Missing(128));
        Assert.True(many < 0.03 && many < few / 10, $"4 steps miss {few:P1} of {changed:G3}, 128 steps {many:P2}");

        double Missing(int steps) => Math.Abs(IntegratedGradients.Of(network, x, target, baseline, steps).Sum().Item() - changed) / Math.Abs(changed);
    }

    [Fact]
    public void LinearNetwork_EveryMethod_IsTheAttributionByHand()
    {
        // y = 2·mean(red) − mean(green) over 2 × 2: ∂y/∂x is ½, −¼ and 0, whatever the input. Baseline 1 everywhere.
        using var network = new Toy();
        using var scope = new TensorScope();
        var x = Tensor.From([5f, 1, 1, 3, 1, 1, 9, 1, 7, 7, 7, 7], 1, 3, 2, 2);
        var baseline = Tensor.Ones(1, 3, 2, 2);
        float[] gradient = [.. Enumerable.Repeat(0.5f, 4), .. Enumerable.Repeat(-0.25f, 4), .. new float[4]];
        float[] attributions = [2, 0, 0, 1, 0, 0, -2, 0, 0, 0, 0, 0]; // (x − 1)·∂y/∂x
        Assert.Equal(gradient, SmoothGrad.Of(network, x, z => z.Sum([1]), samples: 3).ToArray<float>(), Near);
        Assert.Equal(attributions, IntegratedGradients.Of(network, x, z => z.Sum([1]), baseline, 3).ToArray<float>(), Near);
        Assert.Equal(attributions, GradientShap.Of(network, x, z => z.Sum([1]), baseline, samples: 5).ToArray<float>(), Near);
        // Windows of one pixel: covering one with 1 loses just what is attributed to it.
        Assert.Equal([2, 0, -2, 1], Occlusion.Of(network, x, z => z.Sum([1]), baseline, 1, 1, TestContext.Current.CancellationToken), Near);
        // A window of the whole image loses y(x) − y(1) = 5 − 3 − (2 − 1) = 1.
        Assert.Equal([1, 1, 1, 1], Occlusion.Of(network, x, z => z.Sum([1]), baseline, 2, 2, TestContext.Current.CancellationToken), Near);
    }

    [Fact]
    public void SmoothGrad_SameSeed_IsTheSame()
    {
        using var network = Build("squeezenet1_1");
        using var scope = new TensorScope();
        var x = FormulaWeights.Input(1, 3, 48, 48);
        float[] Of(int seed) => SmoothGrad.Of(network, x, z => z.Select(1, 1), samples: 2, seed: seed).ToArray<float>();
        Assert.Equal(Of(1), Of(1));
        Assert.NotEqual(Of(1), Of(2));
    }

    [Fact]
    public void Of_WrongShapes_AreRefused()
    {
        using var network = new Toy();
        using var scope = new TensorScope();
        var (one, two) = (Tensor.Ones(1, 3, 2, 2), Tensor.Ones(2, 3, 2, 2));
        static Tensor Target(Tensor z) => z.Sum([1]);
        Assert.Contains("one image", Assert.Throws<ArgumentException>(() => IntegratedGradients.Of(network, two, Target, two)).Message, StringComparison.Ordinal);
        Assert.Contains("baseline", Assert.Throws<ArgumentException>(() => IntegratedGradients.Of(network, one, Target, two)).Message, StringComparison.Ordinal);
        Assert.Contains("baselines", Assert.Throws<ArgumentException>(() => GradientShap.Of(network, one, Target, Tensor.Ones(1, 3, 2, 3))).Message, StringComparison.Ordinal);
        Assert.Contains("cover", Assert.Throws<ArgumentException>(() => Occlusion.Of(network, one, Target, two, 1, 1, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Occlusion.Of(network, one, Target, one, 1, 2, TestContext.Current.CancellationToken));
    }

    private static void Compare(ExplanationParity.Sampled expected, double[] actual)
    {
        Assert.Equal(expected.Shape.Aggregate(1L, (a, b) => a * b), actual.Length);
        var scale = expected.Sample.Max(Math.Abs);
        Assert.Equal(1, Math.Sqrt(actual.Sum(v => v * v)) / expected.Norm, Tolerance);
        Assert.All(expected.Sample.Select((v, i) => (v, actual[i * (long)actual.Length / expected.Sample.Length])), v => Assert.Equal(v.v / scale, v.Item2 / scale, 10 * Tolerance));
    }

    private static Network Build(string name)
    {
        var network = ModelCatalog.Create(name, new NetworkOptions(5));
        FormulaWeights.Fill(network);
        network.RequireGrad(false);
        return network;
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-5;

    private sealed class Toy : Network
    {
        public Toy() => UseHead(new NetworkOptions(1), 3, "none", () => new Sum());

        public override IReadOnlyList<string> StageNames => ["features"];

        protected override Tensor Features(Tensor x, Phase phase, StageRecorder stages) => stages.Mark("features", x * 1);

        private sealed class Sum : Layer
        {
            protected override Tensor Forward(Tensor x, Phase phase)
            {
                var means = x.Mean([2, 3]);
                return means.Narrow(1, 0, 1) * 2 - means.Narrow(1, 1, 1);
            }
        }
    }
}
