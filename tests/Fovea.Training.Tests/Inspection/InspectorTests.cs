using Fovea.Imaging;
using Fovea.Quality;
using Fovea.Training.Data;
using Fovea.Training.Inspection;
using Fovea.Training.MadeUp;
using Fovea.Training.Tests.Data;

namespace Fovea.Training.Tests.Inspection;

public sealed class InspectorTests
{
    // Exact pairs as the data's README lists them; two of them have different grades.
    [Fact]
    public void Inspect_Idrid_FindsTheKnownPairsAndTheContradictions()
    {
        var found = Inspector.Inspect(DatasetReaders.Open(TestFolder.RealData("idrid/grading")), null, TestContext.Current.CancellationToken);
        Assert.Equal([["IDRiD_021.jpg", "IDRiD_391.jpg"], ["IDRiD_028.jpg", "IDRiD_327.jpg"], ["IDRiD_045.jpg", "IDRiD_333.jpg"],
            ["IDRiD_073.jpg", "IDRiD_375.jpg"], ["IDRiD_079.jpg", "IDRiD_279.jpg"]], found.ExactDuplicates.Select(c => c.Images));
        Assert.Equal([[1, 2], [4, 3]], found.ExactDuplicates.Where(c => c.Contradict).Select(c => c.Classes));
        Assert.Contains("IDRiD_021.jpg and IDRiD_391.jpg are the same picture with classes 1 and 2", found.Warnings);
        Assert.Contains("IDRiD_028.jpg and IDRiD_327.jpg are the same picture with classes 4 and 3", found.Warnings);
        // One eye, photographed twice.
        Assert.Equal(["IDRiD_013.jpg", "IDRiD_397.jpg"], Assert.Single(found.NearDuplicates).Images);
        Assert.Contains("IDRiD_013.jpg and IDRiD_397.jpg show the same eye with classes 3 and 2", found.Warnings);
        Assert.Equal([134, 20, 136, 74, 49], found.Classes.Select(c => c.Count));
        Assert.Empty(found.Unreadable);
        // All pictures have one size, so their geometry tells nothing; their frame cuts the disc off above and below.
        Assert.Null(found.Correlations.Single(c => c.Quantity == "width").Pearson);
        Assert.True(found.Framings.Single(f => f.Kind == "verticalCrop").Share > 0.95);
    }

    [Fact]
    public void Inspect_MadeUpFaults_AreCountedByPartAndClass()
    {
        using var folder = new TestFolder();
        MadeUpDataset.Write(folder["set"], new MadeUpDatasetSpec(24) { Size = 300, Seed = 5, FaultShare = 0.5 }, cancellation: TestContext.Current.CancellationToken);
        var found = Inspector.Inspect(DatasetReaders.Open(folder["set"]), null, TestContext.Current.CancellationToken);
        Assert.Equal(24, found.Framings.Sum(f => f.Images));
        Assert.InRange(found.Quality.Single(q => q.Kind == "gradable").Images, 8, 20);
        Assert.All(found.Quality, q => Assert.Equal(q.Images, q.Classes.Sum()));
        Assert.All(found.Quality, q => Assert.Equal(q.Images, q.Parts.Values.Sum()));
        Assert.False(found.IsOfOtherPictures);
    }

    [Fact]
    public void Assess_Framing_IsThatOfTheMadeUpRetina()
    {
        for (ulong seed = 0; seed < 6; seed++)
        {
            foreach (var framing in Enum.GetValues<Framing>())
            {
                var image = RetinaPainter.Paint(new MadeUpRetinaSpec(seed, (int)(seed % 5), 256) { Framing = framing }).Image;
                Assert.Equal(framing.ToString(), QualityAssessor.Assess(new(image, "made up")).Measures.Framing.ToString());
            }
        }
    }

    [Fact]
    public void Inspect_LeakingFilesOfTwoParts_IsSaid()
    {
        using var folder = new TestFolder();
        // The sicker, the wider, as in APTOS; the test part is smaller than the training part.
        var rows = new List<string> { "image,grade,part" };
        for (var i = 0; i < 40; i++)
        {
            var (grade, part) = (i % 5, i < 20 ? "training" : "test");
            var width = (part == "training" ? 120 : 60) + 8 * grade;
            Directory.CreateDirectory(folder["images"]);
            ImageFile.Write(folder[$"images/{i}.png"], Pictures.Noise((ulong)i, width, 40));
            rows.Add($"{i}.png,{grade},{part}");
        }
        folder.Write("labels.csv", string.Join('\n', rows));
        var dataset = new Dataset(folder.Path, DatasetReaders.Open($"csv:{folder.Path}").Kind, Dataset.GradeNames,
            [.. rows.Skip(1).Select(r => r.Split(',')).Select(r => new Sample(r[0], int.Parse(r[1])) { Path = folder[$"images/{r[0]}"], Part = SampleParts.Named(r[2])!.Value })]);
        var found = Inspector.Inspect(dataset, null, TestContext.Current.CancellationToken);
        var width0 = found.Quantities.Single(q => q.Quantity == "width");
        Assert.Equal(1, Assert.Single(width0.Differences).Distance);
        Assert.Equal(136, width0.Parts["training"].Median);
        Assert.Contains(found.Warnings, w => w.StartsWith("the width differs between training and test (medians 136 px and 76 px", StringComparison.Ordinal));
        Assert.Contains(found.Warnings, w => w.StartsWith("the width gives the class away", StringComparison.Ordinal));
        Assert.Null(found.Correlations.Single(c => c.Quantity == "height").Spearman);
    }

    [Fact]
    public void Inspect_DamagedFile_IsListedAndTheRestIsMeasured()
    {
        using var folder = new TestFolder();
        foreach (var (name, seed) in new[] { ("0/a.png", 1UL), ("0/b.png", 2UL), ("1/c.png", 3UL) }) Pictures.Write(folder, name, seed);
        File.WriteAllBytes(folder["1/d.png"], [1, 2, 3]);
        var found = Inspector.Inspect(DatasetReaders.Open($"folders:{folder.Path}"), null, TestContext.Current.CancellationToken);
        Assert.EndsWith("d.png", Assert.Single(found.Unreadable).Id, StringComparison.Ordinal);
        Assert.Equal(3, found.Quantities[0].All.Count);
        Assert.Equal(4, found.Images);
    }

    [Fact]
    public void Sample_OfAnyLimit_IsTheSameForTheSameSeedAndRising()
    {
        Assert.Equal([0, 1, 2], InspectionPass.Sample(3, 5, 1));
        var chosen = InspectionPass.Sample(1000, 50, 1);
        Assert.Equal(50, chosen.Distinct().Count());
        Assert.Equal(chosen.Order(), chosen);
        Assert.Equal(chosen, InspectionPass.Sample(1000, 50, 1));
        Assert.NotEqual(chosen, InspectionPass.Sample(1000, 50, 2));
        Assert.Empty(InspectionPass.Sample(10, 0, 1));
    }
}
