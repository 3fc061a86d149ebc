using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Detection.Scores;

namespace Fovea.Training.Tests.Detection;

public sealed class DetectionFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-coco-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string In(string name) => Path.Combine(_root, name);

    private string Text(string name, string text)
    {
        File.WriteAllText(In(name), text);
        return In(name);
    }

    private const string Truth = """
        {"info": {"year": 2026}, "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 80, "license": 1}, {"id": 9, "file_name": "sub/b.jpg", "width": 100, "height": 80}],
         "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 20, 5, 6.5], "area": 32.5, "iscrowd": 0, "segmentation": [[1, 2]]}, {"id": 2, "image_id": 7, "category_id": 3, "bbox": [50, 20, 5, 5], "iscrowd": 1}],
         "categories": [{"id": 3, "name": "hard_exudate", "supercategory": "lesion"}]}
        """;

    [Fact]
    public void Read_CocoSet_GivesImagesWithBoxes()
    {
        var images = CocoFile.Read(Text("truth.json", Truth));
        Assert.Equal(["a.jpg", "sub/b.jpg"], images.Select(i => i.FileName));
        Assert.Equal(new MarkedBox(10, 20, 15, 26.5), images[0].Objects[0].Bounds);
        Assert.Equal([false, true], images[0].Objects.Select(o => o.IsCrowd));
        Assert.Empty(images[1].Objects);
    }

    [Fact]
    public void Write_ThenRead_IsTheSame()
    {
        var images = CocoFile.Read(Text("truth.json", Truth));
        CocoFile.Write(In("again.json"), images, ["hard_exudate"]);
        var again = CocoFile.Read(In("again.json"));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(images[i] with { Objects = again[i].Objects }, again[i]);
            Assert.Equal(images[i].Objects, again[i].Objects);
        }
    }

    [Theory]
    [InlineData("not json", "not COCO's JSON")]
    [InlineData("{}", "no 'images'")]
    [InlineData("""{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [], "annotations": [{"id": 5, "image_id": 2, "category_id": 1, "bbox": [1,2,3,4]}]}""", "image 2")]
    [InlineData("""{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [], "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [1,2,3,4]}]}""", "category 1")]
    [InlineData("""{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "x"}], "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [1,2,3]}]}""", "four numbers")]
    [InlineData("""{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "x"}], "annotations": [{"id": 5, "image_id": 1, "category_id": 1, "bbox": [1,2,3,1e300]}]}""", "four numbers")]
    [InlineData("""{"images": [{"id": 1}], "categories": []}""", "file name")]
    public void Read_Damaged_SaysWhat(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<DatasetException>(() => CocoFile.Read(Text("bad.json", text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_CocoResults_AreScoredAgainstTheTruth()
    {
        var table = DetectionFiles.Read(Text("truth.json", Truth), Text("found.json", """[{"image_id": 7, "category_id": 3, "bbox": [10, 20, 5, 6.5], "score": 0.9}, {"image_id": 9, "category_id": 3, "bbox": [0, 0, 9, 9], "score": 0.4}]"""));
        var scores = DetectionReport.Compute(table, new DetectionScoreOptions { Resamples = 0 }, TestContext.Current.CancellationToken);
        Assert.Equal("hard_exudate", Assert.Single(scores.Labels).Label);
        Assert.Equal((1, 1.0), (scores.Labels[0].Truth, scores.Labels[0].Ap50));
        // The wrong box is less sure than the right one: no false positive is needed.
        Assert.Equal([1, 1, 1, 1, 1, 1, 1.0], scores.Labels[0].Hits.Single(h => h.Rule == "iou0.5").Sensitivity!);
    }

    [Fact]
    public void Read_VocFolders_AreScoredByFileName()
    {
        foreach (var folder in new[] { "truth", "found" }) Directory.CreateDirectory(In(folder));
        VocFile.Write(In("truth/eye.xml"), new VocAnnotation("eye.jpg", 100, 80, [new VocObject("haemorrhage", new MarkedBox(10, 10, 20, 20)), new VocObject("haemorrhage", new MarkedBox(40, 10, 60, 20)) { Difficult = true }]));
        VocFile.Write(In("found/eye.xml"), new VocAnnotation("eye.jpg", 100, 80, [new VocObject("haemorrhage", new MarkedBox(10, 10, 20, 20)) { Score = 0.8 }, new VocObject("haemorrhage", new MarkedBox(40, 10, 60, 20)) { Score = 0.9 }]));
        var table = DetectionFiles.Read(In("truth"), In("found"));
        Assert.Equal([0.8, 0.9], table.Images[0].Found.Select(f => f.Score));
        Assert.Equal(1, DetectionReport.Compute(table, new DetectionScoreOptions { Resamples = 0 }, TestContext.Current.CancellationToken).Labels[0].Ap50!.Value, 1e-12);

        VocFile.Write(In("found/other.xml"), new VocAnnotation("other.jpg", 100, 80, []));
        Assert.Contains("'other'", Assert.Throws<DatasetException>(() => DetectionFiles.Read(In("truth"), In("found"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BoxWithoutAScore_IsRefused()
    {
        Text("truth.json", Truth);
        Assert.Contains("score", Assert.Throws<DatasetException>(() => DetectionFiles.Read(In("truth.json"), Text("found.json", """[{"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4]}]"""))).Message, StringComparison.Ordinal);
        Assert.Contains("score", Assert.Throws<DatasetException>(() => DetectionFiles.Read(In("truth.json"), In("truth.json"))).Message, StringComparison.Ordinal);
    }
}
