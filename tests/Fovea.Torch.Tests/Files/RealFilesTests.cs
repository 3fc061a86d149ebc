using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

/// <summary>Real weights and images; skipped where the data is not.</summary>
public sealed class RealFilesTests
{
    [Theory]
    [InlineData("squeezenet1_1_imagenet", 52)] // 26 convolutions, weight and bias
    [InlineData("mobilenet_v2_imagenet_features_bncalibrated", 260)] // 52 convolutions and 52 batch norms of four: num_batches_tracked is not there
    public void Read_PthAndSafetensors_AreIdentical(string name, int count)
    {
        StoredWeights pth = StoredWeights.Read(TestFiles.Data($"weights/{name}.pth"));
        StoredWeights safetensors = StoredWeights.Read(TestFiles.Data($"weights/{name}.safetensors"));
        Assert.Equal(count, pth.Count);
        TestFiles.AssertSame(safetensors, pth);
        Assert.Equal("Apache-2.0", safetensors.Metadata["license"]);
        Assert.All(pth.Values, t => Assert.Null(t.FirstNonFinite()));
    }

    [Theory]
    [InlineData("squeezenet1_1_imagenet")]
    [InlineData("resnet50v2_gluon_stem_stage1to3_imagenet")]
    public void Write_RealWeights_RoundTrips(string name)
    {
        StoredWeights read = Safetensors.Read(TestFiles.Data($"weights/{name}.safetensors"));
        using var files = new TestFiles();
        Safetensors.Write(files["a"], read, read.Metadata);
        StoredWeights again = Safetensors.Read(files["a"]);
        TestFiles.AssertSame(read, again);
        Assert.Equal(read.Metadata, again.Metadata);
    }

    [Fact]
    public void Read_RetinaMnist_HasItsShapesAndGrades()
    {
        IReadOnlyDictionary<string, StoredTensor> arrays = Npz.Read(TestFiles.Data("retinamnist/retinamnist.npz"));
        Assert.Equal(6, arrays.Count);
        Assert.Equal([1080L, 28L, 28L, 3L], arrays["train_images"].Shape);
        Assert.Equal([120L, 28L, 28L, 3L], arrays["val_images"].Shape);
        Assert.Equal([400L, 1L], arrays["test_labels"].Shape);
        Assert.Equal(ScalarType.UInt8, arrays["train_labels"].Type);
        Assert.Equal(new byte[] { 0, 1, 2, 3, 4 }, arrays["train_labels"].Data.Distinct().Order());
    }
}
