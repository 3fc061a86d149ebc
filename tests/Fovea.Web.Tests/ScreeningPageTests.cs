using System.Diagnostics;
using System.Text.RegularExpressions;
using Fovea.Imaging;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests;

/// <summary>A day's work in the distribution's Chromium (tests/screening-page), on the real service in a process of its own: sign in, upload, grade, override, second reading, arbitration, boxes, report, dashboard.</summary>
public sealed partial class ScreeningPageTests : IDisposable
{
    private const string Password = "correct horse battery";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static readonly string Root = FindRoot();
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-page-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task DaysWork_FivePeopleInFiveBrowsers_NothingIsWrong()
    {
        var script = Path.Combine(Root, "tests", "screening-page");
        var chromium = ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]).FirstOrDefault(File.Exists);
        if (chromium is null || !Directory.Exists(Path.Combine(script, "node_modules", "playwright-core")) || !File.Exists(Path.Combine(Root, "src", "Fovea.Web", "wwwroot", "index.html")))
        {
            const string missing = "Chromium, the packages of tests/screening-page or the page are missing; eng/browser.sh and eng/page.sh make them";
            Assert.True(Environment.GetEnvironmentVariable("FOVEA_REQUIRE_BROWSER") is null or "", missing);
            Assert.Skip(missing);
        }

        Photographs();
        File.WriteAllText(In("password"), Password);
        var model = Environment.GetEnvironmentVariable("FOVEA_PAGE_MODEL") is { Length: > 0 } other ? other : TestModel.Write(_folder);
        using var service = Start(Path.Combine(AppContext.BaseDirectory, "Fovea.Web.dll"),
            "serve", "--data", In("data"), "--model", model, "--oct-model", TestModel.Write(_folder, "oct_cnn3", 32, "oct.fovea", ["CNV", "DME", "DRUSEN", "NORMAL"]), "--urls", "http://127.0.0.1:0", "--page", Path.Combine(Root, "src", "Fovea.Web", "wwwroot"), "--first-password-file", In("password"));
        try
        {
            var address = await AddressOf(service);
            var shots = Environment.GetEnvironmentVariable("FOVEA_SCREENSHOTS") is { Length: > 0 } wanted ? wanted : "-";
            using var day = Process.Start(new ProcessStartInfo("node", [Path.Combine(script, "day.mjs"), chromium, shots, address, Password, In("photographs"), Reporting.PdfFonts.ChineseFile ?? "-"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var (output, progress) = (day.StandardOutput.ReadToEndAsync(Cancel), day.StandardError.ReadToEndAsync(Cancel));
            if (!day.WaitForExit(TimeSpan.FromMinutes(4)))
            {
                day.Kill(entireProcessTree: true);
                Assert.Fail($"the browser did not end: {await progress}");
            }
            Assert.True(day.ExitCode == 0, $"{await output}{await progress}");
        }
        finally
        {
            service.Kill(entireProcessTree: true);
            service.WaitForExit();
        }
    }

    /// <summary>Both eyes of three made-up patients, one too dark, one no photograph; two of IDRiD where the real data is.</summary>
    private void Photographs()
    {
        var photographs = Directory.CreateDirectory(In("photographs")).FullName;
        using (var draw = Start(Path.Combine(Root, "src", "Fovea.Cli", "bin", "Release", "net10.0", "Fovea.Cli.dll"), "data", "draw", "--out", In("drawn"), "--count", "6", "--size", "448", "--jpeg", "--grades", "2,1,2,1,2"))
        {
            draw.WaitForExit();
            Assert.Equal(0, draw.ExitCode);
        }
        foreach (var (drawn, name) in (ReadOnlySpan<(string, string)>)[("P00002_R", "a_R"), ("P00002_L", "a_L"), ("P00001_R", "b_R"), ("P00001_L", "b_L"), ("P00000_R", "c_1"), ("P00000_L", "c_2")])
            File.Move(Path.Combine(In("drawn"), "images", $"{drawn}.jpg"), Path.Combine(photographs, $"{name}.jpg"));
        var good = ImageCodec.Decode(File.ReadAllBytes(Path.Combine(photographs, "b_L.jpg")), "b_L.jpg");
        File.WriteAllBytes(Path.Combine(photographs, "dark_L.jpg"), ImageCodec.Encode(Image.AddWeighted(good, 0.12, good, 0, 0), ImageFormat.Jpeg, 90));
        File.WriteAllText(Path.Combine(photographs, "notes.txt"), "The patient blinked.");
        File.WriteAllBytes(Path.Combine(photographs, "camera.dcm"), TestDicom.Write(good, "L"));
        File.WriteAllBytes(Path.Combine(photographs, "slide_R.tif"), ImageCodec.Encode(good, ImageFormat.Tiff));
        File.WriteAllBytes(Path.Combine(photographs, "scan_R.png"), ImageCodec.Encode(TestScan.Draw(1), ImageFormat.Png));
        var real = Path.Combine(Environment.GetEnvironmentVariable("FOVEA_DATA") is { Length: > 0 } data ? data : Path.Combine(Root, "..", "shared", "data"), "idrid", "grading", "images");
        if (!Directory.Exists(real)) return;
        File.Copy(Path.Combine(real, "IDRiD_001.jpg"), Path.Combine(photographs, "idrid_R.jpg"));
        File.Copy(Path.Combine(real, "IDRiD_002.jpg"), Path.Combine(photographs, "idrid_L.jpg"));
    }

    private string In(string name) => Path.Combine(_folder, name);

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = false })!;

    private static async Task<string> AddressOf(Process service)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await service.StandardOutput.ReadLineAsync(patience.Token) is { } line)
        {
            if (Address().Match(line) is { Success: true } found)
            {
                _ = service.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return found.Value;
            }
        }
        Assert.Fail("the service ended before it served");
        return "";
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Fovea.slnx"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException("Fovea.slnx lies in no folder above the tests.");
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:[1-9]\d+")]
    private static partial Regex Address();
}
