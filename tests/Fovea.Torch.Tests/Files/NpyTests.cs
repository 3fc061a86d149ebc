using System.Text;
using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

public sealed class NpyTests
{
    // numpy.arange(24, dtype='<f4').reshape(2, 3, 4)
    private static readonly StoredTensor Counting = StoredTensor.From<float>([.. Enumerable.Range(0, 24).Select(i => (float)i)], 2, 3, 4);

    [Theory]
    [InlineData("row_major.npy")]
    [InlineData("fortran.npy")]
    [InlineData("big_endian.npy")]
    [InlineData("version2.npy")]
    [InlineData("version3.npy")]
    public void Read_FileOfNumpy_GivesRowMajorLittleEndian(string name) => TestFiles.AssertSame(Counting, Npy.Read(TestFiles.Fixture(name)), name);

    [Fact]
    public void Read_Scalar_HasNoAxes()
    {
        StoredTensor scalar = Npy.Read(TestFiles.Fixture("scalar.npy"));
        Assert.Empty(scalar.Shape);
        Assert.Equal([2.5], scalar.Values<double>());
    }

    [Theory]
    [InlineData("row_major.npy")]
    [InlineData("scalar.npy")]
    [InlineData("vector.npy")]
    [InlineData("long_header.npy")]
    public void Write_ArrayOfNumpy_GivesTheSameBytes(string name)
    {
        using var files = new TestFiles();
        Npy.Write(files[name], Npy.Read(TestFiles.Fixture(name)));
        Assert.Equal(File.ReadAllBytes(TestFiles.Fixture(name)), File.ReadAllBytes(files[name]));
        Assert.Equal([name], files.Names);
    }

    [Fact]
    public void Write_BFloat16_IsRefusedAndLeavesNothing()
    {
        using var files = new TestFiles();
        Assert.Throws<NotSupportedException>(() => Npy.Write(files["a.npy"], new StoredTensor(ScalarType.BFloat16, [1], [0, 0])));
        Assert.Empty(files.Names);
    }

    [Theory]
    [InlineData("objects.npy", "|O")]
    [InlineData("structured.npy", "structured")]
    [InlineData("complex.npy", "<c8")]
    [InlineData("plain.pth", "not a .npy file")]
    public void Read_WhatIsNotPlainNumbers_IsRefused(string name, string reason)
    {
        var e = Assert.Throws<ArrayFormatException>(() => Npy.Read(TestFiles.Fixture(name)));
        Assert.Contains(reason, e.Reason);
        Assert.Equal($"{TestFiles.Fixture(name)}: {e.Reason}. {e.Remedy}", e.Message);
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, null)]
    [InlineData("{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"<f4\"}", 8, null)]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7, "7 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 9, "9 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8, "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }", 8, "impossible shape")]
    [InlineData("{'descr': '<f4', 'fortran_order': 1, 'shape': (2,), }", 8, "damaged")]
    [InlineData("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8, "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8, "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", 8, "damaged")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), } + exit()", 8, "damaged")]
    [InlineData("{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }", 8, "byte order")]
    [InlineData("{'descr': '<u2', 'fortran_order': False, 'shape': (4,), }", 8, "type <u2")]
    [InlineData("__import__('os').system('true')", 8, "damaged")]
    [InlineData("", 0, "damaged")]
    public void Read_Header_IsParsedStrictly(string header, int dataBytes, string? reason)
    {
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. new byte[dataBytes]];
        using var stream = new MemoryStream(file);
        if (reason is null) Assert.Equal([2L], Npy.Read(stream, file.Length, "x.npy").Shape);
        else Assert.Contains(reason, Assert.Throws<ArrayFormatException>(() => Npy.Read(stream, file.Length, "x.npy")).Reason);
    }

    [Fact]
    public void Read_HeaderOfFourGigabytes_IsRefused()
    {
        byte[] file = [0x93, .. "NUMPY"u8, 2, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0];
        Assert.Contains("header of 4294967295", Assert.Throws<ArrayFormatException>(() => Npy.Read(new MemoryStream(file), file.Length, "x")).Reason);
    }
}
