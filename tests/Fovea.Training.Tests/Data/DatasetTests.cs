using Fovea.Imaging;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Training.Data;

namespace Fovea.Training.Tests.Data;

public sealed class DatasetTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Table(string text, params string[] images)
    {
        foreach (var image in images) Pictures.Write(folder, $"set/images/{image}", (ulong)image.Length + image[0]);
        return folder.Write("set/labels.csv", text);
    }

    [Theory]
    [InlineData("idrid:", "idrid")]
    [InlineData("IDRID:", "idrid")]
    [InlineData("", "idrid")]
    public void Open_IdridFolder_ReadsGradesAndOedema(string prefix, string kind)
    {
        Table("image,dr_grade,dme_risk\na.png,3,2\nb.png,0,\n", "a.png", "b.png");
        var dataset = DatasetReaders.Open(prefix + folder["set"]);
        Assert.Equal(kind, dataset.Kind);
        Assert.Equal(5, dataset.Classes);
        Assert.True(dataset.IsGraded);
        Assert.Equal(["a.png", "b.png"], dataset.Samples.Select(s => s.Id));
        Assert.Equal([3, 0], dataset.Samples.Select(s => s.Label));
        Assert.Equal([2, null], dataset.Samples.Select(s => s.DmeRisk));
        Assert.False(dataset.HasParts);
        var image = dataset.Read(0).Pixels;
        Assert.Equal((64, 48, 3), (image.Width, image.Height, image.Channels));
    }

    // Blank column names, the blank after "edema", ids without extension and numbers that start again: as IDRiD's own files have them.
    [Fact]
    public void Open_IdridAsPublished_TrainAndTest()
    {
        const string root = "B. Disease Grading";
        Pictures.Write(folder, $"{root}/1. Original Images/a. Training Set/IDRiD_001.jpg", 1);
        Pictures.Write(folder, $"{root}/1. Original Images/b. Testing Set/IDRiD_001.jpg", 2);
        folder.Write($"{root}/2. Groundtruths/a. IDRiD_Disease Grading_Training Labels.csv", "Image name,Retinopathy grade,Risk of macular edema ,,,\r\nIDRiD_001,3,2,,,\r\n,,,,,\r\n");
        folder.Write($"{root}/2. Groundtruths/b. IDRiD_Disease Grading_Testing Labels.csv", "Image name,Retinopathy grade,Risk of macular edema \r\nIDRiD_001,4,0\r\n");
        foreach (var path in new[] { folder[root], folder.Path })
        {
            var dataset = DatasetReaders.Open(path);
            Assert.Equal("idrid", dataset.Kind);
            Assert.Equal(["train/IDRiD_001", "test/IDRiD_001"], dataset.Samples.Select(s => s.Id));
            Assert.Equal([(3, (int?)2), (4, 0)], dataset.Samples.Select(s => (s.Label, s.DmeRisk)));
            Assert.EndsWith(Path.Combine("b. Testing Set", "IDRiD_001.jpg"), dataset.Samples[1].Path, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_AptosTable_FindsImagesWithoutExtension()
    {
        Pictures.Write(folder, "train_images/0a4e.png", 1);
        var path = folder.Write("train.csv", "id_code,diagnosis\n0a4e,2\n");
        foreach (var data in new[] { path, "csv:" + folder.Path, "csv:" + path })
        {
            var dataset = DatasetReaders.Open(data);
            Assert.Equal(("csv", "0a4e", 2), (dataset.Kind, dataset.Samples[0].Id, dataset.Samples[0].Label));
        }
    }

    [Fact]
    public void Open_MadeUpFolder_KnowsPatients()
    {
        Fovea.Training.MadeUp.MadeUpDataset.Write(folder["made"], new Fovea.Training.MadeUp.MadeUpDatasetSpec(3) { Size = 48, Seed = 4 }, cancellation: TestContext.Current.CancellationToken);
        var dataset = DatasetReaders.Open(folder["made"]);
        Assert.Equal("madeup", dataset.Kind);
        Assert.Equal(["P00000", "P00000", "P00001"], dataset.Samples.Select(s => s.Patient));
        Assert.All(dataset.Samples, s => Assert.Contains(s.Eye, new[] { "left", "right" }));
        Assert.Equal("madeup", DatasetReaders.Open("madeup:" + folder["made"]).Kind);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("image,dr_grade\n", "no line after the header")]
    [InlineData("image\na.png\n", "no column 'grade'")]
    [InlineData("image,grade\na.png,7\n", "line 2, column 'grade': '7' is not a grade from 0 to 4")]
    [InlineData("image,grade\na.png,severe\n", "'severe' is not a grade from 0 to 4")]
    [InlineData("image,grade\na.png,1\nb.png,1\nc.png,1\n", "line 3, column 'image': no image file 'b.png' in ")]
    [InlineData("image,grade\na.png,1\nb.png,1\nc.png,1\n", "(and 1 more such lines)")]
    [InlineData("image,grade\na.png,1\na.png,2\n", "line 3, column 'image': 'a.png' stands already on line 2")]
    [InlineData("image,grade\n../a.png,1\n", "'../a.png' leads out of the image folder")]
    [InlineData("image,grade\n/etc/a.png,1\n", "leads out of the image folder")]
    [InlineData("image,grade,dme_risk\na.png,1,3\n", "'3' is not a risk of macular oedema from 0 to 2")]
    [InlineData("image,grade,part\na.png,1,holdout\n", "'holdout' is not a part")]
    public void Open_BadTable_OneLineWithFileReasonRemedy(string text, string reason)
    {
        var path = Table(text, "a.png");
        var message = Assert.Throws<DatasetException>(() => DatasetReaders.Open("csv:" + path)).Message;
        Assert.StartsWith($"{path}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Matches(@"\. [A-Z].*\.$", message);
    }

    [Fact]
    public void Open_DamagedArchive_NamesIt()
    {
        var path = folder.Write("x.npz", "not a zip");
        Assert.StartsWith($"{path}: ", Assert.Throws<ArrayFormatException>(() => DatasetReaders.Open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere", "no such file or folder")]
    [InlineData("idird:somewhere", "Did you mean idrid?")]
    [InlineData("frogs:somewhere", "no kind of data 'frogs'")]
    [InlineData("idrid:", "no path")]
    public void Open_WrongName_SaysWhatThereIs(string data, string reason) =>
        Assert.Contains(reason, Assert.Throws<DatasetException>(() => DatasetReaders.Open(data)).Message, StringComparison.Ordinal);

    [Fact]
    public void ReadImage_DamagedFile_ThrowsUnreadable()
    {
        Table("image,grade\na.png,1\n", "a.png");
        File.WriteAllText(folder["set/images/a.png"], "no picture");
        var dataset = DatasetReaders.Open(folder["set"]);
        Assert.Throws<UnreadableImageException>(() => dataset.Read(0));
    }

    [Fact]
    public void RequireEveryClass_EmptyClass_NamesIt()
    {
        Table("image,grade\na.png,1\nb.png,0\nc.png,2\nd.png,4\n", "a.png", "b.png", "c.png", "d.png");
        var dataset = DatasetReaders.Open(folder["set"]);
        var message = Assert.Throws<DatasetException>(() => dataset.RequireEveryClass()).Message;
        Assert.Contains("no image of grade 3 (severe) (images by class: 1, 1, 1, 0, 1). Add images", message, StringComparison.Ordinal);
        Assert.Contains("for training (", Assert.Throws<DatasetException>(() => dataset.RequireEveryClass(dataset.Samples, "training")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ClassFolders_NamesInOrder()
    {
        foreach (var name in new[] { "dry/1.png", "dry/2.png", "wet/3.png", "none/scan.png" }) Pictures.Write(folder, $"oct/{name}", (ulong)name.Length);
        folder.Write("oct/dry/notes.txt", "no image");
        folder.Write("oct/labels.csv", "path,class\ndry/1.png,dry\n");
        var dataset = DatasetReaders.Open(folder["oct"]);
        Assert.Equal(("folders", false), (dataset.Kind, dataset.IsGraded));
        Assert.Equal(["dry", "none", "wet"], dataset.ClassNames);
        Assert.Equal([("dry/1.png", 0), ("dry/2.png", 0), ("none/scan.png", 1), ("wet/3.png", 2)], dataset.Samples.Select(s => (s.Id, s.Label)));
    }

    [Fact]
    public void Open_GradeFoldersWithSets_KeepNumbersAndSets()
    {
        foreach (var name in new[] { "train/0/a.png", "train/4/b.png", "test/0/a.png" }) Pictures.Write(folder, $"dr/{name}", (ulong)name.Length);
        var dataset = DatasetReaders.Open("folders:" + folder["dr"]);
        Assert.True(dataset.IsGraded);
        Assert.Equal([("train/0/a.png", 0, SamplePart.Training), ("train/4/b.png", 4, SamplePart.Training), ("test/0/a.png", 0, SamplePart.Test)], dataset.Samples.Select(s => (s.Id, s.Label, s.Part)));
    }

    [Fact]
    public void Open_EmptyClassFolder_NamesIt()
    {
        Pictures.Write(folder, "oct/wet/a.png", 1);
        Directory.CreateDirectory(folder["oct/dry"]);
        var message = Assert.Throws<DatasetException>(() => DatasetReaders.Open(folder["oct"])).Message;
        Assert.StartsWith($"{folder["oct/dry"]}: no image file in the folder of this class. ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NumberedFoldersBeyondGrades_Refused()
    {
        Pictures.Write(folder, "dr/0/a.png", 1);
        Pictures.Write(folder, "dr/7/a.png", 1);
        Assert.Contains("not all grades", Assert.Throws<DatasetException>(() => DatasetReaders.Open(folder["dr"])).Message, StringComparison.Ordinal);
    }

    private string Archive(Action<Dictionary<string, StoredTensor>>? change = null)
    {
        var arrays = new Dictionary<string, StoredTensor>();
        foreach (var set in new[] { "train", "val", "test" })
        {
            arrays[$"{set}_images"] = new StoredTensor(ScalarType.UInt8, [2, 1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
            arrays[$"{set}_labels"] = new StoredTensor(ScalarType.UInt8, [2, 1], [0, 4]);
        }
        change?.Invoke(arrays);
        Npz.Write(folder["mnist.npz"], arrays);
        return folder["mnist.npz"];
    }

    [Fact]
    public void Open_Archive_SetsLabelsAndPixels()
    {
        var dataset = DatasetReaders.Open(Archive());
        Assert.Equal(["train_0", "train_1", "val_0", "val_1", "test_0", "test_1"], dataset.Samples.Select(s => s.Id));
        Assert.Equal([0, 4, 0, 4, 0, 4], dataset.Samples.Select(s => s.Label));
        Assert.Equal([2, 3], dataset.IndicesOf(SamplePart.Validation));
        var image = dataset.Read(dataset.Find("val_1")!.Value).Pixels;
        Assert.Equal((2, 1, 3), (image.Width, image.Height, image.Channels));
        Assert.Equal([7, 8, 9, 10, 11, 12], image.Pixels);
    }

    [Fact]
    public void Open_ArchiveWithBadContent_SaysWhat()
    {
        void Refused(Action<Dictionary<string, StoredTensor>> change, string reason) =>
            Assert.Contains(reason, Assert.Throws<DatasetException>(() => DatasetReaders.Open(Archive(change))).Message, StringComparison.Ordinal);
        Refused(a => a.Remove("val_labels"), "no array 'val_labels'");
        Refused(a => a["test_labels"] = new StoredTensor(ScalarType.Int8, [2, 1], [0, 255]), "test_labels[1] is -1, not a class");
        Refused(a => a["test_labels"] = new StoredTensor(ScalarType.UInt8, [3], [0, 1, 2]), "test_labels is [3] for 2 images");
        Refused(a => a["train_images"] = new StoredTensor(ScalarType.Float32, [1], [0, 0, 0, 0]), "train_images is Float32 [1]");
        Refused(a => a["train_labels"] = new StoredTensor(ScalarType.Int64, [2], [0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]), "train_labels[1] is -1");
    }

    [Fact]
    public void Open_RetinaMnist_OfficialCounts()
    {
        var dataset = DatasetReaders.Open(TestFolder.RealData("retinamnist/retinamnist.npz"));
        Assert.Equal([1080, 120, 400], new[] { SamplePart.Training, SamplePart.Validation, SamplePart.Test }.Select(part => dataset.IndicesOf(part).Length));
        Assert.Equal([486, 128, 206, 194, 66], dataset.CountClasses(dataset.IndicesOf(SamplePart.Training).Select(i => dataset.Samples[i])));
    }
}
