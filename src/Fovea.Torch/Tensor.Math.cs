namespace Fovea.Torch;

/// <summary>Arithmetic, comparisons and reductions; names and semantics are PyTorch's, broadcasting included.</summary>
public sealed partial class Tensor
{
    public static Tensor operator +(Tensor a, Tensor b) => Operators.Add.Call(a, b);
    public static Tensor operator +(Tensor a, double b) => Operators.AddScalar.Call(a, b);
    public static Tensor operator +(double a, Tensor b) => Operators.AddScalar.Call(b, a);
    public static Tensor operator -(Tensor a, Tensor b) => Operators.Sub.Call(a, b);
    public static Tensor operator -(Tensor a, double b) => Operators.SubScalar.Call(a, b);
    public static Tensor operator -(double a, Tensor b) => Operators.RsubScalar.Call(b, a);
    public static Tensor operator *(Tensor a, Tensor b) => Operators.Mul.Call(a, b);
    public static Tensor operator *(Tensor a, double b) => Operators.MulScalar.Call(a, b);
    public static Tensor operator *(double a, Tensor b) => Operators.MulScalar.Call(b, a);
    public static Tensor operator /(Tensor a, Tensor b) => Operators.Div.Call(a, b);
    public static Tensor operator /(Tensor a, double b) => Operators.DivScalar.Call(a, b);
    public static Tensor operator -(Tensor a) => Operators.Neg.Call(a);
    public static Tensor operator >(Tensor a, double b) => Operators.GtScalar.Call(a, b);
    public static Tensor operator <(Tensor a, double b) => Operators.LtScalar.Call(a, b);
    public static Tensor operator >=(Tensor a, double b) => Operators.GeScalar.Call(a, b);
    public static Tensor operator <=(Tensor a, double b) => Operators.LeScalar.Call(a, b);

    public Tensor EqualTo(Tensor other) => Operators.Eq.Call(this, other);
    public Tensor EqualTo(double value) => Operators.EqScalar.Call(this, value);
    public Tensor Exp() => Operators.Exp.Call(this);
    public Tensor Log() => Operators.Log.Call(this);
    public Tensor Log1p() => Operators.Log1p.Call(this);
    public Tensor Sqrt() => Operators.Sqrt.Call(this);
    public Tensor Rsqrt() => Operators.Rsqrt.Call(this);
    public Tensor Abs() => Operators.Abs.Call(this);
    public Tensor Square() => Operators.Square.Call(this);
    public Tensor Sign() => Operators.Sign.Call(this);
    public Tensor Round() => Operators.Round.Call(this);
    public Tensor Pow(double exponent) => Operators.PowScalar.Call(this, exponent);
    public Tensor Maximum(Tensor other) => Operators.Maximum.Call(this, other);
    public Tensor Minimum(Tensor other) => Operators.Minimum.Call(this, other);
    public Tensor Clamp(double? min, double? max) => Operators.Clamp.Call(this, Number(min), Number(max));
    public Tensor Where(Tensor condition, Tensor other) => Operators.Where.Call(condition, this, other);
    public Tensor IsFinite() => Operators.IsFinite.Call(this);

    /// <summary>Matrix product over the last two dimensions.</summary>
    public Tensor MatMul(Tensor other) => Operators.MatMul.Call(this, other);

    public Tensor Sum() => Operators.Sum.Call(this);
    public Tensor Sum(long[] dims, bool keep = false) => Operators.SumDims.Call(this, dims, keep);
    public Tensor Mean() => Operators.Mean.Call(this);
    public Tensor Mean(long[] dims, bool keep = false) => Operators.MeanDims.Call(this, dims, keep);
    public Tensor Amax(long[] dims, bool keep = false) => Operators.Amax.Call(this, dims, keep);
    public Tensor Amin(long[] dims, bool keep = false) => Operators.Amin.Call(this, dims, keep);
    public Tensor Var(long[] dims, bool unbiased = true, bool keep = false) => Operators.VarDims.Call(this, dims, unbiased, keep);
    public Tensor Norm() => Operators.Norm.Call(this);

    /// <summary>The index of the largest element along a dimension, int64.</summary>
    public Tensor Argmax(long dim, bool keep = false) => Operators.Argmax.Call(this, dim, keep);

    public Tensor CumSum(long dim) => Operators.CumSum.Call(this, dim);
    public Tensor All() => Operators.All.Call(this);
    public Tensor Any() => Operators.Any.Call(this);

    /// <summary>The <paramref name="k"/> largest along a dimension: values and int64 indices, in falling order.</summary>
    public (Tensor Values, Tensor Indices) TopK(long k, long dim = -1)
    {
        var r = Operators.TopK.CallMany(2, this, k, dim);
        return (r[0]!, r[1]!);
    }

    public Tensor Argsort(long dim = -1, bool descending = false) => Operators.Argsort.Call(this, dim, descending);

    // In place: the ones that training needs.
    public void AddInPlace(Tensor other, double alpha = 1) => Operators.AddInPlace.Run(this, other, alpha);
    public void MulInPlace(double factor) => Operators.MulInPlaceScalar.Run(this, factor);
    public void CopyInPlace(Tensor source) => Operators.CopyInPlace.Run(this, source);
    public void FillInPlace(double value) => Operators.FillInPlace.Run(this, value);
    public void NormalInPlace(double mean, double std) => Operators.NormalInPlace.Run(this, mean, std);
    public void UniformInPlace(double low, double high) => Operators.UniformInPlace.Run(this, low, high);

    private static Value Number(double? value) => value is { } v ? v : Value.None;
}
