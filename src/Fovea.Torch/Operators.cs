namespace Fovea.Torch;

/// <summary>Every operator that the library names, by libtorch's own name and overload; a test resolves each.</summary>
internal static partial class Operators
{
    // creation
    internal static readonly Operator Full = new("full"), Empty = new("empty", "memory_format"), Arange = new("arange"), Randn = new("randn"), Rand = new("rand"),
        ZerosLike = new("zeros_like"), OnesLike = new("ones_like"), Clone = new("clone"), Detach = new("detach"),
        ToDtype = new("to", "dtype"), ToDevice = new("to", "device"), Contiguous = new("contiguous"), Item = new("item");

    // arithmetic
    internal static readonly Operator Add = new("add", "Tensor"), AddScalar = new("add", "Scalar"), Sub = new("sub", "Tensor"), SubScalar = new("sub", "Scalar"),
        RsubScalar = new("rsub", "Scalar"), Mul = new("mul", "Tensor"), MulScalar = new("mul", "Scalar"), Div = new("div", "Tensor"), DivScalar = new("div", "Scalar"),
        Neg = new("neg"), Exp = new("exp"), Log = new("log"), Log1p = new("log1p"), Sqrt = new("sqrt"), Rsqrt = new("rsqrt"), Abs = new("abs"), Square = new("square"),
        Sign = new("sign"), Round = new("round"), PowScalar = new("pow", "Tensor_Scalar"), Maximum = new("maximum"), Minimum = new("minimum"), Clamp = new("clamp"),
        Where = new("where", "self"), IsFinite = new("isfinite"), MatMul = new("matmul");

    // comparison
    internal static readonly Operator GtScalar = new("gt", "Scalar"), LtScalar = new("lt", "Scalar"), GeScalar = new("ge", "Scalar"), LeScalar = new("le", "Scalar"),
        Eq = new("eq", "Tensor"), EqScalar = new("eq", "Scalar"), All = new("all"), Any = new("any");

    // reduction
    internal static readonly Operator Sum = new("sum"), SumDims = new("sum", "dim_IntList"), Mean = new("mean"), MeanDims = new("mean", "dim"), Amax = new("amax"), Amin = new("amin"),
        VarDims = new("var", "dim"), Norm = new("norm", "Scalar"), Argmax = new("argmax"), CumSum = new("cumsum"), TopK = new("topk"), Argsort = new("argsort");

    // shape
    internal static readonly Operator Reshape = new("reshape"), Flatten = new("flatten", "using_ints"), Permute = new("permute"), Transpose = new("transpose", "int"),
        Squeeze = new("squeeze", "dim"), Unsqueeze = new("unsqueeze"), Expand = new("expand"), Flip = new("flip"), Select = new("select", "int"), Narrow = new("narrow"),
        Slice = new("slice", "Tensor"), IndexSelect = new("index_select"), Gather = new("gather"), Index = new("index", "Tensor"), Split = new("split", "Tensor"),
        Chunk = new("chunk"), Unbind = new("unbind", "int"), Cat = new("cat"), Stack = new("stack");

    // in place
    internal static readonly Operator AddInPlace = new("add_", "Tensor"), MulInPlaceScalar = new("mul_", "Scalar"), CopyInPlace = new("copy_"), FillInPlace = new("fill_", "Scalar"),
        NormalInPlace = new("normal_"), UniformInPlace = new("uniform_"), SetData = new("set_data");
}
