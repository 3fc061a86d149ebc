namespace Fovea.Torch.Tests.Parity;

/// <summary>Losses against PyTorch 1.13, values and gradients, to 1e-5 of the result's largest magnitude.</summary>
public sealed class LossParityTests : IClassFixture<LeakCheck>
{
    private static readonly Reference Losses = new("losses");

    private static Tensor ClassWeight => Losses.Read("class_weight");
    private static Tensor ElementWeight => Losses.Read("element_weight");

    private static readonly Dictionary<string, Func<Tensor[], Tensor[]>> Functions = new(StringComparer.Ordinal)
    {
        ["cross_entropy_plain"] = t => [Functional.CrossEntropy(t[0], t[1])],
        ["cross_entropy_sum"] = t => [Functional.CrossEntropy(t[0], t[1], reduction: Reduction.Sum)],
        ["cross_entropy_none"] = t => [Functional.CrossEntropy(t[0], t[1], reduction: Reduction.None)],
        ["cross_entropy_weight"] = t => [Functional.CrossEntropy(t[0], t[1], ClassWeight)],
        ["cross_entropy_smooth"] = t => [Functional.CrossEntropy(t[0], t[1], labelSmoothing: 0.1)],
        ["cross_entropy_weight_smooth"] = t => [Functional.CrossEntropy(t[0], t[1], ClassWeight, 0.2)],
        ["cross_entropy_ignore"] = t => [Functional.CrossEntropy(t[0], t[1], ignoreIndex: 2)],
        ["cross_entropy_soft"] = t => [Functional.CrossEntropy(t[0], t[1])],
        ["cross_entropy_map"] = t => [Functional.CrossEntropy(t[0], t[1])],
        ["nll"] = t => [Functional.NegativeLogLikelihood(Functional.LogSoftmax(t[0], 1), t[1], ClassWeight)],
        ["bce_logits_plain"] = t => [Functional.BinaryCrossEntropyWithLogits(t[0], t[1])],
        ["bce_logits_sum"] = t => [Functional.BinaryCrossEntropyWithLogits(t[0], t[1], reduction: Reduction.Sum)],
        ["bce_logits_pos_weight"] = t => [Functional.BinaryCrossEntropyWithLogits(t[0], t[1], positiveWeight: ClassWeight)],
        ["bce_logits_weight"] = t => [Functional.BinaryCrossEntropyWithLogits(t[0], t[1], ElementWeight)],
        ["bce_logits_both"] = t => [Functional.BinaryCrossEntropyWithLogits(t[0], t[1], ElementWeight, ClassWeight)],
        ["bce"] = t => [Functional.BinaryCrossEntropy(t[0], t[1])],
        ["mse"] = t => [Functional.Mse(t[0], t[1])],
        ["mse_sum"] = t => [Functional.Mse(t[0], t[1], Reduction.Sum)],
        ["l1"] = t => [Functional.L1(t[0], t[1])],
        ["smooth_l1"] = t => [Functional.SmoothL1(t[0], t[1])],
        ["smooth_l1_beta"] = t => [Functional.SmoothL1(t[0], t[1], 0.3)],
        ["huber"] = t => [Functional.Huber(t[0], t[1], 0.5)],
    };

    public static TheoryData<string> Cases => new(Functions.Keys);

    [Fact]
    public void Cases_OfTheOracle_AreAllTested() => Assert.Equal(Losses.Cases, Functions.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Cases))]
    public void Loss_OracleInput_GivesPyTorchsValueAndGradient(string name) => Losses.Check(name, Functions[name], 1e-5);
}
