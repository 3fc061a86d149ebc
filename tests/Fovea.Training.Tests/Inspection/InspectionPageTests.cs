using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Fovea.Imaging;
using Fovea.Training.Data;
using Fovea.Training.Inspection;
using Fovea.Training.MadeUp;
using Fovea.Training.Tests.Data;

namespace Fovea.Training.Tests.Inspection;

public sealed partial class InspectionPageTests
{
    private static readonly InspectionOptions WithPage = new() { Thumbnails = true, EmbedLimit = 100 };

    private static string Page(Dataset dataset, InspectionOptions? options = null)
    {
        var inspector = Inspector.Read(dataset, options ?? WithPage, null, TestContext.Current.CancellationToken);
        inspector.Embed(TestContext.Current.CancellationToken);
        return inspector.ToHtml();
    }

    [Fact]
    public void ToHtml_NamesFromStrangers_AreText()
    {
        using var folder = new TestFolder();
        var samples = new List<Sample>();
        for (var i = 0; i < 16; i++)
        {
            ImageFile.Write(folder[$"{i}.png"], Pictures.Noise((ulong)(i / 2)));
            samples.Add(new Sample($"{i}<script>alert(1)</script>\" onerror=alert(2) '", i % 2) { Path = folder[$"{i}.png"], Patient = $"<b>{i / 4}", Part = (SamplePart)(1 + i % 3) });
        }
        File.WriteAllText(folder["0.png"], "<img src=x onerror=alert(3)>");
        var page = Page(new Dataset(folder[""], "folders", ["<i>first</i>", "</script><script>alert(4)</script>"], samples));
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<i>first", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>0", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\" onerror", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ToHtml_OpensOffline_AndItsPolicyLetsOnlyItsOwnScriptRun()
    {
        using var folder = new TestFolder();
        MadeUpDataset.Write(folder["set"], new MadeUpDatasetSpec(16) { Size = 64, Seed = 1 }, cancellation: TestContext.Current.CancellationToken);
        var page = Page(DatasetReaders.Open(folder["set"]));
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
        var script = Assert.Single(Script().Matches(page)).Groups[1].Value;
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        Assert.Contains($"content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'\"", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(" on[a-z]+=", page);
        // Every link leads somewhere on the page.
        Assert.All(Link().Matches(page).Select(m => m.Groups[1].Value), id => Assert.Contains($"id=\"{id}\"", page, StringComparison.Ordinal));
        Assert.Equal(16, page.Split("<circle").Length - 1);
    }

    [Fact]
    public void ToHtml_ContradictingCopies_StandFirst()
    {
        using var folder = new TestFolder();
        ulong[] pictures = [1, 1, 2, 2, 3, 4];
        Sample[] samples = [.. pictures.Select((_, i) => new Sample($"image{i}", i is 2 or 5 ? 1 : 0) { Path = folder[$"{i}.png"] })];
        for (var i = 0; i < 6; i++) ImageFile.Write(folder[$"{i}.png"], Pictures.Noise(pictures[i]));
        var page = Page(new Dataset(folder[""], "folders", ["a", "b"], samples));
        var copies = page[page.IndexOf("id=\"copies\"", StringComparison.Ordinal)..page.IndexOf("id=\"quality\"", StringComparison.Ordinal)];
        Assert.True(copies.IndexOf("image2", StringComparison.Ordinal) < copies.IndexOf("image0", StringComparison.Ordinal));
        Assert.Equal(2, copies.Split("class=\"pair").Length - 2); // less "pairs" and what stands before it
        Assert.Contains("different classes, equal pixels", copies, StringComparison.Ordinal);
        Assert.Contains("at least 13 readable images are needed", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ToHtml_NoReadableImage_StillComesOut()
    {
        using var folder = new TestFolder();
        folder.Write("a.png", "no image");
        var page = Page(new Dataset(folder[""], "folders", ["a"], [new Sample("a.png", 0) { Path = folder["a.png"] }]));
        Assert.Contains("not an image (it is text)", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ToHtml_ManyImages_GalleriesSayWhatTheyLeaveOut()
    {
        using var folder = new TestFolder();
        for (var i = 0; i < 30; i++) ImageFile.Write(folder[$"{i}.png"], Pictures.Noise((ulong)i));
        var page = Page(new Dataset(folder[""], "folders", ["a"], [.. Enumerable.Range(0, 30).Select(i => new Sample($"{i}", 0) { Path = folder[$"{i}.png"] })]), WithPage with { EmbedLimit = 20 });
        Assert.Contains("16 more images are not shown", page, StringComparison.Ordinal);
        Assert.Contains("20 images of 30, chosen by chance", page, StringComparison.Ordinal);
    }

    [GeneratedRegex("<script>(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("href=\"#([^\"]+)\"")]
    private static partial Regex Link();
}
