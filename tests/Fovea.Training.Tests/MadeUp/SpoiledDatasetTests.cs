using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Quality;
using Fovea.Training.Data;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Tests.MadeUp;

public sealed class SpoiledDatasetTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static readonly Image Retina = RetinaPainter.Paint(new MadeUpRetinaSpec(3, 1, 384)).Image;

    [Fact]
    public void Write_Retinas_GivesEachOnceGoodAndSpoiledAndKeepsItTogether()
    {
        MadeUpDataset.Write(_folder["drawn"], new MadeUpDatasetSpec(4) { Size = 128, Seed = 2 }, cancellation: TestContext.Current.CancellationToken);
        var counts = SpoiledDataset.Write(_folder["a"], DatasetReaders.Open($"madeup:{_folder["drawn"]}"), 3, 7, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((4, 16), (counts[0], counts.Sum()));
        var set = DatasetReaders.Open($"csv:{_folder["a"]}?classes={string.Join(',', SpoiledDataset.Classes)}");
        Assert.Equal(["good", "tooDark", "overexposed", "blurred", "fieldCutOff", "notAFundusPhotograph"], set.ClassNames);
        // Four pictures a photograph, of four classes; two eyes of a patient have one name.
        Assert.All(set.Samples.GroupBy(s => s.Id[..5]), g => Assert.Equal(4, g.Select(s => s.Label).Distinct().Count()));
        Assert.Equal(2, set.Samples.Select(s => s.Patient).Distinct().Count());
        SpoiledDataset.Write(_folder["b"], DatasetReaders.Open($"madeup:{_folder["drawn"]}"), 3, 7, cancellation: TestContext.Current.CancellationToken);
        Assert.All(Directory.GetFiles(_folder["a"], "*", SearchOption.AllDirectories), f => Assert.Equal(File.ReadAllBytes(f), File.ReadAllBytes(f.Replace(_folder["a"], _folder["b"], StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(PhotographFault.TooDark)]
    [InlineData(PhotographFault.Overexposed)]
    [InlineData(PhotographFault.Blurred)]
    [InlineData(PhotographFault.FieldCutOff)]
    [InlineData(PhotographFault.NotAFundusPhotograph)]
    public void Spoil_AnyFault_IsFarFromThePhotograph(PhotographFault fault)
    {
        for (ulong seed = 0; seed < 4; seed++)
        {
            var spoiled = PhotographFaults.Spoil(Retina, fault, new SeededRandom(seed));
            Assert.Equal((Retina.Width, Retina.Height), (spoiled.Width, spoiled.Height));
            Assert.True(spoiled.Pixels.Zip(Retina.Pixels, (a, b) => Math.Abs(a - b)).Average() > 3, $"seed {seed}");
        }
    }

    [Fact]
    public void Good_AnySeed_IsGradableByTheMeasures()
    {
        for (ulong seed = 0; seed < 8; seed++)
            Assert.True(QualityAssessor.Assess(new FundusImage(PhotographFaults.Good(Retina, new SeededRandom(seed)), "p")).Gradable, $"seed {seed}");
    }
}
