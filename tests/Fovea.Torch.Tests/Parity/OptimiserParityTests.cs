using Fovea.Torch.Modules;
using Fovea.Torch.Optimisation;

namespace Fovea.Torch.Tests.Parity;

/// <summary>Each optimiser over 20 steps of given gradients against torch.optim 1.13, to 1e-5 of the largest magnitude; one parameter goes without gradients for four steps, the rate halves at step 10.</summary>
public sealed class OptimiserParityTests : IClassFixture<LeakCheck>
{
    private const int Steps = 20;
    private static readonly Reference Oracle = new("optimisers");

    /// <summary>The three parameters of the oracle.</summary>
    internal sealed class Three : Module
    {
        internal Three()
        {
            foreach (var name in new[] { "a", "b", "c" }) AddParameter(name, Oracle.Read("start." + name));
        }
    }

    internal static readonly Dictionary<string, Func<Module, Optimiser>> Settings = new(StringComparer.Ordinal)
    {
        ["sgd"] = m => new Sgd(m, 0.05),
        ["sgd_decay"] = m => new Sgd(m, 0.05, weightDecay: 0.01),
        ["sgd_momentum"] = m => new Sgd(m, 0.05, momentum: 0.9, weightDecay: 1e-3),
        ["sgd_nesterov"] = m => new Sgd(m, 0.05, momentum: 0.8, weightDecay: 1e-3, nesterov: true),
        ["adam"] = m => new Adam(m, 0.02),
        ["adam_decay"] = m => new Adam(m, 0.02, 0.8, 0.95, 1e-6, 0.05),
        ["adamw"] = m => new AdamW(m, 0.02),
        ["adamw_decay"] = m => new AdamW(m, 0.02, 0.8, 0.95, weightDecay: 0.2),
        ["radam"] = m => new RAdam(m, 0.02),
        ["radam_decay"] = m => new RAdam(m, 0.02, 0.8, 0.9, 1e-3, 0.05),
        ["rmsprop"] = m => new RmsProp(m, 0.02),
        ["rmsprop_momentum"] = m => new RmsProp(m, 0.02, 0.9, 1e-7, 0.7, 0.01),
        ["rmsprop_centred"] = m => new RmsProp(m, 0.02, momentum: 0.5, centred: true),
        ["groups"] = m => new Sgd(
        [
            new ParameterGroup([.. m.NamedParameters().Take(1)]) { LearningRateFactor = 2, WeightDecay = 0 },
            new ParameterGroup([.. m.NamedParameters().Skip(1)]),
        ], 0.05, momentum: 0.9, weightDecay: 0.01),
    };

    public static TheoryData<string> Cases => new(Settings.Keys);

    /// <summary>Steps first … last−1 of the oracle's schedule. A gradient g comes from the loss sum(p·g).</summary>
    internal static void Run(Module module, Optimiser optimiser, int first, int last)
    {
        for (var step = first; step < last; step++)
        {
            using var scope = new TensorScope();
            if (step == 10) optimiser.LearningRate *= 0.5;
            optimiser.ZeroGrad();
            SetGradients(module, step);
            optimiser.Step();
        }
    }

    private static void SetGradients(Module module, int step)
    {
        foreach (var (path, parameter) in module.NamedParameters())
            if (!(path == "b" && step is >= 5 and < 9)) (parameter * Oracle.Read("grad." + path).Select(0, step)).Sum().Backward();
    }

    [Theory, MemberData(nameof(Cases))]
    public void Step_TwentyTimes_MatchesTorchOptim(string name)
    {
        using var module = new Three();
        using var optimiser = Settings[name](module);
        Run(module, optimiser, 0, Steps);
        foreach (var (path, parameter) in module.NamedParameters()) Oracle.AssertClose($"{name}.{path}", parameter, 1e-5);
    }

    [Theory, MemberData(nameof(Cases))]
    public void LoadState_AfterSevenSteps_ContinuesToTheSameBits(string name)
    {
        using var whole = new Three();
        using var wholeOptimiser = Settings[name](whole);
        Run(whole, wholeOptimiser, 0, 7);
        var (weights, state, rate) = (whole.State(), wholeOptimiser.State(), wholeOptimiser.LearningRate);
        Run(whole, wholeOptimiser, 7, Steps);

        using var resumed = new Three();
        using var resumedOptimiser = Settings[name](resumed);
        Run(resumed, resumedOptimiser, 0, 2); // something to overwrite
        Assert.True(resumed.LoadState(weights).IsExact);
        Assert.True(resumedOptimiser.LoadState(state).IsExact);
        resumedOptimiser.LearningRate = rate;
        Run(resumed, resumedOptimiser, 7, Steps);
        foreach (var (key, tensor) in whole.State()) Assert.Equal(tensor.Data, resumed.State()[key].Data);
        foreach (var (key, tensor) in wholeOptimiser.State()) Assert.Equal(tensor.Data, resumedOptimiser.State()[key].Data);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1000)]
    public void ClipNorm_OracleGradients_MatchesPyTorch(double bound)
    {
        using var module = new Three();
        using var scope = new TensorScope();
        SetGradients(module, 0);
        var norm = GradientClipping.ClipNorm(module.Parameters(), bound);
        Assert.Equal(Oracle.Read($"clip_{bound}.norm").Item(), norm, 1e-5 * norm);
        foreach (var (path, parameter) in module.NamedParameters()) Oracle.AssertClose($"clip_{bound}.{path}", parameter.Grad!, 1e-5);
    }

    [Fact]
    public void ClipValue_OracleGradients_MatchesPyTorch()
    {
        using var module = new Three();
        using var scope = new TensorScope();
        SetGradients(module, 0);
        GradientClipping.ClipValue(module.Parameters(), 0.3);
        foreach (var (path, parameter) in module.NamedParameters()) Oracle.AssertClose($"clip_value.{path}", parameter.Grad!, 1e-6);
    }

    [Fact]
    public void Average_TwentyUpdates_MatchesTheOracle()
    {
        using var module = new Three();
        using var average = new ExponentialMovingAverage(module, 0.9);
        using var noGrad = new NoGrad();
        for (var step = 0; step < Steps; step++)
        {
            using var scope = new TensorScope();
            foreach (var (path, parameter) in module.NamedParameters()) parameter.CopyInPlace(Oracle.Read("start." + path) + Oracle.Read("grad." + path).Select(0, step));
            average.Update();
        }
        using var swapScope = new TensorScope();
        using (average.Swap()) Oracle.AssertClose("ema.c", module.Parameters()[2], 1e-5);
    }
}
