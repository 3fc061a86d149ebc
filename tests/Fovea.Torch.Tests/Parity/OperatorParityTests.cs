namespace Fovea.Torch.Tests.Parity;

/// <summary>Tensor operators against PyTorch 1.13, values and gradients, to 1e-5 of the result's largest magnitude: the kernels are the same, the sums may run in another order.</summary>
public sealed class OperatorParityTests : IClassFixture<LeakCheck>
{
    private static readonly Reference Operators = new("operators");

    private static readonly Dictionary<string, Func<Tensor[], Tensor[]>> Functions = new(StringComparer.Ordinal)
    {
        ["add"] = t => [t[0] + t[1]],
        ["sub"] = t => [t[0] - t[1]],
        ["mul"] = t => [t[0] * t[1]],
        ["div"] = t => [t[0] / t[1]],
        ["maximum"] = t => [t[0].Maximum(t[1])],
        ["minimum"] = t => [t[0].Minimum(t[1])],
        ["matmul_t"] = t => [t[0].MatMul(t[1].Transpose(0, 1))],
        ["where"] = t => [t[0].Where(t[0] > 0, t[1])],
        ["add_broadcast"] = t => [t[0] + t[1]],
        ["scalar_chain"] = t => [(2 - (t[0] + 1.5) * 3) / 4 - 0.5],
        ["neg"] = t => [-t[0]],
        ["exp"] = t => [t[0].Exp()],
        ["abs"] = t => [t[0].Abs()],
        ["square"] = t => [t[0].Square()],
        ["clamp"] = t => [t[0].Clamp(-0.5, 0.7)],
        ["clamp_min"] = t => [t[0].Clamp(0.1, null)],
        ["log"] = t => [t[0].Log()],
        ["log1p"] = t => [t[0].Log1p()],
        ["sqrt"] = t => [t[0].Sqrt()],
        ["rsqrt"] = t => [t[0].Rsqrt()],
        ["pow"] = t => [t[0].Pow(1.7)],
        ["sign"] = t => [t[0].Sign()],
        ["round"] = t => [t[0].Round()],
        ["sum"] = t => [t[0].Sum()],
        ["sum_dims"] = t => [t[0].Sum([0, 2])],
        ["mean"] = t => [t[0].Mean()],
        ["mean_keep"] = t => [t[0].Mean([1], keep: true)],
        ["amax"] = t => [t[0].Amax([1])],
        ["amin"] = t => [t[0].Amin([0, 2])],
        ["var"] = t => [t[0].Var([1, 2])],
        ["var_biased"] = t => [t[0].Var([2], unbiased: false, keep: true)],
        ["norm"] = t => [t[0].Norm()],
        ["cumsum"] = t => [t[0].CumSum(1)],
        ["topk"] = t => [t[0].TopK(2).Values, t[0].TopK(2).Indices],
        ["argmax"] = t => [t[0].Argmax(1)],
        ["argsort"] = t => [t[0].Argsort(-1, descending: true)],
        ["compare"] = t => [(t[0] > 0.1).To(ScalarType.Int64) + (t[0] < -0.1).To(ScalarType.Int64) * Long(2) + (t[0] >= 0.5).To(ScalarType.Int64) * Long(4)
            + (t[0] <= -0.5).To(ScalarType.Int64) * Long(8) + t[0].EqualTo(t[1]).To(ScalarType.Int64) * Long(16)],
        ["all_any"] = t => [(t[0] > -9).All(), (t[0] > 9).Any()],
        ["reshape"] = t => [t[0].Reshape(4, -1)],
        ["permute"] = t => [t[0].Permute(2, 0, 1)],
        ["transpose"] = t => [t[0].Transpose(0, 2)],
        ["flatten"] = t => [t[0].Flatten(1)],
        ["unsqueeze_expand"] = t => [t[0].Unsqueeze(1).Expand(2, 5, 3, 4)],
        ["flip"] = t => [t[0].Flip(0, 2)],
        ["select"] = t => [t[0].Select(1, 2)],
        ["narrow"] = t => [t[0].Narrow(2, 1, 2)],
        ["slice"] = t => [t[0].Slice(2, 0, 4, 2)],
        ["split"] = t => t[0].Split(2, 2),
        ["chunk"] = t => t[0].Chunk(3, 1),
        ["unbind"] = t => t[0].Unbind(1),
        ["cat"] = t => [Tensor.Cat([t[0], t[0] * 2], 1)],
        ["stack"] = t => [Tensor.Stack([t[0], t[0] + 1])],
        ["index_select"] = t => [t[0].IndexSelect(1, t[1])],
        ["gather"] = t => [t[0].Gather(2, t[1])],
        ["index_mask"] = t => [t[0].Index(t[0] > 0)],
        ["index_rows"] = t => [t[0].Index(null, t[1])],
        ["one_hot"] = t => [Functional.OneHot(t[0], 5)],
    };

    private static Tensor Long(long value) => Tensor.Scalar(value, ScalarType.Int64);

    public static TheoryData<string> Cases => new(Functions.Keys);

    [Fact]
    public void Cases_OfTheOracle_AreAllTested() => Assert.Equal(Operators.Cases, Functions.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Cases))]
    public void Operator_OracleInput_GivesPyTorchsValuesAndGradients(string name) => Operators.Check(name, Functions[name], 1e-5);
}
