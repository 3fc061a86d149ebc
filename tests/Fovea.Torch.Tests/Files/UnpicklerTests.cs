using System.Text;
using Fovea.Torch.Files;
using Fovea.Torch.Files.Pickle;

namespace Fovea.Torch.Tests.Files;

/// <summary>Pickles written by hand: what a hostile one tries.</summary>
public sealed class UnpicklerTests
{
    // (storage, offset, size, stride, ...) follows; the storage has 10 float32 elements.
    private const string Rebuild = "ctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK\u000AtQ";

    [Theory]
    [InlineData("cos\nsystem\n.", "os.system")]
    [InlineData("cposix\nsystem\n.", "os.system")]
    [InlineData("cbuiltins\neval\n.", "builtins.eval")]
    [InlineData("iposix\nsystem\n.", "os.system")]
    [InlineData("ccollections\nOrderedDict.__init__\n.", "collections.OrderedDict.__init__")]
    [InlineData("ctorch._utils\u0001\nx\n.", "torch._utils?.x")]
    public void Read_UnknownGlobal_IsNamed(string pickle, string name) =>
        Assert.StartsWith($"the pickle wants to call {name}, ", Fault(pickle).Message);

    [Theory]
    [InlineData("K\u0001K\u0002R.")] // call of a number
    [InlineData("ctorch\nFloatStorage\n)R.")] // call of a storage class
    [InlineData("ccollections\nOrderedDict\nK\u0001R.")] // arguments that are no tuple
    [InlineData("ccollections\nOrderedDict\n(K\u0001tR.")]
    [InlineData("K\u0001}b.")] // state of a number
    [InlineData("K\u0001K\u0002a.")] // append to a number
    [InlineData("}(K\u0001u.")] // a key without a value
    [InlineData("h\u0005.")] // memo that was never filled
    [InlineData("t.")] // tuple without a mark
    [InlineData("0.")] // empty stack
    [InlineData("(0.")]
    [InlineData("]K\u0001(0a.")] // takes from below the mark
    [InlineData("X\u00FF\0\0\0abc.")] // longer than the pickle
    [InlineData("K\u0001Q.")] // persistent id that is no storage
    [InlineData("(X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0003\0\0\0../X\u0003\0\0\0cpuK\u0001tQ.")] // key that walks out of the archive
    [InlineData(Rebuild + "K\0(K\u000BtK\u0001\u0085tR.")] // 11 elements of 10
    [InlineData(Rebuild + "K\u0001(K\u000AtK\u0001\u0085tR.")] // 10 elements from 1 of 10
    [InlineData(Rebuild + "K\0(J\u00FF\u00FF\u00FF\u00FFtK\u0001\u0085tR.")] // size -1
    [InlineData(Rebuild + "K\0(K\u0002tJ\u00FF\u00FF\u00FF\u00FF\u0085tR.")] // stride -1
    [InlineData(Rebuild + "K\0(\u008A\u0008\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u007F\u008A\u0008\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u00FF\u007FtK\u0001K\u0001\u0086tR.")] // 2^63-1 squared
    [InlineData(Rebuild + "K\0(K\u0001K\u0001tK\u0001\u0085tR.")] // two sizes, one stride
    public void Read_DamagedPickle_IsRefused(string pickle) => Fault(pickle);

    [Fact]
    public void Read_ViewWithinStorage_IsRead()
    {
        var tensor = Assert.IsType<PickleTensor>(Unpickler.Read(Encoding.Latin1.GetBytes(Rebuild + "K\u0001(K\u0009tK\u0001\u0085tR.")));
        Assert.Equal((1, 9, 1), (tensor.Offset, tensor.Shape[0], tensor.Strides[0]));
    }

    [Theory]
    [InlineData("N")] // pushes for ever
    [InlineData("(")] // marks for ever
    [InlineData("}0")] // makes and drops objects for ever
    public void Read_EndlessWork_IsBounded(string step)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Fault(string.Concat(Enumerable.Repeat(step, (8 << 20) / step.Length)), "larger than");
        Assert.IsType<FormatFault>(e);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 512L << 20);
    }

    [Theory]
    [InlineData("\u008A\u0001\u00FF.", -1L)]
    [InlineData("\u008A\u0002\0\u0080.", -32768L)]
    [InlineData("\u008A\u0000.", 0L)]
    [InlineData("J\u00FE\u00FF\u00FF\u00FF.", -2L)]
    [InlineData("M\u0001\u0002.", 513L)]
    public void Read_Integers_GiveTheirValue(string pickle, long value) => Assert.Equal(value, Unpickler.Read(Encoding.Latin1.GetBytes(pickle)));

    [Fact]
    public void Read_DictThatHoldsItself_Ends() => Assert.IsType<PickleDict>(Unpickler.Read("}q\0X\u0001\0\0\0ah\0s."u8));

    private static FormatFault Fault(string pickle, string reason = "") =>
        Assert.Throws<FormatFault>(() => Unpickler.Read(Encoding.Latin1.GetBytes(pickle))) is var fault && fault.Message.Contains(reason, StringComparison.Ordinal)
            ? fault
            : throw new InvalidOperationException($"another reason: {fault.Message}");
}
