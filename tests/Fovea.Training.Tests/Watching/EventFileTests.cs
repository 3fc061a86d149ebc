using System.Text;
using Fovea.Training.Training;
using Fovea.Training.Watching;

namespace Fovea.Training.Tests.Watching;

public sealed class EventFileTests
{
    [Fact]
    public void Masked_CastagnolisCheckValue_IsTurnedAndShifted()
    {
        // CRC-32C of "123456789" is E3069283 (RFC 3720's polynomial); turned right by 15 bits and a282ead8 added: c78ab0e5.
        Assert.Equal(0xc78ab0e5u, EventFile.Masked(Encoding.ASCII.GetBytes("123456789")));
    }

    [Fact]
    public void Write_ScalarAndImage_AreTheBytesOfThePublishedFormat()
    {
        using var folder = new TestFolder();
        var path = Path.Combine(folder.Path, "events.out.tfevents.1");
        static DateTimeOffset At(double seconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000));
        // Closed and opened again, as after each epoch.
        using (var file = new EventFile(path, At(1700000000.25))) file.Scalar("validation/loss", 300, 0.625, At(1700000001.5));
        using (var file = new EventFile(path)) file.Image("größe", 1, 300, 2, [.. Enumerable.Range(0, 200).Select(i => (byte)i)], At(1700000002));
        Assert.Equal(File.ReadAllBytes(TestFolder.Fixture("tensorboard.events")), File.ReadAllBytes(path));
    }

    [Fact]
    public void WriteHistory_InTheSameAndInANewProcess_HoldsEachEpochOnce()
    {
        using var folder = new TestFolder();
        EpochMetrics Epoch(int n) => new(n, 1.0 / n, 0.1, null, null, null, null, 2);
        string[] Files() => Directory.GetFiles(folder.Path, "events.out.tfevents.*");
        var run = new RunDirectory(folder.Path);
        run.WriteHistory([Epoch(1)]);
        run.WriteHistory([Epoch(1), Epoch(2)]);
        var once = new FileInfo(Assert.Single(Files())).Length;
        run.WriteHistory([Epoch(1), Epoch(2)]); // a staged run writes its own again
        Assert.Equal(once, new FileInfo(Assert.Single(Files())).Length);

        new RunDirectory(folder.Path).WriteHistory([Epoch(1), Epoch(2)]); // resumed
        Assert.Equal(once, new FileInfo(Assert.Single(Files())).Length);
    }
}
