using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Tests.Data.Lesions;

public sealed class LesionReaderTests
{
    private static string Xml(params (string Name, int Left, int Top, int Right, int Bottom)[] boxes) => Xml("", boxes);

    private static string Xml(string more, params (string Name, int Left, int Top, int Right, int Bottom)[] boxes) => $"<annotation>{more}<source><database>Unknown</database></source>" + string.Concat(boxes.Select(b =>
        $"<object><name>{b.Name}</name><bndbox><xmin>{b.Left}</xmin><ymin>{b.Top}</ymin><xmax>{b.Right}</xmax><ymax>{b.Bottom}</ymax></bndbox></object>")) + "</annotation>";

    private static void WriteMask(TestFolder folder, string name, byte value, int width = 64)
    {
        var mask = new Image(width, 48, 1);
        mask.Pixels[5] = value;
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        ImageFile.Write(folder[name], mask);
    }

    [Fact]
    public void Open_LabelImgFolder_ClipsDropsAndSaysSo()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "a.png", 1);
        Pictures.Write(folder, "b.png", 2);
        Pictures.Write(folder, "none.png", 3);
        folder.Write("a.xml", Xml("<path>/etc/passwd</path>", ("Hemorrhage", 5, 6, 20, 30), ("MA", -3, 40, 10, 60), ("hard exudate", 20, 5, 10, 9), ("irma", 64, 0, 70, 4), ("drusen", 1, 1, 2, 2)));
        folder.Write("b.xml", Xml());

        var set = LesionReader.Open(folder.Path);

        Assert.Equal([("a", 64, 48), ("b", 64, 48)], set.Images.Select(i => (i.Id, i.Width, i.Height)));
        Assert.Equal(
            [new(new MarkedBox(5, 6, 20, 30, (int)LesionKind.Haemorrhage)), new(new MarkedBox(0, 40, 10, 48, (int)LesionKind.Microaneurysm)) { Truncated = true }],
            set.Images[0].Boxes!);
        Assert.Empty(set.Images[1].Boxes!);
        Assert.Null(set.Images[0].Masks);
        string a = folder["a.xml"];
        Assert.Equal(
        [
            $"{a}: boxes whose name is no lesion's ('drusen'), left out: 1", $"{a}: boxes that reach beyond the image, clipped: 1",
            $"{a}: boxes outside the image, empty or inside out, left out: 2", $"{folder.Path}: images with neither an annotation nor a mask, left out: 1",
        ], set.Warnings);
    }

    [Fact]
    public void Open_DevelopmentKit_PartsFromItsLists()
    {
        using var folder = new TestFolder();
        foreach (var (name, seed) in new[] { ("one", 1ul), ("two", 2ul), ("three", 3ul) })
        {
            Pictures.Write(folder, $"VOC2007/JPEGImages/{name}.jpg", seed);
            folder.Write($"VOC2007/Annotations/{name}.xml", Xml("<folder>VOC2007</folder>", ("irma", 1, 1, 9, 9)));
        }
        folder.Write("VOC2007/ImageSets/Main/train.txt", "one\n");
        folder.Write("VOC2007/ImageSets/Main/trainval.txt", "one\ntwo\n");
        folder.Write("VOC2007/ImageSets/Main/val.txt", "two\n");
        folder.Write("VOC2007/ImageSets/Main/test.txt", "three\n");

        var set = LesionReader.Open(folder.Path, VocCorners.Pixels);

        Assert.Equal([("one", SamplePart.Training), ("three", SamplePart.Test), ("two", SamplePart.Validation)], set.Images.Select(i => (i.Id, i.Part)));
        Assert.All(set.Images, image => Assert.Equal(new MarkedBox(0, 0, 9, 9, (int)LesionKind.Irma), Assert.Single(image.Boxes!).Bounds));
        folder.Write("VOC2007/ImageSets/Main/test.txt", "three\none\n");
        Assert.Contains("'one' is in the training part, too", Assert.Throws<DatasetException>(() => LesionReader.Open(folder.Path)).Message);
        folder.Write("VOC2007/ImageSets/Main/test.txt", "three\n");
        folder.Write("VOC2007/ImageSets/Main/trainval.txt", "one\ntwo\nthree\n");
        Assert.Contains("'three' is in the test part, too", Assert.Throws<DatasetException>(() => LesionReader.Open(folder.Path)).Message);
    }

    [Fact]
    public void Open_IdridAsPublished_MasksByKindAndPart()
    {
        using var folder = new TestFolder();
        const string Images = "A. Segmentation/1. Original Images/", Truths = "A. Segmentation/2. All Segmentation Groundtruths/";
        Pictures.Write(folder, Images + "a. Training Set/IDRiD_01.jpg", 1);
        Pictures.Write(folder, Images + "b. Testing Set/IDRiD_55.jpg", 2);
        WriteMask(folder, Truths + "a. Training Set/1. Microaneurysms/IDRiD_01_MA.tif", 76);
        WriteMask(folder, Truths + "a. Training Set/4. Soft Exudates/IDRiD_01_SE.tif", 76);
        WriteMask(folder, Truths + "a. Training Set/5. Optic Disc/IDRiD_01_OD.tif", 76);
        WriteMask(folder, Truths + "b. Testing Set/2. Haemorrhages/IDRiD_55_HE.tif", 76);
        WriteMask(folder, Truths + "b. Testing Set/3. Hard Exudates/IDRiD_55_EX.tif", 76);

        var set = LesionReader.Open(folder["A. Segmentation"]);

        Assert.Equal([("IDRiD_01", SamplePart.Training), ("IDRiD_55", SamplePart.Test)], set.Images.Select(i => (i.Id, i.Part)));
        Assert.Equal([LesionKind.Microaneurysm, LesionKind.SoftExudate], set.Images[0].Masks!.Keys.Order());
        Assert.Equal([LesionKind.Haemorrhage, LesionKind.HardExudate], set.Images[1].Masks!.Keys.Order());
        Assert.EndsWith("IDRiD_01_OD.tif", set.Images[0].DiscMask);
        Assert.All(set.Images, image => Assert.Null(image.Boxes));
        var mask = set.Images[0].ReadMask(set.Images[0].Masks![LesionKind.Microaneurysm]);
        Assert.Equal((1, 255), (mask.Channels, mask.Pixels[5]));
        Assert.Equal(255, mask.Pixels.Sum(p => p));
    }

    [Fact]
    public void ReadMask_OfAnotherSize_Refused()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "images/a.png", 1);
        WriteMask(folder, "masks/EX/a.png", 255, width: 32);
        var image = Assert.Single(LesionReader.Open(folder.Path).Images);
        Assert.Contains("the mask has 32x48 pixels, its photograph 64x48", Assert.Throws<DatasetException>(() => image.ReadMask(image.Masks![LesionKind.HardExudate])).Message);
    }

    [Fact]
    public void Open_MadeUp_BoxesHoldWhatTheMasksShow()
    {
        using var folder = new TestFolder();
        MadeUpDataset.Write(folder["set"], new MadeUpDatasetSpec(2) { Size = 128, Seed = 3, Masks = true, GradeShares = [0, 0, 1, 0, 0] }, cancellation: TestContext.Current.CancellationToken);

        var set = LesionReader.Open(folder["set"]);

        Assert.Equal(2, set.Images.Count);
        Assert.Empty(set.Warnings);
        foreach (var image in set.Images)
        {
            Assert.NotEmpty(image.Boxes!);
            Assert.Equal(4, image.Masks!.Count);
            Assert.NotNull(image.DiscMask);
            foreach (var (kind, path) in image.Masks)
            {
                var mask = image.ReadMask(path);
                var boxes = image.Boxes!.Where(box => box.Kind == kind).Select(box => box.Bounds).ToArray();
                for (int i = 0; i < mask.Pixels.Length; i++)
                {
                    if (mask.Pixels[i] == 0) continue;
                    var (x, y) = (i % mask.Width, i / mask.Width);
                    Assert.Contains(boxes, box => x >= box.Left && x + 1 <= box.Right && y >= box.Top && y + 1 <= box.Bottom);
                }
            }
        }
    }

    /// <summary>Circles of 10 pixels at 0, 8 and 16 touch in a row; one of another kind at 8 does not join them, nor does one at (8, 8) below, 11.3 from the middle one's centre.</summary>
    [Fact]
    public void Open_MadeUpBlobsThatTouch_AreOneLesion()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "images/a.png", 1);
        static string Lesion(string kind, int x, int y) => $$"""{"kind":"{{kind}}","quadrant":"SuperiorNasal","box":{"x":{{x}},"y":{{y}},"width":10,"height":10},"area":1}""";
        folder.Write("truth/a.json", $$"""{"width":64,"height":48,"lesions":[{{Lesion("HardExudate", 0, 0)}},{{Lesion("HardExudate", 16, 0)}},{{Lesion("Haemorrhage", 8, 0)}},{{Lesion("HardExudate", 24, 8)}},{{Lesion("HardExudate", 8, 0)}}]}""");
        var boxes = LesionReader.Open(folder.Path).Images[0].Boxes!;
        Assert.Equal([new MarkedBox(0, 0, 26, 10, (int)LesionKind.HardExudate), new MarkedBox(8, 0, 18, 10, (int)LesionKind.Haemorrhage), new MarkedBox(24, 8, 34, 18, (int)LesionKind.HardExudate)], boxes.Select(b => b.Bounds));
    }

    [Theory]
    [InlineData("[null]")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("""[{"kind":"Irma","quadrant":"SuperiorNasal","box":{"x":2000000000,"y":1,"width":2000000000,"height":1},"area":1}]""")]
    public void Open_DamagedTruth_OneLine(string lesions)
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "images/a.png", 1);
        folder.Write("truth/a.json", $$"""{"width":64,"height":48,"lesions":{{lesions}}}""");
        Assert.StartsWith(folder["truth/a.json"] + ": ", Assert.Throws<DatasetException>(() => LesionReader.Open(folder.Path)).Message);
    }

    [Fact]
    public void Open_AnotherSizeThanAnnotated_Refused()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "a.png", 1);
        folder.Write("a.xml", Xml("<size><width>128</width><height>96</height></size>"));
        Assert.Contains("made for an image of 128x96 pixels, but a.png has 64x48", Assert.Throws<DatasetException>(() => LesionReader.Open(folder.Path)).Message);
    }

    [Fact]
    public void Open_RenamedAnnotation_FindsTheImageBesideByItsFileName()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "images/a.png", 1);
        folder.Write("annotations/first grader.xml", Xml(@"<filename>D:\eyes\a.png</filename>", ("irma", 1, 1, 9, 9)));
        Assert.Single(Assert.Single(LesionReader.Open(folder.Path).Images).Boxes!);
        folder.Write("annotations/second grader.xml", Xml("<filename>a.png</filename>"));
        Assert.Contains("annotates the same image", Assert.Throws<DatasetException>(() => LesionReader.Open(folder.Path)).Message);
    }

    [Theory]
    [InlineData("../outside.png")]
    [InlineData("..")]
    [InlineData("a.xml")]
    public void Open_ImageElsewhere_NotFollowed(string name)
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "outside.png", 1);
        folder.Write("set/a.xml", Xml($"<filename>{name}</filename><path>{folder["outside.png"]}</path>"));
        Assert.Contains("no image of this annotation", Assert.Throws<DatasetException>(() => LesionReader.Open(folder["set"])).Message);
    }

    private const string CocoSet = """
        {"images": [{"id": 7, "file_name": "a.png", "width": 64, "height": 48}, {"id": 9, "file_name": "b.png"}], "categories": [{"id": 3, "name": "hard_exudate"}, {"id": 4, "name": "drusen"}],
         "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 20, 5, 6.5]}, {"id": 2, "image_id": 7, "category_id": 3, "bbox": [60, 40, 10, 5], "iscrowd": 1},
                         {"id": 3, "image_id": 9, "category_id": 4, "bbox": [1, 1, 5, 5]}, {"id": 4, "image_id": 9, "category_id": 3, "bbox": [70, 1, 5, 5]}]}
        """;

    [Fact]
    public void Open_CocoFile_ClipsDropsAndSaysSo()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "a.png", 1);
        Directory.CreateDirectory(folder["images"]);
        Pictures.Write(folder, "images/b.png", 2);
        folder.Write("set.json", CocoSet);
        var set = LesionReader.Open(folder["set.json"]);
        Assert.Equal(["a", "b"], set.Images.Select(i => i.Id));
        const int exudate = (int)LesionKind.HardExudate;
        Assert.Equal([new(new MarkedBox(10, 20, 15, 26.5, exudate)), new(new MarkedBox(60, 40, 64, 45, exudate)) { Difficult = true, Truncated = true }], set.Images[0].Boxes!);
        Assert.Empty(set.Images[1].Boxes!);
        Assert.Contains(set.Warnings, w => w.Contains("'drusen'", StringComparison.Ordinal));
        Assert.Equal(3, set.Warnings.Count); // clipped; no lesion's name; outside
    }

    [Theory]
    [InlineData("\"a.png\", \"width\": 65", "64x48")]
    [InlineData("\"../a.png\"", "is not beside it")]
    [InlineData("\"c.png\"", "is not beside it")]
    public void Open_CocoFileOfOtherImages_OneLine(string image, string reason)
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "a.png", 1);
        folder.Write("set.json", $$"""{"images": [{"id": 7, "file_name": {{image}}}], "categories": [], "annotations": []}""");
        var e = Assert.Throws<DatasetException>(() => LesionReader.Open(folder["set.json"]));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Open_NothingKnown_NamesTheLayouts()
    {
        using var folder = new TestFolder();
        Assert.Contains("no known layout", Assert.Throws<DatasetException>(() => LesionReader.Open(folder.Path)).Message);
        Assert.Contains("no such folder", Assert.Throws<DatasetException>(() => LesionReader.Open(folder["nowhere"])).Message);
    }

    [Fact]
    public void ToVoc_Written_OpensAsTheSameBoxes()
    {
        using var folder = new TestFolder();
        Pictures.Write(folder, "a.png", 1);
        folder.Write("a.xml", Xml(("microaneurysm", 5, 6, 20, 30), ("soft_exudate", 0, 40, 64, 48)));
        var image = Assert.Single(LesionReader.Open(folder.Path).Images);
        VocFile.Write(folder["a.xml"], image.ToVoc());
        Assert.Equal(image.Boxes!, Assert.Single(LesionReader.Open(folder.Path).Images).Boxes!);
    }

    // Counts as its annotations hold them (grep -c of each name), 54 photographs.
    [Fact]
    public void Open_Idrid_EveryBoxWithinItsPhotographAndOnItsMask()
    {
        var set = LesionReader.Open(TestFolder.RealData("idrid/lesions"));

        Assert.Equal(54, set.Images.Count);
        Assert.Empty(set.Warnings);
        Assert.All(set.Images, image => Assert.Equal((4288, 2848), (image.Width, image.Height)));
        Assert.Equal([(LesionKind.Microaneurysm, 2399), (LesionKind.Haemorrhage, 1355), (LesionKind.HardExudate, 7164), (LesionKind.SoftExudate, 112)],
            set.Images.SelectMany(image => image.Boxes!).CountBy(box => box.Kind).OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)));
        Assert.Equal([54, 53, 54, 26], new[] { LesionKind.Microaneurysm, LesionKind.Haemorrhage, LesionKind.HardExudate, LesionKind.SoftExudate }.Select(kind => set.Images.Count(i => i.Masks!.ContainsKey(kind))));
        Assert.All(set.Images, image => Assert.NotNull(image.DiscMask));
        Assert.All(set.Images, image => Assert.All(image.Boxes!, box => Assert.True(
            box.Bounds is { Left: >= 0, Top: >= 0 } b && b.Right <= image.Width && b.Bottom <= image.Height && b.Left < b.Right && b.Top < b.Bottom)));

        // The boxes are those of the mask's components, which proves the counting of the corners to the pixel.
        var components = set.Images[0].ReadMask(set.Images[0].Masks![LesionKind.Microaneurysm]).ConnectedComponents().Components;
        Assert.Equal(components.Select(c => ((double)c.X, (double)c.Y, (double)c.X + c.Width, (double)c.Y + c.Height)).Order(),
            set.Images[0].Boxes!.Where(b => b.Kind == LesionKind.Microaneurysm).Select(b => (b.Bounds.Left, b.Bounds.Top, b.Bounds.Right, b.Bounds.Bottom)).Order());
    }
}
