using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Training.Data;
using Fovea.Training.Evaluation;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.Metrics;
using Fovea.Training.Tests.Training;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Evaluation;

/// <summary>The files of an evaluation, and the page as a browser sees it.</summary>
[Collection(TensorsAlone.Name)]
public sealed class ReportPageTests : IDisposable
{
    private const int Images = 500;
    private readonly TestFolder _folder = new();

    public void Dispose()
    {
        _model?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Write_FiveHundredImages_WholeReportOfLessThanTenMegabytesThatABrowserTakes()
    {
        var run = new RunDirectory(_folder["report"]);
        ReportFiles.Write(run, Input());

        var html = File.ReadAllText(run.ReportHtml);
        Assert.InRange(Encoding.UTF8.GetByteCount(html), 500_000, 10 << 20);
        foreach (var heading in (string[])["Scores", "Confusion matrices", "By row, %: recall", "By column, %: precision", "ROC: clinical decisions", "Reliability", "Referral", "Sets of grades", "Disease called healthy",
            "Labels to look at again", "Errors by eye", "A map of the images", "Where the network looked", "Limits of use", "Model card"]) Assert.Contains(heading, html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html.Replace("http-equiv", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;&amp;", html, StringComparison.Ordinal); // a hostile image name is text
        Assert.DoesNotContain("<b>&0", html, StringComparison.Ordinal);

        using var json = JsonDocument.Parse(File.ReadAllText(run.In("report.json")));
        Assert.Equal(Images, json.RootElement.GetProperty("images").GetArrayLength());
        Assert.Equal(json.RootElement.GetProperty("metrics").GetProperty("confusionMatrix")[1][0].GetInt32(),
            json.RootElement.GetProperty("errors").GetProperty("cells").EnumerateArray().Single(c => c.GetProperty("truth").GetInt32() == 1 && c.GetProperty("predicted").GetInt32() == 0).GetProperty("images").GetArrayLength());
        var submission = File.ReadAllLines(run.In("submission.csv"));
        Assert.Equal(("id_code,diagnosis", Images + 1), (submission[0], submission.Length));
        Assert.Equal(Images, Predictions.Read(run.PredictionsCsv).Count);
        Assert.StartsWith("%PDF-", Encoding.ASCII.GetString(File.ReadAllBytes(run.In("report.pdf"))), StringComparison.Ordinal);

        var compared = SystemComparison.Of([run.Path, run.PredictionsCsv], new MetricsOptions { Resamples = 50 }, cancel: TestContext.Current.CancellationToken);
        File.WriteAllText(_folder["compare.html"], ComparisonText.Page(compared));
        Browser.Check(run.ReportHtml, _folder["compare.html"]);
    }

    [Fact]
    public void Make_ScoresAlone_LeavesOutWhatIsMissing()
    {
        var predictions = new Predictions(2, ["a", "b"], [0, 1], [0, 0]);
        var metrics = MetricsReport.Compute(predictions, new MetricsOptions { Resamples = 0 }, TestContext.Current.CancellationToken);
        var html = RunReport.Make("t", "s", metrics, [], [], null);
        Assert.DoesNotContain("id=\"curves\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"errors\"", html, StringComparison.Ordinal);
        Assert.Contains("id=\"about\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public void MatrixTable_Shares_NamedByWhatTheyAre()
    {
        // True 0: 3 right, 1 wrong: recall 75 %. Predicted 0: 3 right, 2 wrong: precision 60 %.
        var html = MatrixTable.Draw([[3, 1], [2, 4]], ["no", "yes"]);
        var tables = html.Split("<table").Skip(1).ToArray();
        Assert.Contains("recall", tables[1], StringComparison.Ordinal);
        Assert.Contains(">75<", tables[1], StringComparison.Ordinal);
        Assert.Contains("precision", tables[2], StringComparison.Ordinal);
        Assert.Contains(">60<", tables[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, "0 %,20 %,40 %,60 %,80 %,100 %")]
    [InlineData(0.9, 0.95, "90 %,91 %,92 %,93 %,94 %,95 %")]
    public void PlotAxis_Ticks_AreRound(double low, double high, string expected) =>
        Assert.Equal(expected, string.Join(',', new PlotAxis("", low, high, Percent: true).Ticks(5).Select(t => t.Label)));

    /// <summary>Noise at the network's size is what JPEG compresses worst: real photographs make smaller pages.</summary>
    private ReportInput Input()
    {
        TorchRuntime.Seed(1);
        var head = new HeadSpec(HeadKind.Softmax, 5);
        var preprocessing = new PreprocessingSpec { Size = 64, Chain = "plain" };
        using (var network = ModelCatalog.Create("baseline_cnn", NetworkOptions.For(head, 64)))
        {
            ModelFile.Write(_folder["m.fovea"], new ModelCard
            {
                Task = "dr-grade", Architecture = "baseline_cnn", Preprocessing = preprocessing, Head = head, Classes = Dataset.GradeNames, Licence = "Apache-2.0",
                Decoding = new DecodingSpec { Conformal = new ConformalSpec(0.9, 0.85, true) }, Calibration = new CardCalibration("noise", 100, new Dictionary<string, double>(), new Dictionary<string, double>()),
            }, network.State());
        }
        var random = new SeededRandom(2);
        var data = new Dataset("noise", "made-up", Dataset.GradeNames, [.. Enumerable.Range(0, Images).Select(i => new Sample($"<b>&{i}.png", i % 7 % 5) { Eye = i % 2 == 0 ? "left" : "right", Origin = "noise", Patient = $"p{i / 2}" })], Noise);
        _model = GradingModel.Load(_folder["m.fovea"]);
        var evaluation = ModelEvaluation.Run(_model, data, [.. Enumerable.Range(0, Images)], cancel: TestContext.Current.CancellationToken);
        // A network of chance calls everything one grade; decisions like a trained one's fill every section.
        double[][] p = [.. evaluation.Predictions.Truth.Select(t =>
        {
            var z = Enumerable.Range(0, 5).Select(k => Math.Exp(-0.8 * Math.Abs(k - t) + 0.7 * random.NextNormal())).ToArray();
            return z.Select(v => v / z.Sum()).ToArray();
        })];
        var predictions = new Predictions(5, evaluation.Predictions.Images, evaluation.Predictions.Truth, [.. p.Select(row => row.ToList().IndexOf(row.Max()))], p, evaluation.Predictions.Groups) { ClassNames = data.ClassNames };
        evaluation = evaluation with { Predictions = predictions, Sets = [.. p.Select(row => (IReadOnlyList<int>)_model.Card.Decoding.Conformal!.SetOf(row))] };
        return new ReportInput
        {
            Title = "Evaluation of m.fovea", Subject = "noise", Metrics = MetricsReport.Compute(predictions, new MetricsOptions { Resamples = 200 }, TestContext.Current.CancellationToken), Predictions = predictions,
            Evaluation = evaluation, Pictures = new ReportPictures(_model, data), Examples = ReportExamples.Make(_model, data, predictions), Card = _model.Card, ModelName = "m.fovea",
            History = [.. Enumerable.Range(1, 12).Select(e => new EpochMetrics(e, 1.0 / e, 1e-3 / e, 1.1 / e, 1 - 0.8 / e, 1 - 0.9 / e, 1 - 0.5 / e, 1))], RecipeText = "{}", Environment = RunEnvironment.Current,
            Warning = "These are not retinas.", Next = "./fovea grade YOUR_PHOTO.jpg --model m.fovea",
        };
    }

    private GradingModel? _model;

    private static FundusImage Noise(int index)
    {
        var random = new SeededRandom((ulong)index);
        var image = new Image(64, 64, 3);
        for (var i = 0; i < image.Pixels.Length; i++) image.Pixels[i] = (byte)random.NextInt(256);
        return new FundusImage(image, $"{index}");
    }

    /// <summary>Chromium, driven by tests/report-page/check.mjs.</summary>
    private static class Browser
    {
        public static void Check(params string[] pages)
        {
            var folder = Path.GetFullPath(Path.Combine(TestFolder.Fixture(), "..", "..", "tests", "report-page"));
            var chromium = ((string[])["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]).FirstOrDefault(File.Exists);
            if (chromium is null || !Directory.Exists(Path.Combine(folder, "node_modules", "playwright-core")))
            {
                const string missing = "Chromium or the packages of tests/report-page are missing; eng/browser.sh installs them";
                Assert.True(Environment.GetEnvironmentVariable("FOVEA_REQUIRE_BROWSER") is null or "", missing);
                Assert.Skip(missing);
            }
            using var process = Process.Start(new ProcessStartInfo("node", ["check.mjs", chromium, Environment.GetEnvironmentVariable("FOVEA_SCREENSHOTS") is { Length: > 0 } shots ? shots : "-", .. pages])
            {
                WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"the browser did not end: {error.Result}");
            }
            Assert.True(process.ExitCode == 0, $"{output.Result}{error.Result}");
        }
    }
}
