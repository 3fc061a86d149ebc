using Fovea.Imaging;
using Fovea.Training.Data;

namespace Fovea.Training.Tests.Data;

public sealed class DuplicatesTests
{
    private static Duplicates Find(params (string Id, Image Image)[] images)
    {
        return Duplicates.Of([.. images.Select(i => i.Id)], [.. images.Select(i => ImageFingerprint.Of(i.Image))], TestContext.Current.CancellationToken);
    }

    private static Image Recoded(Image image, int quality) => ImageCodec.Decode(ImageCodec.Encode(image, ImageFormat.Jpeg, quality), "copy.jpg");

    [Fact]
    public void Find_CopiesOfAPicture_ExactAndNear()
    {
        var original = Pictures.Noise(1, 200, 150);
        var brighter = original.Clone();
        for (var i = 0; i < brighter.Pixels.Length; i++) brighter.Pixels[i] = (byte)(60 + brighter.Pixels[i] / 2);
        var found = Find(("a", original), ("b", original.Clone()), ("jpeg", Recoded(original, 40)), ("half", original.Resize(100, 75, Interpolation.Area)),
            ("brighter", brighter), ("other", Pictures.Noise(2, 200, 150)));
        Assert.Equal([["a", "b"]], found.Exact);
        Assert.Equal(["brighter", "half", "jpeg"], found.Near.Where(p => p.First == "a").Select(p => p.Second).Order());
        Assert.DoesNotContain(found.Near, p => p.First == "other" || p.Second == "other");
        Assert.DoesNotContain(found.Near, p => p.First == "b" || p.Second == "b");
    }

    [Fact]
    public void Find_ManyDifferentPictures_None()
    {
        var found = Find(Enumerable.Range(0, 60).Select(i => ($"{i}", Pictures.Noise((ulong)i))).ToArray());
        Assert.Empty(found.Exact);
        Assert.Empty(found.Near);
    }

    [Fact]
    public void Find_FlatImages_OnlyExact()
    {
        var found = Find(("black", new Image(20, 20, 3)), ("black too", new Image(20, 20, 3)), ("smaller", new Image(10, 10, 3)));
        Assert.Equal([["black", "black too"]], found.Exact);
        Assert.Empty(found.Near);
    }

    [Fact]
    public void Find_DamagedImage_IsListedAndTheRestGoesOn()
    {
        var found = Duplicates.Find(["good", "bad", "copy"], i => i == 1 ? ImageCodec.Decode("no image"u8, "bad") : Pictures.Noise(3), null, TestContext.Current.CancellationToken);
        Assert.Equal("bad", Assert.Single(found.Unreadable).Id);
        Assert.Equal([["copy", "good"]], found.Exact);
    }

    private static Image Cropped(Image image, double left, double top, double right, double bottom)
    {
        var (x, y) = ((int)(left * image.Width), (int)(top * image.Height));
        return image.Crop(x, y, image.Width - x - (int)(right * image.Width), image.Height - y - (int)(bottom * image.Height));
    }

    private static Image Brighter(Image image)
    {
        var brighter = image.Clone();
        for (var i = 0; i < image.Pixels.Length; i++) brighter.Pixels[i] = (byte)Math.Min(255, image.Pixels[i] * 1.2 + 10);
        return brighter;
    }

    private static readonly (string Name, Mirroring Mirroring, Func<Image, Image> Make)[] Copies =
    [
        ("jpeg", Mirroring.None, i => Recoded(i, 20)),
        ("smaller", Mirroring.None, i => i.Resize(i.Width / 3, i.Height / 3, Interpolation.Area)),
        ("square", Mirroring.None, i => i.Resize(224, 224, Interpolation.Area)),
        ("brighter", Mirroring.None, Brighter),
        ("cropped", Mirroring.None, i => Cropped(i, .04, .04, .04, .04)),
        ("cut", Mirroring.None, i => Cropped(i, .05, .05, 0, 0)),
        ("mirrored", Mirroring.LeftRight, i => i.FlipHorizontal()),
        ("overturned", Mirroring.UpDown, i => Recoded(i.FlipVertical(), 60)),
        ("turned", Mirroring.Both, i => i.FlipVertical().FlipHorizontal().Resize(300, 200, Interpolation.Area)),
    ];

    /// <summary>Plants the copies of every few pictures among all of them, and expects each found beside its original and nothing else.</summary>
    private static void FindsEveryPlantedCopy(Image[] pictures, int every, params (string, string)[] known)
    {
        var all = pictures.Select((picture, i) => (Id: $"{i:000}", Print: ImageFingerprint.Of(picture))).ToList();
        for (var i = 0; i < pictures.Length; i += every)
        {
            var (name, _, make) = Copies[i / every % Copies.Length];
            all.Add(($"{i:000} {name}", ImageFingerprint.Of(make(pictures[i]))));
        }
        var found = Duplicates.Of([.. all.Select(a => a.Id)], [.. all.Select(a => a.Print)], TestContext.Current.CancellationToken);
        Assert.Empty(found.Exact);
        var expected = all.Skip(pictures.Length).Select(copy => (copy.Id[..3], copy.Id, Copies.First(c => copy.Id.EndsWith(c.Name, StringComparison.Ordinal)).Mirroring));
        Assert.Equal(expected.Concat(known.Select(k => (k.Item1, k.Item2, Mirroring.None))).Order(), found.Near.Select(p => (p.First, p.Second, p.Mirroring)).Order());
    }

    [Fact]
    public void Find_CopiesAmongMadeUpRetinas_EachAndNoOther() => FindsEveryPlantedCopy(
        [.. Enumerable.Range(0, 72).Select(i => Fovea.Training.MadeUp.RetinaPainter.Paint((ulong)i, i % 5, 256).Image)], 4);

    // Without the five exact copies; 013 and 397 are one eye photographed twice, which their vessels show.
    [Fact]
    public void Find_CopiesAmongPhotographs_EachAndNoOther()
    {
        var dataset = DatasetReaders.Open(TestFolder.RealData("idrid/grading"));
        FindsEveryPlantedCopy([.. Enumerable.Range(100, 90).Select(i => dataset.Read(i).Pixels)], 5);
    }

    // Exact pairs as the data's README lists them, and the eye that was photographed twice.
    [Fact]
    public void Find_Idrid_TheKnownPairsAndNoOther()
    {
        var dataset = DatasetReaders.Open(TestFolder.RealData("idrid/grading"));
        var found = Duplicates.Find(dataset, null, TestContext.Current.CancellationToken);
        Assert.Equal([["IDRiD_021.jpg", "IDRiD_391.jpg"], ["IDRiD_028.jpg", "IDRiD_327.jpg"], ["IDRiD_045.jpg", "IDRiD_333.jpg"],
            ["IDRiD_073.jpg", "IDRiD_375.jpg"], ["IDRiD_079.jpg", "IDRiD_279.jpg"]], found.Exact);
        Assert.Equal([("IDRiD_013.jpg", "IDRiD_397.jpg", Mirroring.None)], found.Near.Select(p => (p.First, p.Second, p.Mirroring)));
        Assert.Empty(found.Unreadable);
    }

    [Fact]
    public void Find_KermanySamples_NoScanOfAnotherPatient()
    {
        var dataset = DatasetReaders.Open(TestFolder.RealData("kermany_samples"));
        var found = Duplicates.Find(dataset, null, TestContext.Current.CancellationToken);
        Assert.Empty(found.Exact);
        Assert.All(found.Near, p => Assert.Equal(dataset.Samples[dataset.Find(p.First)!.Value].Patient, dataset.Samples[dataset.Find(p.Second)!.Value].Patient));
    }
}
