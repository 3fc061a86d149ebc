using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

public sealed class PyTorchCheckpointTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("protocol4")]
    [InlineData("parameters")]
    [InlineData("views")]
    [InlineData("checkpoint")]
    [InlineData("model_key")]
    public void Read_FileOfPyTorch_EqualsNumpy(string name) =>
        TestFiles.AssertSame(Npz.Read(TestFiles.Fixture(name + ".npz")), PyTorchCheckpoint.Read(TestFiles.Fixture(name + ".pth")));

    [Fact]
    public void Read_EveryType_EqualsNumpy()
    {
        StoredWeights read = PyTorchCheckpoint.Read(TestFiles.Fixture("types.pth"));
        IReadOnlyDictionary<string, StoredTensor> expected = Npz.Read(TestFiles.Fixture("types.npz"));

        Assert.Equal(11, read.Count);
        foreach ((string name, StoredTensor tensor) in read)
        {
            // numpy has no bfloat16: the oracle stored the bits as int16.
            StoredTensor comparable = tensor.Type == ScalarType.BFloat16 ? new StoredTensor(ScalarType.Int16, tensor.Shape, tensor.Data) : tensor;
            TestFiles.AssertSame(expected[name], comparable, name);
        }

        Assert.Equal(ScalarType.BFloat16, read["bfloat16"].Type);
        Assert.Equal(1, read["nan"].FirstNonFinite());
    }

    [Fact]
    public void Read_SharedStorage_GivesIndependentTensors()
    {
        StoredWeights read = PyTorchCheckpoint.Read(TestFiles.Fixture("views.pth"));
        read["tied_a"].Data[0] = 99;
        Assert.Equal(0, read["tied_b"].Data[0]);
        // base is 0..23 of shape [2,3,4]; base[:, ::2, 1::2] by hand
        Assert.Equal([1f, 3f, 9f, 11f, 13f, 15f, 21f, 23f], read["step"].Values<float>());
        Assert.Equal([7f, 7f, 7f, 7f, 7f, 8f, 8f, 8f, 8f, 8f], read["expanded"].Values<float>());
    }

    [Fact]
    public void Read_DataParallelCheckpoint_StripsPrefixAndKeepsOrder() =>
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "2.weight", "2.bias"],
            PyTorchCheckpoint.Read(TestFiles.Fixture("checkpoint.pth")).Keys);

    [Theory]
    [InlineData("malicious.pth")]
    [InlineData("malicious4.pth")]
    public void Read_PickleThatCallsSystem_IsRefusedByNameAndNothingRuns(string name)
    {
        const string trace = "fovea-was-here"; // what the pickle would make in the working folder
        var e = Assert.Throws<WeightsFormatException>(() => PyTorchCheckpoint.Read(TestFiles.Fixture(name)));
        Assert.Equal("the pickle wants to call os.system, which a state dict never needs", e.Reason);
        Assert.StartsWith("Do not trust this file; ", e.Remedy);
        Assert.False(File.Exists(trace));
    }

    [Theory]
    [InlineData("whole_module.pth", "torch.nn.modules.linear.Linear", "model.state_dict()")]
    [InlineData("legacy.pth", "old format (before 1.6)", "torch.save(torch.load(path, map_location='cpu'), path)")]
    [InlineData("torchscript.pth", "TorchScript", "torch.jit.load")]
    [InlineData("no_tensors.pth", "only epoch, lr", "model.state_dict()")]
    [InlineData("list.pth", "something else than a state dict", "model.state_dict()")]
    [InlineData("dtypes.npz", "not one that torch.save wrote", ".safetensors")]
    [InlineData("vector.npy", "neither a PyTorch checkpoint nor safetensors", ".safetensors")]
    public void Read_AnotherKindOfFile_SaysWhatAndTheRemedy(string name, string reason, string remedy)
    {
        var e = Assert.Throws<WeightsFormatException>(() => PyTorchCheckpoint.Read(TestFiles.Fixture(name)));
        Assert.Contains(reason, e.Reason);
        Assert.Contains(remedy, e.Remedy);
        Assert.Equal($"{TestFiles.Fixture(name)}: {e.Reason}. {e.Remedy}", e.Message);
    }

    [Fact]
    public void Read_EmptyOrMissingFile_SaysSo()
    {
        using var files = new TestFiles();
        File.WriteAllBytes(files["empty.pth"], []);
        Assert.Equal("the file is empty", Assert.Throws<WeightsFormatException>(() => PyTorchCheckpoint.Read(files["empty.pth"])).Reason);
        Assert.Equal("no such file", Assert.Throws<WeightsFormatException>(() => PyTorchCheckpoint.Read(files["none.pth"])).Reason);
        Assert.Equal("no such file", Assert.Throws<WeightsFormatException>(() => StoredWeights.Read(files["none.pth"])).Reason);
        Assert.Equal("the file is empty", Assert.Throws<WeightsFormatException>(() => StoredWeights.Read(files["empty.pth"])).Reason);
    }

    [Fact]
    public void Read_ChangedWeight_FailsTheChecksum()
    {
        byte[] bytes = File.ReadAllBytes(TestFiles.Fixture("plain.pth"));
        byte[] weight = Npz.Read(TestFiles.Fixture("plain.npz"))["0.weight"].Data;
        bytes[bytes.AsSpan().IndexOf(weight) + 7] ^= 1;
        var e = Assert.Throws<WeightsFormatException>(() => PyTorchCheckpoint.Read(new MemoryStream(bytes), "x.pth"));
        Assert.Contains("the checksum of the zip entry", e.Reason);
    }

    [Theory]
    [InlineData("plain.pth")]
    [InlineData("reference.safetensors")]
    public void StoredWeightsRead_EitherFormat_IsKnownByContent(string name)
    {
        using var files = new TestFiles();
        File.Copy(TestFiles.Fixture(name), files["weights.bin"]);
        Assert.NotEmpty(StoredWeights.Read(files["weights.bin"]));
    }
}
