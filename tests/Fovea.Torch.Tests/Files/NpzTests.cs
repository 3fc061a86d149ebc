using System.IO.Compression;
using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

public sealed class NpzTests
{
    private static readonly Dictionary<string, StoredTensor> Arrays = new()
    {
        ["images"] = new StoredTensor(ScalarType.UInt8, [2, 2, 3], [.. Enumerable.Range(0, 12).Select(i => (byte)i)]),
        ["labels"] = StoredTensor.From<long>([0, 4], 2, 1),
    };

    [Theory]
    [InlineData("dtypes.npz")] // numpy.savez writes zip64 records
    [InlineData("dtypes_compressed.npz")]
    public void Read_EveryTypeOfNumpy_GivesItsValues(string name)
    {
        IReadOnlyDictionary<string, StoredTensor> read = Npz.Read(TestFiles.Fixture(name));
        Assert.Equal(["u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "b1"], read.Keys);
        Assert.Equal(new byte[] { 0, 1, 3 }, read["u1"].Values<byte>());
        Assert.Equal(new sbyte[] { 0, 1, 3 }, read["i1"].Values<sbyte>());
        Assert.Equal(new short[] { 0, 1, 3 }, read["i2"].Values<short>());
        Assert.Equal([0, 1, 3], read["i4"].Values<int>());
        Assert.Equal([0L, 1L, 3L], read["i8"].Values<long>());
        Assert.Equal([(Half)0, (Half)1, (Half)3], read["f2"].Values<Half>());
        Assert.Equal([0f, 1f, 3f], read["f4"].Values<float>());
        Assert.Equal([0.0, 1.0, 3.0], read["f8"].Values<double>());
        Assert.Equal([false, true, true], read["b1"].Values<bool>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteRead_Arrays_RoundTripToTheSameBytes(bool compress)
    {
        using var files = new TestFiles();
        Npz.Write(files["a.npz"], Arrays, compress);
        Npz.Write(files["b.npz"], Arrays.Reverse(), compress);
        TestFiles.AssertSame(Arrays, Npz.Read(files["a.npz"]));
        Assert.Equal(File.ReadAllBytes(files["a.npz"]), File.ReadAllBytes(files["b.npz"]));
    }

    [Fact]
    public void Read_Bomb_IsRefusedByTheBound()
    {
        using var files = new TestFiles();
        Npz.Write(files["zeros.npz"], new Dictionary<string, StoredTensor> { ["x"] = new(ScalarType.UInt8, [8 << 20], new byte[8 << 20]) }, compress: true);
        Assert.True(new FileInfo(files["zeros.npz"]).Length < 20_000);
        Assert.Single(Npz.Read(files["zeros.npz"]));
        Assert.Contains("more than 4 MiB", Assert.Throws<ArrayFormatException>(() => Npz.Read(files["zeros.npz"], maxBytes: 4 << 20)).Reason);
    }

    [Fact]
    public void Read_ObjectArrayInside_IsRefusedByName()
    {
        using var files = new TestFiles();
        using (ZipArchive zip = ZipFile.Open(files["o.npz"], ZipArchiveMode.Create)) zip.CreateEntryFromFile(TestFiles.Fixture("objects.npy"), "bad.npy");
        Assert.StartsWith("in bad.npy, it holds elements of type |O", Assert.Throws<ArrayFormatException>(() => Npz.Read(files["o.npz"])).Reason);
    }

    [Fact]
    public void Read_NameTwice_IsRefused()
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < 2; i++)
            {
                using Stream entry = zip.CreateEntry("a.npy").Open();
                Npy.Write(entry, Arrays["labels"]);
            }
        }

        Assert.Contains("\"a.npy\" twice", Assert.Throws<ArrayFormatException>(() => Npz.Read(memory, "x.npz")).Reason);
    }
}
