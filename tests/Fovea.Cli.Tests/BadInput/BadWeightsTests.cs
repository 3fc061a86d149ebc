using System.Diagnostics;
using Fovea.Models;
using Fovea.Torch.Files;

namespace Fovea.Cli.Tests.BadInput;

/// <summary>Weights, models and arrays that cannot be used, or must not be.</summary>
public sealed class BadWeightsTests(BadInputs files) : IClassFixture<BadInputs>
{
    private string[] Forward(string weights, string? input = null) =>
        ["forward", "--model", "baseline_cnn", "--weights", weights, "--input", input ?? files.Array, "--output", "y.npy"];

    private string[] Train(string weights) => ["train", "--recipe", files.Recipe, "--data", files.Set, "--weights", weights, "--out", "run"];

    private void RefusedByBoth(string weights, params ReadOnlySpan<string> parts)
    {
        files.Refused(5, Forward(weights), [Path.GetFileName(weights), .. parts]);
        files.Refused(5, Train(weights), [Path.GetFileName(weights), .. parts]);
    }

    [Fact]
    public void PickleThatCallsOsSystem_IsRefusedAndNotRun()
    {
        RefusedByBoth(files.EvilCheckpoint("evil.pth", out var trace), "os.system");
        Assert.False(File.Exists(trace));
    }

    [Fact]
    public void CheckpointByPyTorchThatCallsOsSystem_IsRefusedAndNotRun()
    {
        // Its command makes "fovea-was-here" in the working folder, which Refused finds unchanged.
        var evil = files.Bytes("malicious.pth", File.ReadAllBytes(BadInputs.Fixture("files", "malicious.pth")));
        RefusedByBoth(evil, "system");
    }

    [Fact]
    public void ThePickleOfTheseTests_InPython_DoesRun()
    {
        // Without this the two tests above might hold for a pickle that does nothing.
        var trace = files.At("run-by-python");
        var start = new ProcessStartInfo("python3") { ArgumentList = { "-c", "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))", files.Bytes("evil.pkl", BadInputs.EvilPickle(trace)) } };
        try
        {
            using var python = Process.Start(start)!;
            python.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("there is no python3");
        }
        Assert.True(File.Exists(trace));
    }

    [Fact]
    public void SafetensorsWithAHeaderOf2Gb_IsRefused() => RefusedByBoth(files.HugeHeader("huge.safetensors"), "header", "again");

    [Fact]
    public void NanWeights_AreRefused() => RefusedByBoth(files.NanWeights("nan.safetensors"), "fc4.bias holds NaN", "did not diverge");

    [Fact]
    public void WeightsOfAnotherNetwork_AreRefused()
    {
        using var other = ModelCatalog.Create("squeezenet1_1", new NetworkOptions(5));
        Safetensors.Write(files.At("squeezenet.safetensors"), other.State());
        RefusedByBoth(files.At("squeezenet.safetensors"), "do not fit baseline_cnn", "missing", "belongs to this network");
    }

    [Fact]
    public void EmptyAndMissingWeights_AreRefused()
    {
        RefusedByBoth(files.Bytes("empty.pth"));
        RefusedByBoth(files.At("none.safetensors"), "no such file", "Check the path");
    }

    [Fact]
    public void Model_NanWeights_IsRefused()
    {
        var photograph = files.Png("photo.png", 1, 1, 1, 1, 1);
        files.Refused(5, ["grade", photograph, "--model", files.NanModel("nan.fovea")], "nan.fovea", "fc4.bias holds NaN", "Copy the file again");
        files.Refused(5, ["explain", photograph, "--model", files.At("nan.fovea"), "--out", "pictures"], "nan.fovea", "fc4.bias holds NaN");
        files.Refused(5, ["evaluate", "--data", files.Set, "--model", files.At("nan.fovea"), "--out", "report"], "nan.fovea", "fc4.bias holds NaN");
    }

    [Fact]
    public void Model_ThatIsText_IsRefused() =>
        files.Refused(5, ["grade", files.Png("photo.png", 1, 1, 1, 1, 1), "--model", files.Text("text.fovea", "not a model")], "text.fovea", "Copy the file again");

    [Theory]
    [InlineData("rank", "[3, 32, 32]", "Give [N, 3, H, W]")]
    [InlineData("channels", "[1, 4, 32, 32]", "Give [N, 3, H, W]")]
    [InlineData("empty", "", "")]
    [InlineData("text", "", "")]
    [InlineData("objects", "object", "")]
    public void Array_OfTheWrongKind_IsRefused(string kind, string reason, string remedy)
    {
        var path = files.At(kind + ".npy");
        switch (kind)
        {
            case "rank": Npy.Write(path, StoredTensor.From<float>(new float[3 * 32 * 32], 3, 32, 32)); break;
            case "channels": Npy.Write(path, StoredTensor.From<float>(new float[4 * 32 * 32], 1, 4, 32, 32)); break;
            case "empty": files.Bytes(kind + ".npy"); break;
            case "text": files.Text(kind + ".npy", "1 2 3"); break;
            default: files.Bytes(kind + ".npy", File.ReadAllBytes(BadInputs.Fixture("files", "objects.npy"))); break;
        }
        files.Refused(3, Forward(files.Weights, path), kind + ".npy", reason, remedy);
    }
}
