namespace Fovea.Torch;

/// <summary>Element type of a tensor. The values are <c>c10::ScalarType</c>'s, so that they cross the bridge as they are.</summary>
public enum ScalarType : sbyte
{
    UInt8 = 0,
    /// <summary>For files only: no kernel of Fovea works on it.</summary>
    Int8 = 1,
    /// <summary>For files only: no kernel of Fovea works on it.</summary>
    Int16 = 2,
    /// <summary>For files only: no kernel of Fovea works on it.</summary>
    Int32 = 3,
    Int64 = 4,
    Float16 = 5,
    Float32 = 6,
    Float64 = 7,
    Bool = 11,
    BFloat16 = 15,
}

public static class ScalarTypeExtensions
{
    /// <summary>Bytes of one element.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not one of the enumeration's.</exception>
    public static int ElementSize(this ScalarType type) => type switch
    {
        ScalarType.UInt8 or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a scalar type"),
    };

    /// <summary>True for the types that can hold NaN and infinity.</summary>
    public static bool IsFloatingPoint(this ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64;
}
