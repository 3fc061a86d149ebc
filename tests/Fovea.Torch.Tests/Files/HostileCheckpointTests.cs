using System.IO.Compression;
using System.Text;
using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

/// <summary>Checkpoints put together by hand: sizes that lie, names that collide, and what newer versions of PyTorch add.</summary>
public sealed class HostileCheckpointTests
{
    // {"w": tensor over storage "0" of ten float32, offset 0, of the size and stride that follow}
    private const string Begin = "\u0080\u0002}X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u000AtQK\0";
    private const string End = "\u0089}tRs.";
    private const string Ten = "K\u000A\u0085K\u0001\u0085";

    [Fact]
    public void Read_HandmadeCheckpoint_IsRead() => Assert.Equal([10L], Read(Begin + Ten + End)["w"].Shape);

    [Fact]
    public void Read_EntriesOfNewerPyTorch_AreAccepted() =>
        Assert.Single(Read(Begin + Ten + End, ("a/byteorder", "little"), ("a/.format_version", "1"), ("a/.storage_alignment", "64"), ("a/.data/serialization_id", "1")));

    [Fact]
    public void Read_BigEndianMachine_IsRefused() => Refused("big-endian", Begin + Ten + End, ("a/byteorder", "big"));

    [Fact]
    public void Read_ViewFarLargerThanFile_IsRefusedWithoutAllocating()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refused("far more memory", Begin + "\u008A\u0006\0\0\0\0\0\u0001\u0085K\0\u0085" + End); // size 2^40, stride 0
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 4 << 20);
    }

    [Fact]
    public void Read_StorageOfAnotherLength_IsRefused() => Refused("has 40 bytes, which is not 11", Begin.Replace("K\u000At", "K\u000Bt", StringComparison.Ordinal) + Ten + End);

    [Fact]
    public void Read_StorageThatIsNotThere_IsRefused() => Refused("the zip has no \"a/data/1\"", Begin.Replace("\0\0\00X", "\0\0\01X", StringComparison.Ordinal) + Ten + End);

    [Fact]
    public void Read_SameFileTwice_IsRefused() => Refused("\"a/data/0\" twice", Begin + Ten + End, ("a/data/0", "x"));

    [Fact]
    public void Read_TwoPickles_IsRefused() => Refused("not one that torch.save wrote", Begin + Ten + End, ("b/data.pkl", "x"));

    [Fact]
    public void Read_ManyPrefixes_EndsSoon()
    {
        string name = string.Concat(Enumerable.Repeat("module.", 30));
        Assert.EndsWith("module.", Assert.Single(Read(Begin.Replace("X\u0001\0\0\0w", $"X{(char)name.Length}\0\0\0{name}", StringComparison.Ordinal) + Ten + End).Keys));
    }

    private static StoredWeights Read(string pickle, params (string Name, string Text)[] more)
    {
        var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, string text) in (IEnumerable<(string, string)>)[("a/data.pkl", pickle), ("a/data/0", new string('\0', 40)), .. more])
            {
                using Stream entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.Latin1.GetBytes(text));
            }
        }

        memory.Position = 0;
        return PyTorchCheckpoint.Read(memory, "x.pth");
    }

    private static void Refused(string reason, string pickle, params (string Name, string Text)[] more) =>
        Assert.Contains(reason, Assert.Throws<WeightsFormatException>(() => Read(pickle, more)).Reason);
}
