namespace Fovea.Cli.Tests;

public sealed class ProgressLineTests
{
    [Fact]
    public void Report_WithoutATerminal_PrintsPlainLinesEveryTenSecondsAndOneAtTheEnd()
    {
        var clock = new SetClock();
        using var output = new StringWriter();
        using (var progress = new ProgressLine("Training", 100, "images", output, terminal: false, clock))
        {
            clock.Seconds = 1;
            progress.Report(5);
            clock.Seconds = 10;
            progress.Report(50, "loss 0.5"); // 50 images in 10 s: 5.0 a second, 50 left: 10 s
            clock.Seconds = 12;
            progress.Report(60);
            clock.Seconds = 20;
            progress.Report(100, "loss 0.4");
        }
        Assert.Equal(
            ["Training 50/100 images, 5.0 images/s, 0:10 left, loss 0.5", "Training 100/100 images, 5.0 images/s, took 0:20, loss 0.4"],
            output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Report_OnATerminal_RedrawsOneLineWithABar()
    {
        var clock = new SetClock();
        using var output = new StringWriter();
        using (var progress = new ProgressLine("Training", 4, "images", output, terminal: true, clock))
        {
            clock.Seconds = 1;
            progress.Report(2);
        }
        var text = output.ToString();
        Assert.Equal(1, text.Count(c => c == '\n'));
        Assert.Contains("\r\e[K", text);
        Assert.Contains("[############............] 2/4 images", text);
        Assert.Contains("0:01 left", text);
    }

    [Fact]
    public void Report_TotalUnknown_CountsOnly()
    {
        var clock = new SetClock();
        using var output = new StringWriter();
        using (var progress = new ProgressLine("Reading", 0, "files", output, terminal: false, clock))
        {
            clock.Seconds = 2;
            progress.Report(30);
        }
        Assert.Equal("Reading 30 files, 15 files/s, took 0:02\n", output.ToString());
    }

    private sealed class SetClock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
