using System.Buffers.Binary;
using System.Text;
using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

public sealed class SafetensorsTests
{
    [Fact]
    public void Read_ReferenceFile_GivesItsTensorsAndMetadata()
    {
        StoredWeights weights = Safetensors.Read(TestFiles.Fixture("reference.safetensors"));

        Assert.Equal(["steps", "a.weight", "b.bias", "b.weight", "h", "mask"], weights.Keys);
        Assert.Equal([1f, 2f, 3f, 4f], weights["a.weight"].Values<float>());
        Assert.Equal([2L, 2L], weights["a.weight"].Shape);
        Assert.Equal([7L], weights["steps"].Values<long>());
        Assert.Empty(weights["steps"].Shape);
        Assert.Equal([0L], weights["b.bias"].Shape);
        Assert.Equal([true, false, true], weights["mask"].Values<bool>());
        Assert.Equal(ScalarType.BFloat16, weights["h"].Type);
        Assert.Equal("made \"here\"", weights.Metadata["source"]);
    }

    [Fact]
    public void Write_TensorsOfReferenceFile_GivesTheSameBytes()
    {
        using var files = new TestFiles();
        StoredWeights weights = Safetensors.Read(TestFiles.Fixture("reference.safetensors"));

        // The order in which tensors are given does not matter.
        Safetensors.Write(files["a.safetensors"], weights.Reverse(), weights.Metadata);

        Assert.Equal(File.ReadAllBytes(TestFiles.Fixture("reference.safetensors")), File.ReadAllBytes(files["a.safetensors"]));
        Assert.Equal(["a.safetensors"], files.Names);
    }

    [Fact]
    public void ReadWrite_EveryTypeAndOddNames_RoundTrips()
    {
        var tensors = Enum.GetValues<ScalarType>().ToDictionary(t => $"{t} \"é\n😀\"", t => new StoredTensor(t, [1, 3], new byte[3 * t.ElementSize()]));
        tensors["scalar"] = StoredTensor.From<float>([1.5f]);
        tensors["empty"] = StoredTensor.From<float>([], 0, 4);
        tensors["nan"] = StoredTensor.From<float>([float.NaN], 1);
        using var memory = new MemoryStream();
        Safetensors.Write(memory, tensors, new Dictionary<string, string> { ["b"] = "2", ["a"] = "é" });

        StoredWeights read = Safetensors.Read(memory.ToArray(), "memory");

        TestFiles.AssertSame(tensors, read);
        Assert.Equal(["a", "b"], read.Metadata.Keys);
        Assert.Equal(0, read["nan"].FirstNonFinite());
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(memory.ToArray()) % 8);
    }

    [Fact]
    public void Read_ForwardStream_LeavesWhatFollows()
    {
        byte[] bytes = File.ReadAllBytes(TestFiles.Fixture("reference.safetensors"));
        using var stream = new MemoryStream([.. bytes, 42]);
        Assert.Equal(6, Safetensors.Read(stream, bytes.Length, "entry").Count);
        Assert.Equal(42, stream.ReadByte());
    }

    [Fact]
    public void Write_FailsHalfway_KeepsTheOldFile()
    {
        using var files = new TestFiles();
        File.WriteAllText(files["w"], "old");
        Assert.Throws<ArgumentException>(() => Safetensors.Write(files["w"], new Dictionary<string, StoredTensor> { ["__metadata__"] = StoredTensor.From<float>([1f]) }));
        Assert.Equal("old", File.ReadAllText(files["w"]));
        Assert.Equal(["w"], files.Names);
    }

    [Fact]
    public void Read_HeaderOfTwoGigabytes_IsRefusedWithoutAllocating()
    {
        byte[] bytes = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, 2L << 30);
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<WeightsFormatException>(() => Safetensors.Read(bytes, "big.safetensors"));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        Assert.Equal("big.safetensors: it declares a header of 2147483648 bytes; 100000000 are allowed. Copy or download the file again.", e.Message);
    }

    [Theory]
    [InlineData(ulong.MaxValue, "100000000 are allowed")]
    [InlineData(57ul, "has 56 after")]
    [InlineData(0ul, "does not begin with a brace")]
    public void Read_HeaderLengthBeyondFile_IsRefused(ulong length, string reason)
    {
        byte[] bytes = new byte[64];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        Assert.Contains(reason, Assert.Throws<WeightsFormatException>(() => Safetensors.Read(bytes, "x")).Reason);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "\"a\" twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "overlap or a gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "overlap or a gap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "ends at byte 8, but the data has 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "4 bytes after the last tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "not Float32 [2]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "not a whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "not a whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", 0, "which is not Float32")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0,4294967296,4294967296,4294967296],"data_offsets":[0,4]}}""", 4, "which is not Float32")]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8, "element type C64")]
    [InlineData("""{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "dtype twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "lacks")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", 4, "lacks")]
    [InlineData("""{"a":[]}""", 0, "something else")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "something else")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "metadata names \"a\" twice")]
    [InlineData("""{} {}""", 0, "not valid JSON")]
    [InlineData("""{"\ud800":{}}""", 0, "not valid JSON")]
    [InlineData("""{"a":""", 0, "not valid JSON")]
    public void Read_WrongHeader_SaysWhat(string json, int dataBytes, string reason)
    {
        var e = Assert.Throws<WeightsFormatException>(() => Safetensors.Read(Bytes(json, dataBytes), "x.safetensors"));
        Assert.Contains(reason, e.Reason);
        Assert.StartsWith("x.safetensors: ", e.Message);
        Assert.DoesNotContain("\n", e.Message);
    }

    [Fact]
    public void Read_UnknownFieldAndPadding_AreIgnored() =>
        Assert.Single(Safetensors.Read(Bytes("""{"a":{"dtype":"U8","more":{"x":[1]},"shape":[1],"data_offsets":[0,1]}}   """, 1), "x"));

    [Fact]
    public void Read_BooleanByteOfTwo_BecomesOne() =>
        Assert.Equal([1, 0], Safetensors.Read([.. Bytes("""{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}""", 0), 2, 0], "x")["a"].Data);

    [Fact]
    public void Read_NoFileOrAFolder_SaysSo()
    {
        using var files = new TestFiles();
        Assert.Equal("no such file", Assert.Throws<WeightsFormatException>(() => Safetensors.Read(files["none"])).Reason);
        Assert.Equal("a folder, not a file", Assert.Throws<WeightsFormatException>(() => Safetensors.Read(Path.GetDirectoryName(files["none"])!)).Reason);
    }

    private static byte[] Bytes(string json, int dataBytes)
    {
        byte[] header = Encoding.UTF8.GetBytes(json), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. header, .. new byte[dataBytes]];
    }
}
