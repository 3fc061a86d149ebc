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

    // Exact pairs as the data's README lists them. The most alike different photographs differ by 0.060, twice the threshold.
    [Fact]
    public void Find_Idrid_TheFiveKnownPairsAndNoOther()
    {
        var dataset = DatasetReaders.Open(TestFolder.RealData("idrid/grading"));
        var found = Duplicates.Find(dataset, null, TestContext.Current.CancellationToken);
        Assert.Equal([["IDRiD_021.jpg", "IDRiD_391.jpg"], ["IDRiD_028.jpg", "IDRiD_327.jpg"], ["IDRiD_045.jpg", "IDRiD_333.jpg"],
            ["IDRiD_073.jpg", "IDRiD_375.jpg"], ["IDRiD_079.jpg", "IDRiD_279.jpg"]], found.Exact);
        Assert.Empty(found.Near);
        Assert.Empty(found.Unreadable);
    }
}
