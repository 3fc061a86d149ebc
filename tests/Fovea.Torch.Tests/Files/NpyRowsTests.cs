using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

/// <summary>The readers and writers of arrays larger than memory.</summary>
public sealed class NpyRowsTests
{
    [Fact]
    public void Append_Rows_GivesTheFileOfAWholeWrite()
    {
        using var files = new TestFiles();
        using (NpyWriter writer = NpyWriter.ForAppending(files["a.npy"], ScalarType.UInt8, 2, 3))
        {
            for (byte i = 0; i < 12; i++) Assert.Equal(i, writer.Append([i, 1, 2, 3, 4, 5]));
            Assert.DoesNotContain("a.npy", files.Names);
            writer.Complete();
        }

        byte[] all = [.. Enumerable.Range(0, 12).SelectMany(i => new byte[] { (byte)i, 1, 2, 3, 4, 5 })];
        Npy.Write(files["b.npy"], new StoredTensor(ScalarType.UInt8, [12, 2, 3], all));
        Assert.Equal(File.ReadAllBytes(files["b.npy"]), File.ReadAllBytes(files["a.npy"]));
        Assert.Equal(2, files.Names.Length);
    }

    [Fact]
    public void Write_RowsFromSeveralThreads_AllArrive()
    {
        using var files = new TestFiles();
        using (NpyWriter writer = NpyWriter.OfShape(files["a.npy"], ScalarType.Int32, 200, 4))
        {
            Parallel.For(0, 200, i => writer.Write(i, StoredTensor.From<int>([i, i, i, i], 4).Data));
            writer.Complete();
        }

        using NpyMap map = NpyMap.Open(files["a.npy"]);
        Assert.Equal([200L, 4L], map.Shape);
        Parallel.For(0, 200, i => Assert.Equal(BitConverter.GetBytes(i), map.Row(i)[4..8].ToArray()));
    }

    [Fact]
    public void Complete_MissingRow_ThrowsAndLeavesNothing()
    {
        using var files = new TestFiles();
        using (NpyWriter writer = NpyWriter.OfShape(files["a.npy"], ScalarType.UInt8, 3, 1))
        {
            writer.Write(0, [1]);
            writer.Write(2, [1]);
            writer.Write(2, [2]);
            Assert.Equal("2 of 3 rows were written", Assert.Throws<InvalidOperationException>(writer.Complete).Message);
        }

        Assert.Empty(files.Names);
    }

    [Fact]
    public void Writer_WrongUse_Throws()
    {
        using var files = new TestFiles();
        using NpyWriter fixedShape = NpyWriter.OfShape(files["a.npy"], ScalarType.UInt8, 3, 2);
        using NpyWriter appending = NpyWriter.ForAppending(files["b.npy"], ScalarType.UInt8, 2);
        Assert.Throws<ArgumentException>(() => fixedShape.Write(0, [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => fixedShape.Write(3, [1, 2]));
        Assert.Throws<InvalidOperationException>(() => fixedShape.Append([1, 2]));
        Assert.Throws<InvalidOperationException>(() => appending.Write(0, [1, 2]));
        Assert.Throws<NotSupportedException>(() => NpyWriter.ForAppending(files["c.npy"], ScalarType.BFloat16, 2));
        Assert.Throws<DirectoryNotFoundException>(() => NpyWriter.ForAppending(files["none/c.npy"], ScalarType.UInt8, 2));
    }

    [Fact]
    public void Map_Rows_EqualTheWholeRead()
    {
        StoredTensor whole = Npy.Read(TestFiles.Fixture("row_major.npy"));
        using NpyMap map = NpyMap.Open(TestFiles.Fixture("row_major.npy"));
        Assert.Equal((ScalarType.Float32, 2L, 48), (map.Type, map.Count, map.RowBytes));
        Assert.Equal(whole.Data[48..], map.Row(1).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => map.Row(2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => map.Row(-1).Length);
    }

    [Fact]
    public void Map_AfterDispose_Throws()
    {
        NpyMap map = NpyMap.Open(TestFiles.Fixture("row_major.npy"));
        map.Dispose();
        map.Dispose();
        Assert.Throws<ObjectDisposedException>(() => map.Row(0).Length);
    }

    [Theory]
    [InlineData("fortran.npy", "Fortran")]
    [InlineData("big_endian.npy", "big-endian")]
    [InlineData("scalar.npy", "single number")]
    [InlineData("objects.npy", "|O")]
    [InlineData("plain.pth", "not a .npy")]
    public void Map_WhatCannotBeMapped_IsRefused(string name, string reason) =>
        Assert.Contains(reason, Assert.Throws<ArrayFormatException>(() => NpyMap.Open(TestFiles.Fixture(name))).Reason);
}
