using System.Net;
using System.Text;
using Fovea.Calibration;
using Fovea.Web.Analysis;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests;

/// <summary>Reports, export, dashboard, settings, models: what comes out of graded examinations.</summary>
public sealed class ProgrammeTests(TestService service) : IClassFixture<TestService>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reports_OfAnExamination_SayResultAndThatItIsResearch()
    {
        var (examination, _) = await service.Administrator.GradedAsync(21, "eye_OS.jpg");
        using var html = await service.Administrator.SendAsync(HttpMethod.Get, $"/api/v1/examinations/{examination}/report.html");
        var text = await html.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("Research software, not a medical device", text);
        Assert.Contains("Left eye", text);
        Assert.Contains("data:image/jpeg;base64,", text);
        Assert.Contains("style-src 'nonce-", Assert.Single(html.Headers.GetValues("Content-Security-Policy")));
        using var chinese = await service.Administrator.SendAsync(HttpMethod.Get, $"/api/v1/examinations/{examination}/report.html?language=zh");
        Assert.Contains("研究软件，不是医疗器械", await chinese.Content.ReadAsStringAsync(Cancel));
        using var pdf = await service.Administrator.SendAsync(HttpMethod.Get, $"/api/v1/examinations/{examination}/report.pdf");
        Assert.Equal("application/pdf", pdf.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("%PDF-", Encoding.ASCII.GetString((await pdf.Content.ReadAsByteArrayAsync(Cancel))[..8]));
    }

    [Fact]
    public async Task Export_OfTheWorklist_HasOneLineAnImage()
    {
        var (_, image) = await service.Administrator.GradedAsync(22);
        using var csv = await service.Administrator.SendAsync(HttpMethod.Get, "/api/v1/export.csv");
        var lines = (await csv.Content.ReadAsStringAsync(Cancel)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("pseudonym,examination,", lines[0]);
        Assert.Single(lines, l => l.Contains(image, StringComparison.Ordinal));
        var json = await service.Administrator.GetAsync("/api/v1/export.json");
        Assert.Equal(lines.Length - 1, json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("@x", "'@x")]
    [InlineData("-1.5", "-1.5")]
    [InlineData("a,\"b\"", "\"a,\"\"b\"\"\"")]
    public void Cell_OfACsvFile_IsHarmlessInASpreadsheet(string text, string expected) => Assert.Equal(expected, Export.ExportEndpoints.Cell(text));

    [Fact]
    public void Kappa_OfAHandComputedTable_IsRight()
    {
        // Two grades: 4 and 4 agree, 1 and 1 differ. Observed disagreement 2, expected by chance 2·5·5/10 = 5: 1 − 2/5.
        Assert.Equal(0.6, CohenKappa.Of([4, 1, 1, 4], 2, KappaWeighting.Quadratic)!.Value, 12);
        Assert.Null(CohenKappa.Of([3, 0, 0, 0], 2, KappaWeighting.Quadratic));
        Assert.Null(CohenKappa.Of([0, 0, 0, 0], 2, KappaWeighting.Quadratic));
    }

    [Fact]
    public async Task Dashboard_AfterAGradedImageAndAReview_CountsBoth()
    {
        var (_, image) = await service.Administrator.GradedAsync(23);
        var before = await service.Administrator.GetAsync("/api/v1/dashboard");
        using var reader = await service.UserAsync("counted-reader", "grader");
        await reader.PostAsync($"/api/v1/images/{image}/reviews", new { decision = "agree" });
        var after = await service.Administrator.GetAsync("/api/v1/dashboard");
        Assert.Equal(before.GetProperty("agreement").GetProperty("images").GetInt32() + 1, after.GetProperty("agreement").GetProperty("images").GetInt32());
        Assert.Equal(before.GetProperty("agreement").GetProperty("agree").GetInt32() + 1, after.GetProperty("agreement").GetProperty("agree").GetInt32());
        Assert.True(after.GetProperty("images").GetInt32() >= 1);
        Assert.True(after.GetProperty("secondsToResult").GetProperty("median").GetDouble() > 0);
        Assert.Equal(after.GetProperty("grades").EnumerateArray().Sum(g => g.GetProperty("machine").GetInt32()) + after.GetProperty("ungradable").GetProperty("images").GetInt32(), after.GetProperty("images").GetInt32());
    }

    [Fact]
    public async Task Settings_Changed_RuleTheRecall()
    {
        var (examination, _) = await service.Administrator.GradedAsync(24);
        var settings = System.Text.Json.Nodes.JsonNode.Parse((await service.Administrator.GetAsync("/api/v1/settings")).GetRawText())!;
        settings["unsure"]!["text"]!["en"] = "Ask Dr. Example.";
        for (var grade = 0; grade < 5; grade++) settings["recall"]![grade]!["text"]!["en"] = "Ask Dr. Example.";
        await service.Administrator.PutAsync("/api/v1/settings", settings);
        Assert.Equal("Ask Dr. Example.", (await service.Administrator.GetAsync($"/api/v1/examinations/{examination}")).GetProperty("summary").GetProperty("recall").GetProperty("text").GetString());
        settings["secondReader"] = "sometimes";
        using var wrong = await service.Administrator.SendAsync(HttpMethod.Put, "/api/v1/settings", settings);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Theory]
    [InlineData("en", 12, "Screen again in 12 months.")]
    [InlineData("en", 1, "Screen again in 1 month.")]
    [InlineData("zh", 12, "12 个月后复查。")]
    public void Text_OfARule_FollowsItsMonths(string language, int months, string expected) =>
        Assert.Equal(expected, new Settings.LocalisedText("Screen again in {months}.", "{months}后复查。").In(language, months));

    [Fact]
    public async Task Settings_WithOtherMonths_ChangeWhatIsSaid()
    {
        var settings = Settings.ServiceSettings.Default;
        var later = settings with { Recall = [settings.Recall[0] with { Months = 24 }, .. settings.Recall.Skip(1)] };
        ImageFacts healthy = new() { Eye = "right", Outcome = "graded", Kind = "fundus", Grade = 0, ReferableFrom = 2, Unsure = 0 };
        Assert.Equal("No retinopathy seen. Screen again in 24 months.", Patients.SummaryAnswer.Of([healthy], later.Checked(), "en")!.Recall.Text);
        using var never = await service.Administrator.SendAsync(HttpMethod.Put, "/api/v1/settings", settings with { Recall = [settings.Recall[0] with { Months = 0 }, .. settings.Recall.Skip(1)] });
        Assert.Equal(HttpStatusCode.BadRequest, never.StatusCode);
    }

    [Theory]
    [InlineData("one two", "one |two")]
    [InlineData("转诊眼科医生。", "转|诊|眼|科|医|生。")]
    [InlineData("结果: grade 2，左眼", "结|果: |grade |2，|左|眼")]
    public void Words_OfALine_ArePartedWhereTheLanguageMay(string text, string expected) => Assert.Equal(expected, string.Join('|', Reports.PdfText.Words(text)));

    [Fact]
    public async Task Models_OfTheService_ShowTheCardAndItsChecks()
    {
        var model = (await service.Administrator.GetAsync("/api/v1/models")).GetProperty("items")[0];
        Assert.Equal("mobilenet_v2", model.GetProperty("architecture").GetString());
        Assert.Contains(model.GetProperty("checks").EnumerateArray(), c => c.GetProperty("code").GetString() == "self-test" && c.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Annotations_OfAnImage_ComeBackAndExportAsVoc()
    {
        var (_, image) = await service.Administrator.GradedAsync(25);
        var boxes = new[] { new { x = 10.0, y = 20.0, width = 5.0, height = 6.0, kind = "haemorrhage", note = "" } };
        await service.Administrator.PutAsync($"/api/v1/images/{image}/annotations", new { boxes });
        using var voc = await service.Administrator.SendAsync(HttpMethod.Get, $"/api/v1/images/{image}/annotations.xml");
        var xml = System.Xml.Linq.XDocument.Parse(await voc.Content.ReadAsStringAsync(Cancel));
        // VOC counts from 1: columns 10 … 14 of 0-based pixels are 11 … 15.
        Assert.Equal(["11", "21", "15", "26"], xml.Descendants("bndbox").Single().Elements().Select(e => e.Value));
        using var outside = await service.Administrator.SendAsync(HttpMethod.Put, $"/api/v1/images/{image}/annotations", new { boxes = new[] { new { x = 319.0, y = 0.0, width = 5.0, height = 5.0, kind = "other" } } });
        Assert.Equal(HttpStatusCode.BadRequest, outside.StatusCode);
    }

    [Fact]
    public async Task Deletion_OfAPatient_LeavesTheRecordAndNothingElse()
    {
        var pseudonym = $"GONE-{Guid.NewGuid():N}"[..20];
        var client = service.Administrator;
        var patient = (await client.PostAsync("/api/v1/patients", new { pseudonym })).GetProperty("id").GetString();
        var examination = (await client.PostAsync($"/api/v1/patients/{patient}/examinations", new { })).GetProperty("id").GetString()!;
        await TestClient.JsonAsync(client.UploadAsync(examination, ("gone_R.jpg", TestPhotographs.Jpeg(26))));
        await client.AnalysedAsync(examination);
        var image = (await client.GetAsync($"/api/v1/examinations/{examination}")).GetProperty("images")[0].GetProperty("id").GetString()!;
        using var deleted = await client.DeleteAsync($"/api/v1/patients/{patient}", "asked for by the patient");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var view = await client.SendAsync(HttpMethod.Get, $"/api/v1/images/{image}");
        Assert.Equal(HttpStatusCode.NotFound, view.StatusCode);
        Assert.Empty(Directory.EnumerateFiles(service.Data, $"*{image}*", SearchOption.AllDirectories));
        var audit = await client.GetAsync("/api/v1/audit?action=patient.delete");
        Assert.Contains(audit.GetProperty("items").EnumerateArray(), e => e.GetProperty("object").GetString() == $"patient:{patient}");
        // Neither database nor journal keep the pseudonym or the file's name.
        foreach (var file in Directory.EnumerateFiles(service.Data, "fovea.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, Cancel);
            Assert.True(bytes.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(pseudonym)) < 0, $"{Path.GetFileName(file)} keeps the pseudonym");
        }
        Assert.True((await client.GetAsync("/api/v1/audit/check")).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Idempotency_SameKey_GivesTheSameImages()
    {
        var client = service.Administrator;
        var examination = await client.ExaminationAsync();
        var path = $"/api/v1/examinations/{examination}/images";
        var bytes = TestPhotographs.Jpeg(27);
        var first = await TestClient.JsonAsync(client.SendAsync(HttpMethod.Post, path, TestClient.Files(("a.jpg", bytes)), ("Idempotency-Key", "k1")));
        using var again = await client.SendAsync(HttpMethod.Post, path, TestClient.Files(("a.jpg", bytes)), ("Idempotency-Key", "k1"));
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotency-Replayed")));
        Assert.Contains(first.GetProperty("images")[0].GetProperty("id").GetString()!, await again.Content.ReadAsStringAsync(Cancel));
        using var other = await client.SendAsync(HttpMethod.Post, path, TestClient.Files(("a.jpg", TestPhotographs.Jpeg(28))), ("Idempotency-Key", "k1"));
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
        using var duplicate = await client.UploadAsync(examination, ("a.jpg", bytes));
        Assert.Equal(HttpStatusCode.Conflict, duplicate.StatusCode);
    }
}
