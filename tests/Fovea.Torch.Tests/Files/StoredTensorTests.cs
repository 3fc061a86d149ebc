using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

public sealed class StoredTensorTests
{
    [Fact]
    public void Constructor_DataOfAnotherLength_Throws() =>
        Assert.Throws<ArgumentException>(() => new StoredTensor(ScalarType.Float32, [2, 3], new byte[23]));

    [Theory]
    [InlineData(-1L, 1L)]
    [InlineData(long.MaxValue, 2L)]
    public void Constructor_ImpossibleShape_Throws(long a, long b) =>
        Assert.Throws<ArgumentException>(() => new StoredTensor(ScalarType.UInt8, [a, b], []));

    [Fact]
    public void Values_OfAnotherType_Throws() =>
        Assert.Throws<InvalidOperationException>(() => StoredTensor.From<float>([1f], 1).Values<int>().Length);

    [Fact]
    public void FirstNonFinite_FiniteOrWhole_IsNull()
    {
        Assert.Null(StoredTensor.From<float>([1f, -2f, float.MaxValue], 3).FirstNonFinite());
        Assert.Null(StoredTensor.From<long>([-1L], 1).FirstNonFinite());
        Assert.Null(new StoredTensor(ScalarType.BFloat16, [2], [0x7F, 0x7F, 0x80, 0x3F]).FirstNonFinite()); // 0x7F7F is the largest bfloat16
    }

    [Fact]
    public void FirstNonFinite_NaNOrInfinity_IsItsIndex()
    {
        Assert.Equal(2, StoredTensor.From<float>([1f, 2f, float.NaN, float.NaN], 2, 2).FirstNonFinite());
        Assert.Equal(0, StoredTensor.From<double>([double.NegativeInfinity], 1).FirstNonFinite());
        Assert.Equal(1, StoredTensor.From<Half>([Half.One, Half.NaN], 2).FirstNonFinite());
        Assert.Equal(1, new StoredTensor(ScalarType.BFloat16, [2], [0x80, 0x3F, 0xC0, 0x7F]).FirstNonFinite()); // 1, NaN
        Assert.Equal(0, new StoredTensor(ScalarType.BFloat16, [1], [0x80, 0xFF]).FirstNonFinite()); // -infinity
    }
}
