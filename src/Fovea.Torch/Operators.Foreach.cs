namespace Fovea.Torch;

internal static partial class Operators
{
    // multi-tensor: one call for the parameters of a whole bucket
    internal static readonly Operator ForeachAdd = new("_foreach_add", "List"), ForeachAddInPlace = new("_foreach_add_", "List"), ForeachAddScalarInPlace = new("_foreach_add_", "Scalar"),
        ForeachMulScalarInPlace = new("_foreach_mul_", "Scalar"), ForeachDivScalarInPlace = new("_foreach_div_", "Scalar"), ForeachSqrt = new("_foreach_sqrt"),
        ForeachSqrtInPlace = new("_foreach_sqrt_"), ForeachAddcmul = new("_foreach_addcmul", "Scalar"), ForeachAddcmulInPlace = new("_foreach_addcmul_", "Scalar"),
        ForeachAddcdivInPlace = new("_foreach_addcdiv_", "Scalar"), ForeachNorm = new("_foreach_norm", "Scalar");

    // one pass over memory (native/torch/sgd.cpp)
    internal static readonly Operator Sgd = new("fovea::sgd_");
}
