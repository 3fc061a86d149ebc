using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Fovea.Training.Data;
using Fovea.Training.Preparation;

namespace Fovea.Cli.Tests.Resume;

/// <summary>Preparations that are killed, or whose disk is full, through the real process.</summary>
public sealed partial class PrepareResumeTests
{
    [Fact]
    public void Prepare_KilledTwice_ResumesToTheSameBytes()
    {
        using var runs = new PreparationRuns(150, 96, 128);
        var (_, time) = runs.Finish("whole");
        // Any instant.
        Killed(runs, "any", () => runs.Kill("any", time * runs.Random.NextDouble()));
        // And one after rows have reached the disk, which must not be prepared again.
        string state;
        do
        {
            if (Directory.Exists(runs.At("middle"))) Directory.Delete(runs.At("middle"), recursive: true);
            state = runs.Kill("middle", TimeSpan.FromMilliseconds(runs.Random.Next(20)), () => runs.HasBegunJournal("middle"));
        }
        while (state == "ended before");
        runs.AssertNothingFalse("middle", "whole");
        var journalled = runs.Journalled("middle");
        Assert.InRange(journalled, 1, 149);
        Assert.Equal(journalled, Unchanged(runs.Finish("middle").Result));
        runs.AssertSame("middle", "whole");
    }

    [Fact]
    public void Prepare_KilledTwelveTimesAtRandom_EachResumeEndsInTheSameBytes()
    {
        Nightly();
        using var runs = new PreparationRuns(300, 128, 192);
        var (_, time) = runs.Finish("whole");
        // The images take the first half or less of the time, copies among them the rest: more kills early than late.
        for (var i = 0; i < 10; i++)
        {
            var name = $"run {i}";
            Killed(runs, name, () => runs.Kill(name, time * Math.Pow((i + runs.Random.NextDouble()) / 10, 2)));
        }
        // Instants that chance may miss: while the kept rows are copied together, between the files of the end, and before clearing up.
        foreach (var file in (string[])[".images.whole", "images.npy", "manifest.json"])
        {
            var name = $"at {file}";
            Killed(runs, name, () => runs.Kill(name, TimeSpan.Zero, () => File.Exists(runs.At($"{name}/{file}"))));
        }
        // One preparation that is killed ten times.
        for (var i = 0; i < 10; i++) Killed(runs, "unlucky", () => runs.Kill("unlucky", time * (0.05 + 0.3 * runs.Random.NextDouble())), resume: false);
        runs.Finish("unlucky");
        runs.AssertSame("unlucky", "whole");
    }

    [Fact]
    public void Prepare_UpdateKilled_ResumesToTheSameBytes()
    {
        Nightly();
        using var runs = new PreparationRuns(300, 128, 192);
        for (var i = 0; i < 8; i++) runs.Finish($"run {i}");
        // Another picture under an old name: the finished sets are out of date.
        File.Copy(runs.ImageAt(0), runs.ImageAt(7), overwrite: true);
        var (_, time) = runs.Finish("whole");
        for (var i = 0; i < 8; i++)
        {
            runs.Kill($"run {i}", time * (0.1 + 0.9 * (i + runs.Random.NextDouble()) / 8));
            // The old set stays until the new one takes its place: whoever opens it sees that the data has changed.
            if (!File.Exists(runs.At($"run {i}/manifest.json"))) runs.AssertNothingFalse($"run {i}", "whole");
            runs.Finish($"run {i}");
            runs.AssertSame($"run {i}", "whole");
        }
    }

    // Of 12 images of 32 pixels: 10 pages of 4096 bytes for the images, 13 for thumbnails, then journal and manifest, and the copy without the corrupt image.
    [Theory]
    [InlineData(4, "the images")]
    [InlineData(23, "the journal")]
    [InlineData(25, "what is written at the end")]
    public void Prepare_DiskFull_AnswersThreeInOneLineAndGoesOnWhenThereIsSpace(int pages, string noSpaceFor)
    {
        using var runs = new PreparationRuns(12, 48, 32);
        runs.Finish("whole");
        var rc = InFullDisk(runs, pages);
        if (rc == 77) Assert.Skip("this user may mount no tmpfs (unshare --mount)");
        Assert.True(rc == 0, File.ReadAllText(runs.At("shell.err")));
        Assert.True(File.ReadAllText(runs.At("code")).Trim() == "3", $"{noSpaceFor}: {File.ReadAllText(runs.At("err"))}");
        var line = Assert.Single(File.ReadAllLines(runs.At("err")), l => !l.StartsWith("Preparing", StringComparison.Ordinal));
        Assert.Contains("Check the disk, its free space", line, StringComparison.Ordinal);
        Assert.Empty(File.ReadAllText(runs.At("out")));
        Assert.Contains("no finished set", Assert.Throws<DatasetException>(() => PreparedArchive.Open(runs.At("left"))).Message, StringComparison.Ordinal);
        // The corrupt image's 3, with the set finished.
        Assert.Equal("3", File.ReadAllText(runs.At("code2")).Trim());
        runs.AssertFinished("again");
        runs.AssertSame("again", "whole");
    }

    /// <summary>Prepares on a tmpfs of so many pages, keeps what is left as "left", gives it space, prepares again and keeps that as "again". The mount is seen by this shell only and goes with it.</summary>
    private static int InFullDisk(PreparationRuns runs, int pages)
    {
        const string Script =
            """
            cd "$1"; shift
            mkdir full && mount -t tmpfs -o size=$(($PAGES * 4))k none full 2>mount.err || exit 77
            "$@" >out 2>err; echo $? >code
            cp -a full/set left || exit 1
            mount -o remount,size=16m full || exit 1
            "$@" >out2 2>err2; echo $? >code2
            cp -a full/set again
            """;
        var start = new ProcessStartInfo("unshare") { RedirectStandardError = true };
        string[] arguments = ["--mount", .. Environment.UserName == "root" ? (string[])[] : ["--map-root-user"], "sh", "-c", Script, "sh", runs.At(""),
            "dotnet", Path.Combine(AppContext.BaseDirectory, "Fovea.Cli.dll"), .. runs.Arguments("full/set")];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment["PAGES"] = pages.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        File.WriteAllText(runs.At("shell.err"), error);
        return error.Contains("unshare failed", StringComparison.Ordinal) ? 77 : process.ExitCode;
    }

    /// <summary>Kills until it was killed before its end, looks at what was left, and resumes.</summary>
    private static void Killed(PreparationRuns runs, string run, Func<string> kill, bool resume = true)
    {
        for (var attempt = 0; kill() == "ended before" && attempt < 20; attempt++) Directory.Delete(runs.At(run), recursive: true);
        runs.AssertNothingFalse(run, "whole");
        if (!resume) return;
        runs.Finish(run);
        runs.AssertSame(run, "whole");
        Directory.Delete(runs.At(run), recursive: true);
    }

    private static int Unchanged(FoveaResult result) => int.Parse(UnchangedCount().Match(result.Output).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) unchanged")]
    private static partial Regex UnchangedCount();

    private static void Nightly()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") != "1") Assert.Skip("takes minutes; eng/nightly.sh runs it (FOVEA_NIGHTLY=1)");
    }
}
