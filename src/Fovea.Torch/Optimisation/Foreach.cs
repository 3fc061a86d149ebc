namespace Fovea.Torch.Optimisation;

/// <summary>Arithmetic on lists of tensors, element by element of the lists.</summary>
internal static class Foreach
{
    /// <summary>a + alpha·b, new tensors.</summary>
    internal static Tensor[] Add(Tensor[] a, Tensor[] b, double alpha) => Many(Operators.ForeachAdd.CallMany(a.Length, a, b, alpha));

    /// <summary>a ← a + alpha·b.</summary>
    internal static void AddInPlace(Tensor[] a, Tensor[] b, double alpha = 1) => Operators.ForeachAddInPlace.Run(a, b, alpha);

    internal static void AddInPlace(Tensor[] a, double value) => Operators.ForeachAddScalarInPlace.Run(a, value);

    internal static void MulInPlace(Tensor[] a, double factor) => Operators.ForeachMulScalarInPlace.Run(a, factor);

    internal static void DivInPlace(Tensor[] a, double divisor) => Operators.ForeachDivScalarInPlace.Run(a, divisor);

    internal static Tensor[] Sqrt(Tensor[] a) => Many(Operators.ForeachSqrt.CallMany(a.Length, new Value[] { a }));

    internal static void SqrtInPlace(Tensor[] a) => Operators.ForeachSqrtInPlace.Run(new Value[] { a });

    /// <summary>a + value·b·c, new tensors.</summary>
    internal static Tensor[] AddProduct(Tensor[] a, Tensor[] b, Tensor[] c, double value) => Many(Operators.ForeachAddcmul.CallMany(a.Length, a, b, c, value));

    /// <summary>a ← a + value·b·c.</summary>
    internal static void AddProductInPlace(Tensor[] a, Tensor[] b, Tensor[] c, double value) => Operators.ForeachAddcmulInPlace.Run(a, b, c, value);

    /// <summary>a ← a + value·b/c.</summary>
    internal static void AddQuotientInPlace(Tensor[] a, Tensor[] b, Tensor[] c, double value = 1) => Operators.ForeachAddcdivInPlace.Run(a, b, c, value);

    /// <summary>The Euclidean norm of each.</summary>
    internal static Tensor[] Norm(Tensor[] a) => Many(Operators.ForeachNorm.CallMany(a.Length, a, 2d));

    private static Tensor[] Many(Tensor?[] tensors) => Array.ConvertAll(tensors, t => t!);
}
