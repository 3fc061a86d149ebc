using System.Text.Json;
using Fovea.Imaging;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Tests.MadeUp;

public sealed class MadeUpDatasetTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-drawn-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Write_SmallSet_HoldsPicturesLabelsTruthAndMasks()
    {
        string folder = Path.Combine(root, "set");
        IReadOnlyList<MadeUpEntry> entries = MadeUpDataset.Write(folder, new MadeUpDatasetSpec(5) { Size = 64, Masks = true }, null, TestContext.Current.CancellationToken);
        Assert.Equal(5, entries.Count);
        string[] lines = File.ReadAllLines(Path.Combine(folder, "labels.csv"));
        Assert.Equal("image,grade,dme_risk,eye,patient,fault", lines[0]);
        Assert.Equal(6, lines.Length);
        for (int i = 0; i < entries.Count; i++)
        {
            string[] cells = lines[i + 1].Split(',');
            Assert.Equal([entries[i].Name + ".png", $"{entries[i].Retina.Grade}", cells[2], entries[i].Retina.Eye == Eye.Right ? "right" : "left", entries[i].Patient, "none"], cells);
            Image image = ImageFile.Read(Path.Combine(folder, "images", cells[0]));
            JsonElement truth = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "truth", entries[i].Name + ".json"))).RootElement;
            Assert.Equal(image.Width, truth.GetProperty("width").GetInt32());
            Assert.Equal(entries[i].Retina.Grade, truth.GetProperty("grade").GetInt32());
            int microaneurysms = truth.GetProperty("lesions").EnumerateArray().Count(lesion => lesion.GetProperty("kind").GetString() == "Microaneurysm");
            Image mask = ImageFile.Read(Path.Combine(folder, "masks", "MA", entries[i].Name + ".png"));
            Assert.Equal(microaneurysms > 0, mask.Pixels.Contains((byte)255));
            Assert.True(File.Exists(Path.Combine(folder, "masks", "OD", entries[i].Name + ".png")));
        }
        Assert.Single(Directory.GetFileSystemEntries(root)); // no partial folder left
    }

    [Fact]
    public void Write_FolderWithFiles_RefusesAndTouchesNothing()
    {
        File.WriteAllText(Path.Combine(root, "mine.txt"), "keep");
        var refused = Assert.Throws<IOException>(() => MadeUpDataset.Write(root, new MadeUpDatasetSpec(2) { Size = 32 }, null, TestContext.Current.CancellationToken));
        Assert.Contains(root, refused.Message);
        Assert.Equal("keep", File.ReadAllText(Path.Combine(root, "mine.txt")));
    }

    [Fact]
    public void Write_Cancelled_LeavesNothing()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => MadeUpDataset.Write(Path.Combine(root, "set"), new MadeUpDatasetSpec(4) { Size = 32 }, null, cancelled.Token));
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public void Plan_EvenShares_GradesAreRoughlyEven()
    {
        int[] counts = new int[5];
        foreach (MadeUpEntry entry in MadeUpDataset.Plan(new MadeUpDatasetSpec(2000))) counts[entry.Retina.Grade]++;
        Assert.All(counts, count => Assert.InRange(count, 360, 440));
    }

    [Fact]
    public void Plan_UnevenShares_AreKept()
    {
        int[] counts = new int[5];
        foreach (MadeUpEntry entry in MadeUpDataset.Plan(new MadeUpDatasetSpec(4000) { GradeShares = [6, 0, 3, 0, 1] })) counts[entry.Retina.Grade]++;
        Assert.Equal([2400, 0, 1200, 0, 400], counts); // the other eye cannot step over an empty grade, so it always has the same
    }

    [Fact]
    public void Plan_TwoEyesOfAPatient_ShareThePatientAndNotTheSide()
    {
        foreach (var eyes in MadeUpDataset.Plan(new MadeUpDatasetSpec(40)).GroupBy(entry => entry.Patient))
        {
            Assert.Equal(2, eyes.Select(entry => entry.Retina.Eye).Distinct().Count());
            Assert.Single(eyes.Select(entry => entry.Retina.PatientSeed).Distinct());
            Assert.True(eyes.Max(entry => entry.Retina.Grade) - eyes.Min(entry => entry.Retina.Grade) <= 1);
        }
    }

    [Fact]
    public void Plan_FaultShare_IsKept()
    {
        int faulty = MadeUpDataset.Plan(new MadeUpDatasetSpec(1000) { FaultShare = 0.3 }).Count(entry => entry.Retina.Fault != CameraFault.None);
        Assert.InRange(faulty, 250, 350); // 300 ± 3.5 standard deviations of 14.5
        Assert.DoesNotContain(MadeUpDataset.Plan(new MadeUpDatasetSpec(50)), entry => entry.Retina.Fault != CameraFault.None);
    }

    [Fact]
    public void Plan_BadSpec_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => MadeUpDataset.Plan(new MadeUpDatasetSpec(0)));
        Assert.Throws<ArgumentOutOfRangeException>(() => MadeUpDataset.Plan(new MadeUpDatasetSpec(1) { FaultShare = 1.1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => MadeUpDataset.Plan(new MadeUpDatasetSpec(1) { GradeShares = [0, 0, 0, 0, 0] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => MadeUpDataset.Plan(new MadeUpDatasetSpec(1) { GradeShares = [1, -1, 1, 1, 1] }));
    }
}
